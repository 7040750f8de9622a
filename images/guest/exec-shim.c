// SPDX-License-Identifier: MIT
/*
 * Loaded before dropbear, the SSH server of the guest; every process and every line of code that it spares is felt in a
 * debug kernel under emulation.
 *
 * Commands are on a exec-shim: each becomes leader of a process group of its own, and its pid is the first line of its
 * output. The server runs as root and forwards no signals, so whoever started a command kills its group by that pid. An
 * interactive shell has none of this.
 *
 * At a serial port the server asks who is at either end of its standard input and gives up when that is no socket: both
 * ends of a serial port are called 0.0.0.0.
 *
 * What it does in vain is spared: it writes to a system log that nobody keeps, and for each command it mixes statistics
 * below /proc into its random numbers, beside what the kernel gives it for that purpose; and it looks for root's groups.
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
		setpgid(0, 0); /* a leader of its session is one of its group already */
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

/* What syslog() is called where the C library checks its arguments. */
void __syslog_chk(int priority, int flag, const char *format, ...)
{
	(void)priority;
	(void)flag;
	(void)format;
}

/* The guest has one user, who has one group. */
int initgroups(const char *user, gid_t group)
{
	(void)user;
	return setgroups(1, &group);
}

/* The C library looks for a name service's daemon before its first answer, and then not again: so in good time. */
__attribute__((constructor)) static void look_up_early(void)
{
	getpwnam("root");
}
