// SPDX-License-Identifier: MIT
/*
 * Loaded before an SSH server that asks who is at either end of its standard input and gives up when that is no socket:
 * both ends of a serial port are called 0.0.0.0.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int ask(long call, int fd, struct sockaddr *address, socklen_t *length)
{
	struct sockaddr_in nobody = { .sin_family = AF_INET };

	if (syscall(call, fd, address, length) == 0)
		return 0;
	if (errno != ENOTSOCK)
		return -1;
	memcpy(address, &nobody, *length < sizeof(nobody) ? *length : sizeof(nobody));
	*length = sizeof(nobody);
	return 0;
}

int getpeername(int fd, struct sockaddr *restrict address, socklen_t *restrict length)
{
	return ask(SYS_getpeername, fd, address, length);
}

int getsockname(int fd, struct sockaddr *restrict address, socklen_t *restrict length)
{
	return ask(SYS_getsockname, fd, address, length);
}
