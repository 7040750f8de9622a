// SPDX-License-Identifier: MIT
/*
 * Takes orders about the machine as a whole from a port, or from standard input, until that ends:
 *
 *   guest agent [PORT]
 *
 * Each order is a letter, and what belongs to it. It answers `e` when the kernel refused, and else:
 *
 *   r  revive: makes a machine that was frozen and thawed one of its own. 88 bytes follow: seconds and nanoseconds since
 *      1970 and whether there is a data disk, as three little-endian numbers of 64 bits, then 64 random bytes, which are mixed
 *      into the kernel's: these are otherwise the same in each machine thawed from the same file. A data disk is the disk
 *      /dev/vdc where it is another one than when the machine was frozen: what was read of that is forgotten, and it is
 *      mounted at /data in place of that. Beside this a shell does nothing: an emulator has forgotten its translations, too, and so has those for
 *      starting a program when the first command comes. Answer: `k`; the shell may end after it.
 *   l  log: the kernel's log. Answer: `k`, its length as a little-endian number of 64 bits, and the log.
 *   o  off: powers the machine off. Answer: `k`, and then the machine ends.
 *
 * A command over SSH would do each of these, too; it costs a debug kernel under emulation a channel and two programs.
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
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef RNDRESEEDCRNG
#define RNDRESEEDCRNG _IO('R', 0x07)
#endif

/* Actions of syslog(2), which the C library does not name. */
enum { LOG_READ_ALL = 3, LOG_SIZE = 10 };

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

	if (umount2("/data", 0) < 0 && errno != EINVAL) /* EINVAL: nothing is mounted there */
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

static int answer(int out, char word)
{
	return write_all(out, &word, 1);
}

static int tell_log(int out)
{
	int size = klogctl(LOG_SIZE, NULL, 0);
	char *log = size > 0 ? malloc(size) : NULL;
	int length = log ? klogctl(LOG_READ_ALL, log, size) : -1;
	uint64_t count = length;
	int told;

	if (length < 0)
		told = answer(out, 'e');
	else if ((told = answer(out, 'k')) == 0 && (told = write_all(out, &count, sizeof(count))) == 0)
		told = write_all(out, log, length);
	free(log);
	return told;
}

static int tell_revived(const struct order *order, int out, int random)
{
	pid_t shell = start_shell();
	int told = answer(out, revive(order, random) == 0 ? 'k' : 'e');

	if (shell > 0)
		waitpid(shell, NULL, 0);
	return told;
}

/* -1 when the port has failed, or when a machine that should be off is not. */
static int obey(char kind, int in, int out, int random)
{
	struct order order;

	switch (kind) {
	case 'r':
		if (read_all(in, &order, sizeof(order)) < 0)
			return -1;
		return tell_revived(&order, out, random);
	case 'l':
		return tell_log(out);
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
	/* Opened before the freeze, so that little is left to do after it. */
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
