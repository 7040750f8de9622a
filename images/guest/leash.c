// SPDX-License-Identifier: MIT
/*
 * The shell that an SSH server starts for each command: it makes the command leader of a process group of its own and
 * prints its pid first, on a line of its own.
 *
 *   leash -c COMMAND
 *   leash                 an interactive shell, without any of this
 *
 * An SSH server that runs as root forwards no signals, so whoever started the command kills its group by that pid. The
 * command takes this program's place: each process more costs a debug kernel under emulation some 70 ms.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SHELL "/bin/sh"

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "-c") == 0) {
		setpgid(0, 0); /* a leader of its session is one of its group already */
		dprintf(STDOUT_FILENO, "%d\n", (int)getpid());
		execl(SHELL, "sh", "-c", argv[2], (char *)NULL);
	} else if (argc == 1) {
		execl(SHELL, "-sh", (char *)NULL);
	} else {
		fprintf(stderr, "usage: leash [-c COMMAND]\n");
		return 2;
	}
	fprintf(stderr, "leash: %s: %s\n", SHELL, strerror(errno));
	return 127;
}
