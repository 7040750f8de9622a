// SPDX-License-Identifier: MIT
/*
 * Preloaded into dropbear, the guest's SSH server. In a debug kernel under emulation every process that it does not start,
 * and much that it does not do, is felt.
 *
 * Each command becomes the leader of its own process group, and its process id is the first line of its output: the
 * server runs as root and forwards no signals, so ktrial kills a command by its group. An interactive shell is left alone.
 *
 * At a serial port the server asks for the addresses of its standard input and output and gives up when that is no socket:
 * both ends of a serial port are called 0.0.0.0.
 *
 * Skips work that is useless here: messages to a system log that nobody keeps; statistics below /proc that the server mixes
 * into its random numbers for each command, beside those of the kernel; the search for root's groups.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <syslog.h>
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

int execv(const char *path, char *const argv[])
{
	if (argv[0] && argv[1] && strcmp(argv[1], "-c") == 0) {
		setpgid(0, 0); /* a session leader is a group leader already */
		dprintf(STDOUT_FILENO, "%d\n", (int)getpid());
	}
	return execve(path, argv, environ);
}

int open(const char *path, int flags, ...)
{
	mode_t mode = 0;

	if (strncmp(path, "/proc/", 6) == 0) {
		errno = ENOENT;
		return -1;
	}
	if (flags & (O_CREAT | O_TMPFILE)) {
		va_list rest;

		va_start(rest, flags);
		mode = va_arg(rest, mode_t);
		va_end(rest);
	}
	return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

/* syslog() of a program that was compiled with _FORTIFY_SOURCE. */
void __syslog_chk(int priority, int flag, const char *format, ...)
{
	(void)priority;
	(void)flag;
	(void)format;
}

/* The guest has one user in one group. */
int initgroups(const char *user, gid_t group)
{
	(void)user;
	return setgroups(1, &group);
}

/* The first look-up of a user tries to reach nscd, later ones do not: done before the first client comes. */
__attribute__((constructor)) static void look_up_early(void)
{
	getpwnam("root");
}
