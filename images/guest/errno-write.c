// SPDX-License-Identifier: MIT
/*
 * Writes values to a file, each with an open and a write of its own, and says what came of each:
 *
 *   errno=0 value=…                       written
 *   errno=ENODEV syscall=write value=…    refused, and by which system call
 *
 * A shell's echo only says "write error"; which errno a sysfs file answers with is often the very thing in question.
 *
 *   errno-write [-g FILE] PATH VALUE…
 *
 *   -g FILE  open PATH, say "opened", wait until FILE is there, and only then write the first value: for a write
 *            through a descriptor that is older than what happens in between.
 *
 * Exit code: 0 when every value was written, 1 when one was refused, 2 for bad usage.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
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

int main(int argc, char **argv)
{
	const char *gate = NULL;
	int failures = 0;
	int fd = -1;
	int option;

	while ((option = getopt(argc, argv, "+g:")) != -1) {
		if (option != 'g')
			return 2;
		gate = optarg;
	}
	if (argc - optind < 2) {
		fprintf(stderr, "usage: errno-write [-g FILE] PATH VALUE...\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);

	const char *path = argv[optind];

	if (gate != NULL) {
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			return refused("open", errno, argv[optind + 1]);
		printf("opened\n");
		while (access(gate, F_OK) != 0)
			usleep(20000);
	}
	for (int i = optind + 1; i < argc; i++) {
		if (fd < 0)
			fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0) {
			failures += refused("open", errno, argv[i]);
			continue;
		}
		failures += written(fd, argv[i]);
		close(fd);
		fd = -1;
	}
	return failures > 0 ? 1 : 0;
}
