// SPDX-License-Identifier: MIT
/*
 * Uses a mediated device as a VM would, without a VM: opens it through VFIO and keeps it open.
 *
 *   holder hold UUID SOCKET      open the device, then create SOCKET and take commands from it until closed or killed
 *   holder ask SOCKET COMMAND    send a command to the holder and print its answer
 *
 * Commands: read-id (PCI vendor and device from its configuration space), loopback (a byte through its first serial
 * port and back), reset, map (the first region, where the device lets it be mapped), touch (a byte through the mapping
 * and back), close-device (only the device; group, container and mapping stay), close (everything, then exit).
 * An answer is "ok …" or "error SYSCALL ERRNO"; `ask` exits with 0 or 1 accordingly, and with 2 without an answer.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct session {
	int container;
	int group;
	int device;
	uint64_t config_offset;
	uint64_t port_offset;
	volatile char *mapping;
	size_t mapping_size;
	char answer[160];
};

static int answer(struct session *s, int ok, const char *format, ...)
{
	va_list words;

	va_start(words, format);
	vsnprintf(s->answer, sizeof(s->answer), format, words);
	va_end(words);
	return ok;
}

static int failed(struct session *s, const char *what)
{
	return answer(s, 0, "error %s %s", what, strerrorname_np(errno));
}

static int open_group(struct session *s, const char *uuid)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	char path[300];
	char target[256];
	ssize_t length;

	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/iommu_group", uuid);
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return failed(s, "readlink");
	target[length] = '\0';

	const char *number = strrchr(target, '/');

	snprintf(path, sizeof(path), "/dev/vfio/%s", number ? number + 1 : target);
	s->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (s->container < 0)
		return failed(s, "open-container");
	s->group = open(path, O_RDWR | O_CLOEXEC);
	if (s->group < 0)
		return failed(s, "open-group");
	if (ioctl(s->container, VFIO_GET_API_VERSION) != VFIO_API_VERSION)
		return answer(s, 0, "error api-version %s", "EPROTO");
	if (ioctl(s->group, VFIO_GROUP_GET_STATUS, &status) < 0)
		return failed(s, "group-status");
	if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		return answer(s, 0, "error group-not-viable %s", "EBUSY");
	if (ioctl(s->group, VFIO_GROUP_SET_CONTAINER, &s->container) < 0)
		return failed(s, "set-container");
	if (ioctl(s->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) < 0)
		return failed(s, "set-iommu");
	return 1;
}

static int region_offset(struct session *s, unsigned int index, uint64_t *offset)
{
	struct vfio_region_info region = { .argsz = sizeof(region), .index = index };

	if (ioctl(s->device, VFIO_DEVICE_GET_REGION_INFO, &region) < 0)
		return failed(s, "region-info");
	*offset = region.offset;
	return 1;
}

static int open_device(struct session *s, const char *uuid)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };

	s->device = ioctl(s->group, VFIO_GROUP_GET_DEVICE_FD, uuid);
	if (s->device < 0)
		return failed(s, "get-device");
	/* mtty fills in what the interrupt calls need only when it is asked for this. */
	if (ioctl(s->device, VFIO_DEVICE_GET_INFO, &info) < 0)
		return failed(s, "device-info");
	return region_offset(s, VFIO_PCI_CONFIG_REGION_INDEX, &s->config_offset) &&
	       region_offset(s, VFIO_PCI_BAR0_REGION_INDEX, &s->port_offset);
}

static int read_id(struct session *s)
{
	uint32_t id = 0;
	ssize_t done = pread(s->device, &id, sizeof(id), (off_t)s->config_offset);

	if (done < 0)
		return failed(s, "pread");
	if (done != sizeof(id))
		return answer(s, 0, "error pread-short %s", "EIO");
	return answer(s, 1, "ok id=%08x", id);
}

static int loopback(struct session *s)
{
	char sent = 'Z';
	char came = 0;

	if (pwrite(s->device, &sent, 1, (off_t)s->port_offset) != 1)
		return failed(s, "pwrite");
	if (pread(s->device, &came, 1, (off_t)s->port_offset) != 1)
		return failed(s, "pread");
	if (came != sent)
		return answer(s, 0, "error loopback-0x%02x %s", (unsigned char)came, "EIO");
	return answer(s, 1, "ok loopback=%c", came);
}

static int map(struct session *s)
{
	struct vfio_region_info region = { .argsz = sizeof(region), .index = VFIO_PCI_BAR0_REGION_INDEX };
	void *place;

	if (ioctl(s->device, VFIO_DEVICE_GET_REGION_INFO, &region) < 0)
		return failed(s, "region-info");
	if (!(region.flags & VFIO_REGION_INFO_FLAG_MMAP))
		return answer(s, 0, "error not-mappable %s", "ENODEV");
	place = mmap(NULL, region.size, PROT_READ | PROT_WRITE, MAP_SHARED, s->device, (off_t)region.offset);
	if (place == MAP_FAILED)
		return failed(s, "mmap");
	s->mapping = place;
	s->mapping_size = region.size;
	return answer(s, 1, "ok mapped=%zu", s->mapping_size);
}

static int touch(struct session *s)
{
	char sent = 'M';

	if (s->mapping == NULL)
		return answer(s, 0, "error not-mapped %s", "EINVAL");
	s->mapping[s->mapping_size - 1] = sent;
	if (s->mapping[s->mapping_size - 1] != sent)
		return answer(s, 0, "error touch %s", "EIO");
	return answer(s, 1, "ok touched=%c", sent);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int obey(struct session *s, const char *command)
{
	if (strcmp(command, "read-id") == 0)
		return read_id(s);
	if (strcmp(command, "loopback") == 0)
		return loopback(s);
	if (strcmp(command, "reset") == 0)
		return ioctl(s->device, VFIO_DEVICE_RESET) < 0 ? failed(s, "reset") : answer(s, 1, "ok reset");
	if (strcmp(command, "map") == 0)
		return map(s);
	if (strcmp(command, "touch") == 0)
		return touch(s);
	if (strcmp(command, "close-device") == 0) {
		close_fd(&s->device);
		return answer(s, 1, "ok closed-device");
	}
	if (strcmp(command, "close") == 0) {
		if (s->mapping != NULL)
			munmap((void *)s->mapping, s->mapping_size);
		s->mapping = NULL;
		close_fd(&s->device);
		close_fd(&s->group);
		close_fd(&s->container);
		return answer(s, 1, "ok closed");
	}
	return answer(s, 0, "error command %s", "EINVAL");
}

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return address;
}

static size_t read_line(int fd, char *line, size_t size)
{
	size_t length = 0;

	while (length + 1 < size && read(fd, line + length, 1) == 1 && line[length] != '\n')
		length++;
	line[length] = '\0';
	return length;
}

static int hold(const char *uuid, const char *path)
{
	struct session s = { .container = -1, .group = -1, .device = -1 };
	struct sockaddr_un address = address_of(path);
	int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (!open_group(&s, uuid) || !open_device(&s, uuid)) {
		printf("%s\n", s.answer);
		return 1;
	}
	unlink(path);
	if (server < 0 || bind(server, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(server, 4) < 0) {
		printf("error socket %s\n", strerrorname_np(errno));
		return 2;
	}
	printf("open\n");
	for (;;) {
		char command[64];
		int peer = accept(server, NULL, NULL);

		if (peer < 0)
			continue;
		read_line(peer, command, sizeof(command));
		obey(&s, command);
		printf("%s: %s\n", command, s.answer);
		dprintf(peer, "%s\n", s.answer);
		close(peer);
		if (s.container < 0) {
			unlink(path);
			return 0;
		}
	}
}

static int ask(const char *path, const char *command)
{
	struct sockaddr_un address = address_of(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char line[160];

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		fprintf(stderr, "error connect %s\n", strerrorname_np(errno));
		return 2;
	}
	dprintf(fd, "%s\n", command);
	if (read_line(fd, line, sizeof(line)) == 0) {
		fprintf(stderr, "error no-answer EPIPE\n");
		return 2;
	}
	printf("%s\n", line);
	return strncmp(line, "ok", 2) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 4 && strcmp(argv[1], "hold") == 0)
		return hold(argv[2], argv[3]);
	if (argc == 4 && strcmp(argv[1], "ask") == 0)
		return ask(argv[2], argv[3]);
	fprintf(stderr, "usage: holder hold UUID SOCKET | holder ask SOCKET COMMAND\n");
	return 2;
}
