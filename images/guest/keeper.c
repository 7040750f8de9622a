// SPDX-License-Identifier: MIT
/*
 * Makes a machine that was frozen and thawed one of its own: sets the clock, and mixes fresh randomness into the
 * kernel's, which is otherwise the same in each machine thawed from the same file.
 *
 *   revive [PORT]
 *
 * Reads one order of 88 bytes from PORT, or from standard input: seconds and nanoseconds since 1970 and whether there is
 * a cargo, as three little-endian numbers of 64 bits, then 64 random bytes. A cargo is the disk /dev/vdc, which was
 * another one when the machine was frozen: what was read of that is forgotten, and it is mounted at /cargo.
 * Answers with one byte, `k`, or `e` when the kernel refused.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/random.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <time.h>
#include <unistd.h>

#ifndef RNDRESEEDCRNG
#define RNDRESEEDCRNG _IO('R', 0x07)
#endif

struct order {
	int64_t seconds;
	int64_t nanoseconds;
	int64_t cargo;
	unsigned char entropy[64];
};

/* As the kernel's struct rand_pool_info, whose last member has no size. */
struct pool {
	int entropy_count; /* in bits */
	int buf_size;      /* in bytes */
	unsigned char buf[64];
};

static int mount_cargo(void)
{
	int disk = open("/dev/vdc", O_RDONLY | O_CLOEXEC);

	if (disk < 0 || ioctl(disk, BLKFLSBUF, 0) < 0)
		return -1;
	close(disk);
	return mount("/dev/vdc", "/cargo", "squashfs", MS_RDONLY, NULL);
}

static int obey(const struct order *order, int random)
{
	struct pool pool = { .entropy_count = 8 * sizeof(pool.buf), .buf_size = sizeof(pool.buf) };
	struct timespec now = { .tv_sec = order->seconds, .tv_nsec = order->nanoseconds };

	memcpy(pool.buf, order->entropy, sizeof(pool.buf));
	if (ioctl(random, RNDADDENTROPY, &pool) < 0 || ioctl(random, RNDRESEEDCRNG, 0) < 0)
		return -1;
	return clock_settime(CLOCK_REALTIME, &now) < 0 || (order->cargo && mount_cargo() < 0) ? -1 : 0;
}

int main(int argc, char **argv)
{
	unsigned char bytes[sizeof(struct order)];
	struct order order;
	size_t have = 0;
	int in = 0, out = 1, random;
	char answer;

	if (argc == 2)
		in = out = open(argv[1], O_RDWR | O_CLOEXEC);
	/* Opened before the freeze, so that little is left to do after it. */
	random = open("/dev/urandom", O_RDWR | O_CLOEXEC);
	if (in < 0 || random < 0) {
		fprintf(stderr, "revive: %s\n", strerror(errno));
		return 1;
	}
	while (have < sizeof(bytes)) {
		ssize_t got = read(in, bytes + have, sizeof(bytes) - have);

		if (got > 0)
			have += got;
		else if (got == 0 || errno != EINTR)
			return 1;
	}
	memcpy(&order, bytes, sizeof(order));
	answer = obey(&order, random) == 0 ? 'k' : 'e';
	return write(out, &answer, 1) == 1 && answer == 'k' ? 0 : 1;
}
