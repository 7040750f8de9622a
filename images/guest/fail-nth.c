// SPDX-License-Identifier: MIT
/*
 * Performs one operation, in which the kernel lets the Nth allocation fail, and prints what came of it:
 *
 *   fired=1 errno=ENOMEM syscall=write   the Nth allocation was met and failed
 *   fired=0 errno=0                      there are fewer than N
 *   frame=FUNCTION [MODULE]              who asked for what failed, the innermost first; only where it fired
 *   missing=OPTION OPTION                the kernel was built without these
 *   called=0                             the program never made the system call
 *
 *   fail-nth N write FILE VALUE
 *   fail-nth N run SYSCALL PROGRAM ARG…
 *
 * `write` opens the file and writes the value. `run` executes a program without a shell (what fails is not inherited by
 * children) and counts allocations in its first call of SYSCALL only: neither in the loader nor in the rest of it.
 *
 * Exit code: 0 when the operation was performed, 2 for bad usage, 3 when it was not.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAILSLAB "/sys/kernel/debug/failslab/"
#define FRAMES_PRINTED 40

struct name {
	const char *name;
	long number;
};

static const struct name syscalls[] = {
	{ "openat", SYS_openat },
	{ "read", SYS_read },
	{ "write", SYS_write },
	{ "close", SYS_close },
	{ "ioctl", SYS_ioctl },
	{ "mmap", SYS_mmap },
	{ "mount", SYS_mount },
	{ "umount2", SYS_umount2 },
	{ "mkdirat", SYS_mkdirat },
	{ "unlinkat", SYS_unlinkat },
	{ "socket", SYS_socket },
	{ "bind", SYS_bind },
	{ "connect", SYS_connect },
	{ "sendto", SYS_sendto },
	{ "sendmsg", SYS_sendmsg },
	{ "setsockopt", SYS_setsockopt },
	{ "init_module", SYS_init_module },
	{ "finit_module", SYS_finit_module },
	{ "delete_module", SYS_delete_module },
	{ "unshare", SYS_unshare },
	{ "setns", SYS_setns },
	{ "bpf", SYS_bpf },
	{ "perf_event_open", SYS_perf_event_open },
#ifdef SYS_mkdir
	{ "mkdir", SYS_mkdir },
	{ "rmdir", SYS_rmdir },
	{ "unlink", SYS_unlink },
	{ "open", SYS_open },
#endif
};

/* Writes a text to a file; whether that worked. */
static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return done;
}

/* Neither this nor its counterpart allocates anything in the kernel: the operation alone is counted. */
static void arm(int fd, unsigned int n)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", n);

	if (pwrite(fd, text, length, 0) != length)
		perror("fail-nth");
}

/* How many allocations the next one that fails is away; 0 when it has failed. */
static unsigned int remaining(int fd)
{
	char text[16] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) < 0)
		return 0;
	return strtoul(text, NULL, 10);
}

static void report(int fired, int error, const char *syscall_name)
{
	const char *name = strerrorname_np(error);

	if (error == 0)
		printf("fired=%d errno=0\n", fired);
	else if (name != NULL)
		printf("fired=%d errno=%s syscall=%s\n", fired, name, syscall_name);
	else
		/* What only the kernel itself should see, such as 512 for ERESTARTSYS. */
		printf("fired=%d errno=E%d syscall=%s\n", fired, error, syscall_name);
}

static int perform_write(unsigned int n, int nth, const char *path, const char *value)
{
	const char *at = "open";
	int error = 0;
	int fd;

	arm(nth, n);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0) {
		error = errno;
	} else {
		at = "write";
		if (write(fd, value, strlen(value)) < 0)
			error = errno;
	}
	int fired = remaining(nth) == 0;

	arm(nth, 0);
	if (fd >= 0)
		close(fd);
	report(fired, error, at);
	return fired;
}

/* Lets the traced child run to its next stop that is none of its signals; -1 when it has ended. */
static int next_stop(pid_t child, int signal_number)
{
	for (;;) {
		int status;

		if (ptrace(PTRACE_SYSCALL, child, NULL, (long)signal_number) != 0 || waitpid(child, &status, 0) < 0)
			return -1;
		if (!WIFSTOPPED(status))
			return -1;
		if (WSTOPSIG(status) == (SIGTRAP | 0x80))
			return 0;
		signal_number = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
	}
}

/* Runs the child to the entry of its first call of that number; -1 when it ended without one. */
static int run_to(pid_t child, long number)
{
	struct __ptrace_syscall_info info;

	while (next_stop(child, 0) == 0) {
		if (ptrace(PTRACE_GET_SYSCALL_INFO, child, (void *)sizeof(info), &info) <= 0)
			return -1;
		if (info.op == PTRACE_SYSCALL_INFO_ENTRY && (long)info.entry.nr == number)
			return 0;
	}
	return -1;
}

static int perform_run(unsigned int n, const struct name *wanted, char **argv)
{
	struct __ptrace_syscall_info info;
	char path[64];
	int status;
	pid_t child = fork();

	if (child == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execvp(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return -1;
	if (!WIFSTOPPED(status))
		return -1;
	ptrace(PTRACE_SETOPTIONS, child, NULL, (long)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL));
	if (run_to(child, wanted->number) != 0) {
		printf("called=0\n");
		return -1;
	}
	snprintf(path, sizeof(path), "/proc/%d/task/%d/fail-nth", child, child);
	int nth = open(path, O_RDWR | O_CLOEXEC);

	if (nth < 0) {
		perror(path);
		return -1;
	}
	arm(nth, n);
	if (next_stop(child, 0) != 0 || ptrace(PTRACE_GET_SYSCALL_INFO, child, (void *)sizeof(info), &info) <= 0) {
		printf("returned=0\n");
		return -1;
	}
	int fired = remaining(nth) == 0;

	arm(nth, 0);
	close(nth);
	ptrace(PTRACE_DETACH, child, NULL, NULL);
	waitpid(child, &status, 0);
	report(fired, info.exit.is_error ? (int)-info.exit.rval : 0, wanted->name);
	return fired;
}

/* Prints the calls that led to the injected failure, which the kernel's log has. */
static void print_frames(int log)
{
	char record[8192];
	int found = 0;
	int printed = 0;
	ssize_t length;

	while (printed < FRAMES_PRINTED) {
		length = read(log, record, sizeof(record) - 1);
		if (length < 0 && errno == EPIPE)
			continue;
		if (length <= 0)
			return;
		record[length] = '\0';
		char *text = strchr(record, ';');

		if (text == NULL)
			continue;
		text++;
		text[strcspn(text, "\n")] = '\0';
		if (strstr(text, "FAULT_INJECTION: forcing a failure") != NULL) {
			if (found)
				return;
			found = 1;
			continue;
		}
		text += strspn(text, " ");
		char *offset = strstr(text, "+0x");

		if (!found || offset == NULL || strcspn(text, " ") < (size_t)(offset - text))
			continue;
		char *module = strstr(offset, " [");

		*offset = '\0';
		printf("frame=%s%.80s\n", text, module == NULL ? "" : module);
		printed++;
	}
}

int main(int argc, char **argv)
{
	const struct name *wanted = NULL;
	int is_write = argc == 5 && strcmp(argv[2], "write") == 0;
	int is_run = argc >= 5 && strcmp(argv[2], "run") == 0;
	unsigned int n = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;

	for (size_t i = 0; is_run && i < sizeof(syscalls) / sizeof(syscalls[0]); i++)
		if (strcmp(syscalls[i].name, argv[3]) == 0)
			wanted = &syscalls[i];
	if (n == 0 || (!is_write && wanted == NULL)) {
		fprintf(stderr, "usage: fail-nth N write FILE VALUE | fail-nth N run SYSCALL PROGRAM ARG...\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);

	int nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);

	if (nth < 0) {
		printf("missing=CONFIG_FAULT_INJECTION CONFIG_FAILSLAB CONFIG_FAULT_INJECTION_DEBUG_FS\n");
		return 3;
	}
	/* Otherwise only allocations that must not wait would fail. */
	if (!put(FAILSLAB "ignore-gfp-wait", "N")) {
		printf("missing=CONFIG_FAILSLAB CONFIG_FAULT_INJECTION_DEBUG_FS\n");
		return 3;
	}
	put(FAILSLAB "verbose", "2");

	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	lseek(log, 0, SEEK_END);

	int fired = is_write ? perform_write(n, nth, argv[3], argv[4]) : perform_run(n, wanted, argv + 4);

	if (fired == 1 && log >= 0)
		print_frames(log);
	return fired < 0 ? 3 : 0;
}
