// SPDX-License-Identifier: MIT
/*
 * Writes values to a file, each with its own open and write, and prints the result of each:
 *
 *   errno=0 value=…                       written
 *   errno=ENODEV syscall=write value=…    refused, and by which system call
 *
 * A shell's echo only says "write error"; which errno a sysfs file returns is often what is tested.
 *
 *   errno-write [-g FILE] PATH VALUE…
 *   errno-write [-g FILE] -u COUNT PATH
 *
 *   -g FILE  open PATH, print "opened", wait until FILE exists, and only then write the first value: to write through a
 *            descriptor that is older than what happens in between.
 *   -u COUNT write COUNT different UUIDs, the same ones each time. Stops at the first ENOENT of an open: PATH is gone.
 *
 * Exit code: 0 when every value was written, 1 when one was refused, 2 for bad usage.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int refused(const char *syscall_name, int error, const char *value)
{
	printf("errno=%s syscall=%s value=%s\n", strerrorname_np(error), syscall_name, value);
	return 1;
}

static int written(int fd, const char *value)
{
	size_t length = strlen(value);
	ssize_t done = write(fd, value, length);

	if (done < 0)
		return refused("write", errno, value);
	if ((size_t)done != length) {
		printf("errno=0 short=%zd value=%s\n", done, value);
		return 1;
	}
	printf("errno=0 value=%s\n", value);
	return 0;
}

/* The value at a place: one of the arguments, or the UUID of that number. */
static const char *value_at(char **values, int index)
{
	static char uuid[37];

	if (values != NULL)
		return values[index];
	snprintf(uuid, sizeof(uuid), "5d1c0a70-0000-4000-8000-%012x", index + 1);
	return uuid;
}

static int write_all(const char *path, const char *gate, char **values, int count)
{
	int failures = 0;
	int fd = -1;

	if (gate != NULL) {
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			return refused("open", errno, value_at(values, 0));
		printf("opened\n");
		while (access(gate, F_OK) != 0)
			usleep(20000);
	}
	for (int i = 0; i < count; i++) {
		const char *value = value_at(values, i);

		if (fd < 0)
			fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0) {
			int gone = errno == ENOENT;

			failures += refused("open", errno, value);
			if (gone && values == NULL)
				break;
			continue;
		}
		failures += written(fd, value);
		close(fd);
		fd = -1;
	}
	return failures;
}

int main(int argc, char **argv)
{
	const char *gate = NULL;
	int uuids = 0;
	int option;

	while ((option = getopt(argc, argv, "+g:u:")) != -1) {
		if (option == 'g')
			gate = optarg;
		else if (option == 'u')
			uuids = atoi(optarg);
		else
			return 2;
	}

	int values = argc - optind - 1;

	if ((uuids > 0) ? values != 0 : values < 1) {
		fprintf(stderr, "usage: errno-write [-g FILE] PATH VALUE... | errno-write [-g FILE] -u COUNT PATH\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (uuids > 0)
		return write_all(argv[optind], gate, NULL, uuids) > 0 ? 1 : 0;
	return write_all(argv[optind], gate, argv + optind + 1, values) > 0 ? 1 : 0;
}
