// SPDX-License-Identifier: MIT
/*
 * Takes orders about the whole machine from a port, or from standard input, until that ends:
 *
 *   guest-agent [PORT]
 *
 * An order is a letter and its arguments. The answer is `e` when the kernel refused, and else:
 *
 *   r  revive: turns a machine that was thawed from a file into one like no other. 88 bytes follow: seconds and nanoseconds
 *      since 1970 and whether to mount the data disk, as three little-endian numbers of 64 bits, then 64 bytes that are mixed
 *      into the kernel's random numbers, which are the same in each machine thawed from the file. To mount the data disk,
 *      /dev/vdc, what was cached of the former one is dropped, and the new one is mounted at /data in its place. Meanwhile
 *      a shell is started and reaped, to warm TCG's translation cache before the first command. Answer: `k`; the shell may
 *      end after it.
 *   l  log: the records of /dev/kmsg, with their sequence numbers. Answer: `k`, their length in bytes as a little-endian
 *      number of 64 bits, and the records.
 *   o  off: powers the machine off. Answer: `k`, and then the machine ends.
 *
 * A command over SSH could do each of these, but costs a debug kernel under emulation a channel and two programs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/random.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef RNDRESEEDCRNG
#define RNDRESEEDCRNG _IO('R', 0x07)
#endif

/* A record of /dev/kmsg has at most 8 KiB. A log that grows faster than it is read ends at the limit. */
enum { RECORD_SIZE = 8192, LOG_LIMIT = 64 << 20 };

struct order {
	int64_t seconds;
	int64_t nanoseconds;
	int64_t data_disk;
	unsigned char entropy[64];
};

/* As the kernel's struct rand_pool_info, whose last member has no size. */
struct pool {
	int entropy_count; /* in bits */
	int buf_size;      /* in bytes */
	unsigned char buf[64];
};

static int read_all(int fd, void *into, size_t size)
{
	size_t have = 0;

	while (have < size) {
		ssize_t got = read(fd, (char *)into + have, size - have);

		if (got > 0)
			have += got;
		else if (got == 0 || errno != EINTR)
			return -1;
	}
	return 0;
}

static int write_all(int fd, const void *from, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t put = write(fd, (const char *)from + done, size - done);

		if (put > 0)
			done += put;
		else if (put == 0 || errno != EINTR)
			return -1;
	}
	return 0;
}

static int mount_data_disk(void)
{
	int disk;

	if (umount2("/data", 0) < 0 && errno != EINVAL) /* EINVAL: nothing is mounted */
		return -1;
	disk = open("/dev/vdc", O_RDONLY | O_CLOEXEC);
	if (disk < 0 || ioctl(disk, BLKFLSBUF, 0) < 0)
		return -1;
	close(disk);
	return mount("/dev/vdc", "/data", "squashfs", MS_RDONLY, NULL);
}

static int revive(const struct order *order, int random)
{
	struct pool pool = { .entropy_count = 8 * sizeof(pool.buf), .buf_size = sizeof(pool.buf) };
	struct timespec now = { .tv_sec = order->seconds, .tv_nsec = order->nanoseconds };

	memcpy(pool.buf, order->entropy, sizeof(pool.buf));
	if (ioctl(random, RNDADDENTROPY, &pool) < 0 || ioctl(random, RNDRESEEDCRNG, 0) < 0)
		return -1;
	return clock_settime(CLOCK_REALTIME, &now) < 0 || (order->data_disk && mount_data_disk() < 0) ? -1 : 0;
}

static pid_t start_shell(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", "true", (char *)NULL);
		_exit(127);
	}
	return pid;
}

static int answer(int out, char letter)
{
	return write_all(out, &letter, 1);
}

/* Reads the kernel's log from its oldest record on. NULL when it cannot be read. */
static char *read_log(size_t *length)
{
	int kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	size_t size = 1 << 18;
	char *log = kmsg < 0 ? NULL : malloc(size);

	*length = 0;
	while (log && *length < LOG_LIMIT) {
		ssize_t got;

		if (size - *length < RECORD_SIZE) {
			char *larger = realloc(log, size *= 2);

			if (!larger)
				break;
			log = larger;
		}
		got = read(kmsg, log + *length, RECORD_SIZE);
		if (got > 0)
			*length += got;
		else if (got == 0 || (errno != EPIPE && errno != EINTR)) /* EPIPE: overwritten; the next read is beyond it */
			break;
	}
	if (kmsg >= 0)
		close(kmsg);
	return log;
}

static int send_log(int out)
{
	size_t length;
	char *log = read_log(&length);
	uint64_t count = length;
	int sent;

	if (!log)
		return answer(out, 'e');
	if ((sent = answer(out, 'k')) == 0 && (sent = write_all(out, &count, sizeof(count))) == 0)
		sent = write_all(out, log, length);
	free(log);
	return sent;
}

static int revive_and_answer(const struct order *order, int out, int random)
{
	pid_t shell = start_shell();
	int sent = answer(out, revive(order, random) == 0 ? 'k' : 'e');

	if (shell > 0)
		waitpid(shell, NULL, 0);
	return sent;
}

/* -1 when the port failed, or when the machine did not power off. */
static int obey(char kind, int in, int out, int random)
{
	struct order order;

	switch (kind) {
	case 'r':
		if (read_all(in, &order, sizeof(order)) < 0)
			return -1;
		return revive_and_answer(&order, out, random);
	case 'l':
		return send_log(out);
	case 'o':
		if (answer(out, 'k') < 0)
			return -1;
		sync();
		reboot(RB_POWER_OFF);
		return -1;
	default:
		return answer(out, 'e');
	}
}

int main(int argc, char **argv)
{
	int in = 0, out = 1, random;
	char kind;

	if (argc == 2)
		in = out = open(argv[1], O_RDWR | O_CLOEXEC);
	/* Opened now, before the freeze, to save time after it. */
	random = open("/dev/urandom", O_RDWR | O_CLOEXEC);
	if (in < 0 || random < 0) {
		fprintf(stderr, "guest-agent: %s\n", strerror(errno));
		return 1;
	}
	while (read_all(in, &kind, 1) == 0)
		if (obey(kind, in, out, random) < 0)
			return 1;
	return 0;
}
