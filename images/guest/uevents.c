// SPDX-License-Identifier: MIT
/*
 * Records the events that the kernel sends to user space about devices of a subsystem, until it is killed:
 *
 *   uevents SUBSYSTEM [NAME]
 *
 * It prints "listening", and then a line for each event: the action and the last part of the device's path, such as
 * "add 83b8f4f2-…". With NAME it also prints, after "NAME=", whether the device's directory has an entry of that name when
 * the event arrives: present or absent. An event that came faster than it could be read is a line "lost".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOM (16 * 1024 * 1024)

/* The value of a key in the texts of an event, or an empty one. */
static const char *value_of(const char *event, size_t length, const char *key)
{
	size_t size = strlen(key);

	for (const char *text = event; text < event + length; text += strlen(text) + 1)
		if (strncmp(text, key, size) == 0 && text[size] == '=')
			return text + size + 1;
	return "";
}

static void print_event(const char *event, size_t length, const char *name)
{
	const char *path = value_of(event, length, "DEVPATH");
	const char *last = strrchr(path, '/');

	printf("%s %s", value_of(event, length, "ACTION"), last == NULL ? path : last + 1);
	if (name != NULL) {
		char entry[4096];

		snprintf(entry, sizeof(entry), "/sys%s/%s", path, name);
		printf(" %s=%s", name, access(entry, F_OK) == 0 ? "present" : "absent");
	}
	printf("\n");
}

int main(int argc, char **argv)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int room = ROOM;
	int fd;

	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: uevents SUBSYSTEM [NAME]\n");
		return 2;
	}
	fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		fprintf(stderr, "uevents: %s\n", strerrorname_np(errno));
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("listening\n");
	for (;;) {
		char event[8192];
		ssize_t length = recv(fd, event, sizeof(event) - 1, 0);

		if (length < 0 && errno == ENOBUFS)
			printf("lost\n");
		if (length <= 0)
			continue;
		event[length] = '\0';
		if (strcmp(value_of(event, (size_t)length, "SUBSYSTEM"), argv[1]) == 0)
			print_event(event, (size_t)length, argc == 3 ? argv[2] : NULL);
	}
}
