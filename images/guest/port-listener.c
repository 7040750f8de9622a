// SPDX-License-Identifier: MIT
/*
 * Waits at a virtio serial port and starts a server for each client that opens the other end, one client after the other.
 *
 *   port-listener PORT SERVER [ARGUMENT]...
 *
 * The port is the server's standard input and output. When the server exits before its client has left, the port is closed
 * for a while. The host sees that, so that no client waits for a server that has died.
 *
 * A port whose other end is not open always reads as end of file and polls as hung up: a program that waits by read or poll
 * spins, and under emulation starves the guest. The driver sends SIGIO when the other end is opened or closed; this program
 * waits for that.
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

/* QEMU reports the opening and closing of a port at most once a second, and then the last change only. */
#define CLOSED_SECONDS 2

static int hung_up(int port)
{
	struct pollfd look = { .fd = port, .events = POLLIN };

	return poll(&look, 1, 0) > 0 && (look.revents & POLLHUP);
}

/* SIGIO is blocked: one that arrives between hung_up and sigwait is not lost. */
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
