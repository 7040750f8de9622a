// SPDX-License-Identifier: MIT
/*
 * Sends one command line of QEMU's human monitor to a VM inside the guest, over its QMP socket, and prints the answer.
 *
 *   qemu-monitor SOCKET ARGUMENT…
 *
 * Over QMP, because the human monitor itself echoes its input letter by letter, with escape codes.
 * Exit code: 0 answered, 1 refused by QEMU (its error goes to stderr), 2 no QEMU answered, or bad usage.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void print_quoted(FILE *to, const char *text)
{
	fputc('"', to);
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20)
			fprintf(to, "\\u%04x", c);
		else
			fprintf(to, c == '"' || c == '\\' ? "\\%c" : "%c", c);
	}
	fputc('"', to);
}

/* Prints the JSON string that begins after `from`'s opening quote. Beyond ASCII QEMU sends UTF-8, not \u. */
static void print_unquoted(FILE *to, const char *from)
{
	for (; *from != '\0' && *from != '"'; from++) {
		if (*from != '\\') {
			fputc(*from, to);
			continue;
		}
		from++;
		if (*from == '\0')
			return;
		if (*from == 'n')
			fputc('\n', to);
		else if (*from == 't')
			fputc('\t', to);
		else if (*from == 'u') {
			char digits[5] = { 0 };

			strncpy(digits, from + 1, 4);
			fputc((int)strtol(digits, NULL, 16), to);
			from += strlen(digits);
		} else if (*from != 'r')
			fputc(*from, to);
	}
}

/* The next line that is an answer and not an event. NULL when QEMU has exited. */
static char *next_answer(FILE *socket, char **line, size_t *size)
{
	while (getline(line, size, socket) > 0)
		if (strstr(*line, "\"event\"") == NULL)
			return *line;
	return NULL;
}

static int carry_out(FILE *socket, const char *command)
{
	char *line = NULL;
	size_t size = 0;
	const char *text;

	if (next_answer(socket, &line, &size) == NULL)
		return 2;
	fprintf(socket, "{\"execute\":\"qmp_capabilities\"}\n");
	fflush(socket);
	if (next_answer(socket, &line, &size) == NULL)
		return 2;
	fprintf(socket, "{\"execute\":\"human-monitor-command\",\"arguments\":{\"command-line\":");
	print_quoted(socket, command);
	fprintf(socket, "}}\n");
	fflush(socket);
	/* After `quit` there is nobody left to answer. */
	if (next_answer(socket, &line, &size) == NULL)
		return strcmp(command, "quit") == 0 ? 0 : 2;
	text = strstr(line, "\"return\": \"");
	if (text != NULL) {
		print_unquoted(stdout, text + strlen("\"return\": \""));
		return 0;
	}
	fputs(line, stderr);
	return 1;
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char command[1024] = "";
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (argc < 3) {
		fprintf(stderr, "usage: qemu-monitor SOCKET WORD...\n");
		return 2;
	}
	for (int i = 2; i < argc; i++) {
		size_t used = strlen(command);

		snprintf(command + used, sizeof(command) - used, "%s%s", i > 2 ? " " : "", argv[i]);
	}
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", argv[1]);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		fprintf(stderr, "%s: %s\n", argv[1], strerror(errno));
		return 2;
	}

	FILE *socket = fdopen(fd, "r+");

	if (socket == NULL)
		return 2;
	setvbuf(socket, NULL, _IONBF, 0);

	int result = carry_out(socket, command);

	if (result == 2)
		fprintf(stderr, "%s: QEMU closed the monitor\n", argv[1]);
	return result;
}
