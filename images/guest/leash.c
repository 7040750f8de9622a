// SPDX-License-Identifier: MIT
/*
 * Runs a shell command as leader of a process group of its own and prints its pid first, on a line of its own.
 *
 *   leash COMMAND
 *
 * An SSH server that runs as root forwards no signals, so whoever started the command kills its group by that pid.
 * Ends as the command did: with its exit code, or by the same signal.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int status;
	pid_t child;

	if (argc != 2) {
		fprintf(stderr, "usage: leash COMMAND\n");
		return 2;
	}
	child = fork();
	if (child < 0) {
		fprintf(stderr, "leash: fork: %s\n", strerror(errno));
		return 125;
	}
	if (child == 0) {
		setpgid(0, 0);
		printf("%d\n", (int)getpid());
		fflush(stdout);
		execl("/bin/sh", "sh", "-c", argv[1], (char *)NULL);
		fprintf(stderr, "leash: /bin/sh: %s\n", strerror(errno));
		_exit(127);
	}
	setpgid(child, child);
	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR) {
			fprintf(stderr, "leash: wait: %s\n", strerror(errno));
			return 125;
		}
	}
	if (WIFEXITED(status))
		return WEXITSTATUS(status);

	/* The same signal for us, without a second core dump. */
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	signal(WTERMSIG(status), SIG_DFL);
	raise(WTERMSIG(status));
	return 128 + WTERMSIG(status);
}
