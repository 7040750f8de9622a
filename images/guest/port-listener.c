// SPDX-License-Identifier: MIT
/*
 * Waits at a virtio serial port and lets a server serve whoever opens the other end, one visitor after the other.
 *
 *   port-listener PORT SERVER [ARGUMENT]...
 *
 * The server finds the port as its standard input and output. When it ends before its visitor has left, the port is
 * closed for a while, which the other end is told: nobody waits for a server that has died.
 *
 * A port that nobody has opened reads as ended and polls as hung up, at once and for ever: whoever waits by reading or
 * polling spins, and under emulation starves the guest. The driver sends SIGIO when the other end is opened or closed,
 * so that is what is waited for.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* QEMU tells of a port's opening and closing at most once a second, and then only the last. */
#define CLOSED_SECONDS 2

static int hung_up(int port)
{
	struct pollfd look = { .fd = port, .events = POLLIN };

	return poll(&look, 1, 0) > 0 && (look.revents & POLLHUP);
}

/* SIGIO is blocked: one that comes between the look and the wait is not lost. */
static void wait_until(int port, int closed, const sigset_t *sigio)
{
	int signal;

	fcntl(port, F_SETOWN, getpid());
	fcntl(port, F_SETFL, O_ASYNC);
	while (hung_up(port) != closed)
		sigwait(sigio, &signal);
	fcntl(port, F_SETFL, 0);
}

static void serve(int port, char **server, const sigset_t *signals)
{
	pid_t child = fork();

	if (child == 0) {
		sigprocmask(SIG_SETMASK, signals, NULL);
		dup2(port, 0);
		dup2(port, 1);
		execv(server[0], server);
		fprintf(stderr, "port-listener: %s: %s\n", server[0], strerror(errno));
		_exit(127);
	}
	if (child < 0)
		fprintf(stderr, "port-listener: fork: %s\n", strerror(errno));
	else
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			;
}

int main(int argc, char **argv)
{
	sigset_t sigio, before;

	if (argc < 3) {
		fprintf(stderr, "usage: port-listener PORT SERVER [ARGUMENT]...\n");
		return 2;
	}
	sigemptyset(&sigio);
	sigaddset(&sigio, SIGIO);
	sigprocmask(SIG_BLOCK, &sigio, &before);
	for (;;) {
		int port = open(argv[1], O_RDWR | O_CLOEXEC);

		if (port < 0) {
			fprintf(stderr, "port-listener: %s: %s\n", argv[1], strerror(errno));
			return 1;
		}
		do {
			wait_until(port, 0, &sigio);
			serve(port, argv + 2, &before);
		} while (hung_up(port));
		close(port);
		sleep(CLOSED_SECONDS);
	}
}
