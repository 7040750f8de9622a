// SPDX-License-Identifier: MIT
/*
 * Gives the machine something to do beside a test, until it gets SIGTERM, and then prints how much it did:
 *
 *   stress [-c PROCESSES] [-m MIB] [-i PROCESSES]
 *
 *   -c  processes that compute
 *   -m  one process that fills so much memory and gives it back, again and again
 *   -i  processes with a timer of 4000 interrupts a second, each on a CPU of its own as far as there are CPUs
 *
 *   cpu=1234 memory=56 interrupts=7890
 *
 * Prints "started" when all are at work. Exit code: 0 after SIGTERM, 1 when a process could not be started or died,
 * 2 for bad usage.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_PROCESSES 256
#define ROUNDS_OF_A_LOOP 100000
#define INTERRUPT_US 250

enum kind { CPU, MEMORY, INTERRUPTS, KINDS };

static const char *const names[KINDS] = { "cpu", "memory", "interrupts" };

/* One counter for each process, in a page of its own kind: shared with the parent. */
static volatile uint64_t *counts;

static volatile uint64_t *own;

static void count_interrupt(int signal_number)
{
	(void)signal_number;
	(*own)++;
}

static void compute(void)
{
	volatile uint32_t value = 1;

	for (;;) {
		for (int i = 0; i < ROUNDS_OF_A_LOOP; i++)
			value = value * 1664525u + 1013904223u;
		(*own)++;
	}
}

static void fill(size_t bytes)
{
	long page = sysconf(_SC_PAGESIZE);

	for (;;) {
		char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (memory == MAP_FAILED)
			_exit(1);
		for (size_t at = 0; at < bytes; at += page)
			memory[at] = 1;
		munmap(memory, bytes);
		(*own)++;
	}
}

static void interrupt(int index)
{
	const struct itimerval often = { { 0, INTERRUPT_US }, { 0, INTERRUPT_US } };
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(index % sysconf(_SC_NPROCESSORS_ONLN), &set);
	sched_setaffinity(0, sizeof(set), &set);
	signal(SIGALRM, count_interrupt);
	setitimer(ITIMER_REAL, &often, NULL);
	for (;;)
		pause();
}

/* Starts one process of a kind; it ends with its parent. */
static pid_t start(enum kind kind, int index, int slot, size_t bytes)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	/* A signal to the whole group is the parent's business. */
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	own = &counts[slot];
	if (kind == CPU)
		compute();
	else if (kind == MEMORY)
		fill(bytes);
	else
		interrupt(index);
	_exit(0);
}

int main(int argc, char **argv)
{
	int wanted[KINDS] = { 0, 0, 0 };
	enum kind kinds[MOST_PROCESSES];
	pid_t pids[MOST_PROCESSES];
	size_t bytes = 0;
	int started = 0;
	int failed = 0;
	int option;

	while ((option = getopt(argc, argv, "c:m:i:")) != -1) {
		if (option == 'c')
			wanted[CPU] = atoi(optarg);
		else if (option == 'm')
			bytes = (size_t)atoi(optarg) << 20;
		else if (option == 'i')
			wanted[INTERRUPTS] = atoi(optarg);
		else
			return 2;
	}
	wanted[MEMORY] = bytes > 0;
	if (wanted[CPU] + wanted[MEMORY] + wanted[INTERRUPTS] < 1 ||
	    wanted[CPU] + wanted[MEMORY] + wanted[INTERRUPTS] > MOST_PROCESSES) {
		fprintf(stderr, "usage: stress [-c PROCESSES] [-m MIB] [-i PROCESSES], at most %d\n", MOST_PROCESSES);
		return 2;
	}
	counts = mmap(NULL, MOST_PROCESSES * sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counts == MAP_FAILED) {
		perror("mmap");
		return 1;
	}

	sigset_t awaited;

	sigemptyset(&awaited);
	sigaddset(&awaited, SIGTERM);
	sigaddset(&awaited, SIGINT);
	sigaddset(&awaited, SIGCHLD);
	for (int kind = 0; kind < KINDS; kind++) {
		for (int i = 0; i < wanted[kind]; i++) {
			pid_t pid = start(kind, i, started, bytes);

			if (pid < 0) {
				perror("fork");
				failed = 1;
				break;
			}
			kinds[started] = kind;
			pids[started++] = pid;
		}
	}
	/* After the processes have started: theirs are not blocked. A child that died by then is still seen below. */
	sigprocmask(SIG_BLOCK, &awaited, NULL);
	if (!failed) {
		printf("started\n");
		fflush(stdout);
		for (;;) {
			const struct timespec look = { 1, 0 };
			int got = sigtimedwait(&awaited, NULL, &look);
			int status;

			if (got == SIGTERM || got == SIGINT)
				break;
			pid_t dead = waitpid(-1, &status, WNOHANG);

			if (dead > 0) {
				fprintf(stderr, "process %d died: status %d\n", dead, status);
				failed = 1;
				break;
			}
		}
	}
	uint64_t sums[KINDS] = { 0, 0, 0 };

	for (int i = 0; i < started; i++) {
		kill(pids[i], SIGKILL);
		sums[kinds[i]] += counts[i];
	}
	for (int kind = 0; kind < KINDS; kind++)
		if (wanted[kind] > 0)
			printf("%s=%llu ", names[kind], (unsigned long long)sums[kind]);
	printf("\n");
	while (waitpid(-1, NULL, 0) > 0)
		;
	return failed;
}
