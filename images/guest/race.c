// SPDX-License-Identifier: MIT
/*
 * Lets actors meet at a barrier and start at set distances from each other, round after round, and prints a line for each
 * round. What every round needs before and after is done here as well: no round waits for a command over SSH.
 *
 *   race [-n ROUNDS] [-t MS] [-T MS] [-o FROM:STEP:POINTS] [-j US] [-1] PART…
 *
 *   -n, -t   the last round: by number, by time.   -T  time for the actors of one round
 *   -o       starts of the others after the first actor's, in microseconds; one after the other, again and again
 *   -j       at random up to so many microseconds more or less; KTRIAL_SEED decides
 *   -1       the first hit is the last round. SIGTERM: so is the present one.
 *
 * PART, each with the number of arguments of its action:
 *   before WANTED ACTION COUNT ARGUMENT…     done before each round; another result than one of WANTED ends the race
 *   after WANTED ACTION COUNT ARGUMENT…      the same after it
 *   actor NAME CPU PRIORITY HIT ACTION COUNT ARGUMENT…
 * ACTION: command TEXT | write EARLY PATH UUIDS VALUE… | insmod PATH PARAMETERS | rmmod NAME
 *   EARLY 1: PATH is opened before the barrier. UUIDS: so many, others in each round, up to an ENOENT of open.
 * CPU: a number, + for the next one in turn, or - for any. PRIORITY: fifo:N, nice:N or -. WANTED, HIT: results with commas between; !… any other.
 * A result is success or an errno's name; of a command its exit code, or SIG and the signal's name.
 *
 * Output, times in nanoseconds:
 *   round NUMBER OFFSET_US SPREAD AT DURATION HIT [NAME RESULT:TIMES,… STARTED ENDED]…
 *   log RECORD        a record of the kernel's log from this round, of the level of a warning or worse
 *   end REASON [DETAIL…]
 * SPREAD is how much farther apart the actors started than they should have. STARTED and ENDED count from the first start
 * that was planned; AT from the race's beginning.
 *
 * Exit code: 0 at the end of the race, 2 for bad usage, 64 when a race is impossible here: standard error says why.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ACTORS 16
#define ACTIONS 64
#define RESULTS 12
#define RESULT_SIZE 24
#define IMPOSSIBLE 64
#define US 1000LL
#define MS (1000 * US)
/* Where actors share a CPU: from the last one's arrival to the first start. It grows while they are late. */
#define LEAD_LEAST (300 * US)
#define LEAD_MOST (20 * MS)
#define LATE (20 * US)
/*
 * Where each has its own: the last one calls the others until they answer at once, a few times in a row, and the first
 * start is this much later. A virtual CPU stands still for milliseconds while its host does something else, and two that
 * share a host's CPU are never on it together.
 */
#define AT_ONCE (15 * US)
#define CALLS 3
#define START_IN (15 * US)
#define READY_WITHIN (100 * MS)
#define FLUSH_EVERY (100 * MS)
#define LOG_OF_ROUND (16 * 1024)
#define LOG_OF_RACE (1024 * 1024)

struct action {
	const char *kind;
	int count;
	char **arguments;
	const char *wanted;
};

struct tally {
	char result[RESULT_SIZE];
	unsigned int times;
};

/* What an actor and the race tell each other. */
struct shared_actor {
	int64_t offset; /* of its planned start from the first one */
	int64_t started;
	int64_t ended;
	unsigned int kinds;
	struct tally tallies[RESULTS];
};

struct shared {
	_Atomic uint32_t round; /* the actors begin when it changes */
	_Atomic uint32_t arrived;
	_Atomic uint32_t open; /* all have arrived */
	_Atomic uint32_t done;
	_Atomic uint32_t done_mask;
	_Atomic int64_t start; /* 0 until it is known */
	int64_t lead;
	_Atomic uint32_t call;
	_Atomic uint32_t answers[ACTORS]; /* the last call that each has heard */
	struct shared_actor actors[ACTORS];
};

struct actor {
	const char *name;
	const char *cpu;
	const char *priority;
	const char *hit;
	struct action action;
	pid_t pid;
};

static struct shared *shared;
static struct actor actors[ACTORS];
static int actor_count;
static struct action before[ACTIONS], after[ACTIONS];
static int before_count, after_count;
static volatile sig_atomic_t stopped;
static size_t log_printed;
static int share_cpus;

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000 * MS + time.tv_nsec;
}

static void sleep_while(_Atomic uint32_t *word, uint32_t value, int64_t limit)
{
	struct timespec time = { limit / (1000 * MS), limit % (1000 * MS) };

	syscall(SYS_futex, word, FUTEX_WAIT, value, limit > 0 ? &time : NULL, NULL, 0);
}

static void wake_all(_Atomic uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, ACTORS + 1, NULL, NULL, 0);
}

static void count_result(struct shared_actor *own, const char *result)
{
	unsigned int i = 0;

	while (i < own->kinds && strcmp(own->tallies[i].result, result) != 0)
		i++;
	if (i == RESULTS)
		i--; /* more kinds of results than anybody looks at */
	else if (i == own->kinds) {
		snprintf(own->tallies[i].result, RESULT_SIZE, "%s", result);
		own->tallies[i].times = 0;
		own->kinds++;
	}
	own->tallies[i].times++;
}

static void count_errno(struct shared_actor *own, int error)
{
	const char *name = error == 0 ? "success" : strerrorname_np(error);
	char number[RESULT_SIZE];

	snprintf(number, sizeof(number), "errno%d", error);
	count_result(own, name ? name : number);
}

static void count_status(struct shared_actor *own, int status)
{
	char text[RESULT_SIZE];

	if (WIFSIGNALED(status))
		snprintf(text, sizeof(text), "SIG%s", sigabbrev_np(WTERMSIG(status)));
	else
		snprintf(text, sizeof(text), "%d", WEXITSTATUS(status));
	count_result(own, text);
}

static void run_command(struct shared_actor *own, char *text)
{
	char *const arguments[] = { "sh", "-c", text, NULL };
	pid_t child = vfork();
	int status;

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execv("/bin/sh", arguments);
		_exit(127);
	}
	if (child < 0)
		return count_errno(own, errno);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return count_errno(own, errno);
	count_status(own, status);
}

/* write EARLY PATH UUIDS VALUE…; `fd` is open where EARLY says so. */
static void write_values(struct shared_actor *own, const struct action *action, int fd)
{
	char **values = action->arguments + 3;
	int uuids = atoi(action->arguments[2]);
	int count = uuids > 0 ? uuids : action->count - 3;

	for (int i = 0; i < count; i++) {
		char uuid[40];
		const char *value = uuid;

		if (uuids > 0)
			snprintf(uuid, sizeof(uuid), "%08lx-0000-4000-8000-%012x", atol(getenv("ROUND")), i + 1);
		else
			value = values[i];
		if (fd < 0)
			fd = open(action->arguments[1], O_WRONLY | O_CLOEXEC);
		if (fd < 0) {
			int gone = errno == ENOENT;

			count_errno(own, errno);
			if (gone && uuids > 0)
				return;
			continue;
		}

		ssize_t done = write(fd, value, strlen(value));

		count_errno(own, done < 0 ? errno : (size_t)done == strlen(value) ? 0 : EIO);
		close(fd);
		fd = -1;
	}
}

static int is_early(const struct action *action)
{
	return strcmp(action->kind, "write") == 0 && action->arguments[0][0] == '1';
}

static void load_module(struct shared_actor *own, const char *path, const char *parameters)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || syscall(SYS_finit_module, fd, parameters, 0) != 0)
		count_errno(own, errno);
	else
		count_errno(own, 0);
	if (fd >= 0)
		close(fd);
}

static void act(struct shared_actor *own, const struct action *action, int fd)
{
	char **arguments = action->arguments;

	if (strcmp(action->kind, "command") == 0)
		run_command(own, arguments[0]);
	else if (strcmp(action->kind, "write") == 0)
		write_values(own, action, fd);
	else if (strcmp(action->kind, "insmod") == 0)
		load_module(own, arguments[0], arguments[1]);
	else
		count_errno(own, syscall(SYS_delete_module, arguments[0], O_NONBLOCK) == 0 ? 0 : errno);
}

static long cpu_of(const struct actor *actor)
{
	return actor->cpu[0] == '+' ? (actor - actors) % sysconf(_SC_NPROCESSORS_ONLN) : atoi(actor->cpu);
}

/* Whether two actors stay on the same CPU, or there are more of them than CPUs. */
static int do_share_cpus(void)
{
	for (int i = 0; i < actor_count; i++)
		for (int k = 0; k < i; k++)
			if (actors[i].cpu[0] != '-' && actors[k].cpu[0] != '-' && cpu_of(&actors[i]) == cpu_of(&actors[k]))
				return 1;
	return actor_count > sysconf(_SC_NPROCESSORS_ONLN);
}

static void set_up_actor(const struct actor *actor)
{
	struct sched_param fifo = { 0 };
	cpu_set_t cpus;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGTERM, SIG_DFL);
	mlockall(MCL_CURRENT | MCL_FUTURE);
	if (actor->cpu[0] != '-') {
		CPU_ZERO(&cpus);
		CPU_SET(cpu_of(actor), &cpus);
		sched_setaffinity(0, sizeof(cpus), &cpus);
	}
	if (strncmp(actor->priority, "fifo:", 5) == 0) {
		fifo.sched_priority = atoi(actor->priority + 5);
		sched_setscheduler(0, SCHED_FIFO, &fifo);
	} else if (strncmp(actor->priority, "nice:", 5) == 0)
		setpriority(PRIO_PROCESS, 0, atoi(actor->priority + 5));
}

static int have_answered(int index, uint32_t call)
{
	for (int i = 0; i < actor_count; i++)
		if (i != index && atomic_load(&shared->answers[i]) != call)
			return 0;
	return 1;
}

/* Waits until all run at the same moment, or long enough. */
static void await_all(int index)
{
	int64_t limit = now() + READY_WITHIN;
	int in_a_row = 0;

	while (in_a_row < CALLS) {
		uint32_t call = atomic_fetch_add(&shared->call, 1) + 1;
		int64_t begun = now(), time = begun;

		while (!have_answered(index, call) && time < limit)
			time = now();
		if (time >= limit)
			return;
		in_a_row = now() - begun <= AT_ONCE ? in_a_row + 1 : 0;
	}
}

/* All sleep until the last one arrives: one that spins could keep another from its CPU. That one says when the start is. */
static void pass_barrier(int index)
{
	int is_last = atomic_fetch_add(&shared->arrived, 1) + 1 == (uint32_t)actor_count;

	if (is_last) {
		if (share_cpus)
			atomic_store(&shared->start, now() + shared->lead);
		atomic_store(&shared->open, 1);
		wake_all(&shared->open);
		if (!share_cpus) {
			await_all(index);
			atomic_store(&shared->start, now() + START_IN);
		}
		return;
	}
	while (atomic_load(&shared->open) == 0)
		sleep_while(&shared->open, 0, 0);
	while (atomic_load(&shared->start) == 0)
		atomic_store(&shared->answers[index], atomic_load(&shared->call));
}

static void finish(int index)
{
	atomic_fetch_or(&shared->done_mask, 1u << index);
	atomic_fetch_add(&shared->done, 1);
	wake_all(&shared->done);
}

static void live_as_actor(int index, uint32_t round)
{
	const struct actor *actor = &actors[index];
	struct shared_actor *own = &shared->actors[index];

	set_up_actor(actor);
	for (;; round++) {
		char number[16];
		int64_t start;
		int fd = -1;

		while (atomic_load(&shared->round) == round)
			sleep_while(&shared->round, round, 0);
		snprintf(number, sizeof(number), "%u", round + 1);
		setenv("ROUND", number, 1);
		if (is_early(&actor->action))
			fd = open(actor->action.arguments[1], O_WRONLY | O_CLOEXEC);
		pass_barrier(index);
		start = atomic_load(&shared->start) + own->offset;
		while (now() < start)
			;
		own->started = now();
		act(own, &actor->action, fd);
		own->ended = now();
		finish(index);
	}
}

static void start_actor(int index)
{
	uint32_t round = atomic_load(&shared->round);
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0)
		live_as_actor(index, round);
	if (child < 0) {
		fprintf(stderr, "race: fork: %s\n", strerror(errno));
		exit(IMPOSSIBLE);
	}
	actors[index].pid = child;
}

/* An actor that the kernel killed has not said that it is done, and may have kept the others at the barrier. */
static void bury(int index, int status)
{
	struct shared_actor *own = &shared->actors[index];

	actors[index].pid = 0;
	if (atomic_load(&shared->done_mask) & (1u << index))
		return;
	if (own->started == 0)
		own->started = now();
	own->ended = now();
	count_status(own, status);
	if (atomic_load(&shared->start) == 0)
		atomic_store(&shared->start, now());
	atomic_store(&shared->open, 1);
	wake_all(&shared->open);
	finish(index);
}

static void bury_dead(void)
{
	for (int i = 0; i < actor_count; i++) {
		int status;

		if (actors[i].pid > 0 && waitpid(actors[i].pid, &status, WNOHANG) == actors[i].pid)
			bury(i, status);
	}
}

/* False when they took longer than they may: then they are killed, and what cannot be killed stays. */
static int await_actors(int64_t limit)
{
	int64_t end = now() + limit;
	uint32_t done;

	while ((done = atomic_load(&shared->done)) < (uint32_t)actor_count) {
		if (now() >= end)
			break;
		sleep_while(&shared->done, done, 20 * MS);
		bury_dead();
	}
	if (done >= (uint32_t)actor_count)
		return 1;
	for (int i = 0; i < actor_count; i++)
		if (!(atomic_load(&shared->done_mask) & (1u << i))) {
			kill(-actors[i].pid, SIGKILL);
			shared->actors[i].ended = now();
			count_result(&shared->actors[i], "timeout");
		}
	return 0;
}

/* Whether a result is in a list: A,B or, any other than these, !A,B. */
static int is_listed(const char *list, const char *result)
{
	int other = list[0] == '!';
	size_t length = strlen(result);

	for (const char *one = list + other; one != NULL && *one != '\0'; one = strchr(one, ',')) {
		one += *one == ',';
		if (strncmp(one, result, length) == 0 && (one[length] == ',' || one[length] == '\0'))
			return !other;
	}
	return other;
}

static int is_hit(void)
{
	for (int i = 0; i < actor_count; i++)
		for (unsigned int k = 0; k < shared->actors[i].kinds; k++)
			if (is_listed(actors[i].hit, shared->actors[i].tallies[k].result))
				return 1;
	return 0;
}

static int64_t find_spread(void)
{
	int64_t earliest = INT64_MAX, latest = INT64_MIN;

	for (int i = 0; i < actor_count; i++) {
		int64_t late = shared->actors[i].started - shared->start - shared->actors[i].offset;

		earliest = late < earliest ? late : earliest;
		latest = late > latest ? late : latest;
	}
	if (latest > LATE && shared->lead < LEAD_MOST)
		shared->lead *= 2;
	else if (latest <= LATE && shared->lead > LEAD_LEAST)
		shared->lead -= shared->lead / 16;
	return latest - earliest;
}

static void print_round(uint32_t round, int64_t offset, int64_t begun, int64_t at)
{
	printf("round %u %lld %lld %lld %lld %d", round, (long long)(offset / US), (long long)find_spread(),
	       (long long)at, (long long)(now() - begun), is_hit());
	for (int i = 0; i < actor_count; i++) {
		struct shared_actor *one = &shared->actors[i];

		printf(" %s ", actors[i].name);
		for (unsigned int k = 0; k < one->kinds; k++)
			printf("%s%s:%u", k ? "," : "", one->tallies[k].result, one->tallies[k].times);
		printf(" %lld %lld", (long long)(one->started - shared->start), (long long)(one->ended - shared->start));
	}
	printf("\n");
}

/* Levels up to that of a warning. A record's text ends at its first line feed; its dictionary follows. */
static void print_log(int kmsg)
{
	size_t printed = 0;
	char record[8192];
	ssize_t length;

	while ((length = read(kmsg, record, sizeof(record) - 1)) > 0 || (length < 0 && errno == EPIPE)) {
		if (length < 0)
			continue; /* overwritten: the next read is beyond it */
		record[length] = '\0';
		record[strcspn(record, "\n")] = '\0';
		if ((atoi(record) & 7) > 4 || printed > LOG_OF_ROUND || log_printed > LOG_OF_RACE)
			continue;
		printed += printf("log %s\n", record);
	}
	log_printed += printed;
}

/* Null when each came to a result that it may have; else the first one's that did not. */
static const char *perform_list(struct action *list, int count, int *index)
{
	static struct shared_actor own;

	for (*index = 0; *index < count; (*index)++) {
		own.kinds = 0;
		act(&own, &list[*index], -1);
		for (unsigned int k = 0; k < own.kinds; k++)
			if (!is_listed(list[*index].wanted, own.tallies[k].result))
				return own.tallies[k].result;
	}
	return NULL;
}

static void set_up_round(int64_t offset)
{
	atomic_store(&shared->arrived, 0);
	atomic_store(&shared->open, 0);
	atomic_store(&shared->start, 0);
	atomic_store(&shared->done, 0);
	atomic_store(&shared->done_mask, 0);
	for (int i = 0; i < actor_count; i++) {
		struct shared_actor *one = &shared->actors[i];

		one->kinds = 0;
		one->started = one->ended = 0;
		/* The first start is at 0, whoever's it is. */
		one->offset = i == 0 ? (offset < 0 ? -offset : 0) : (offset > 0 ? offset : 0);
		if (actors[i].pid == 0)
			start_actor(i);
	}
}

static uint64_t draw(uint64_t *state)
{
	/* splitmix64, by Sebastiano Vigna, in the public domain */
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static void on_term(int signal)
{
	(void)signal;
	stopped = 1;
}

static int refuse(const char *why)
{
	fprintf(stderr, "race: %s\n", why);
	return IMPOSSIBLE;
}

/* Reads ACTION COUNT ARGUMENT…; returns the place after it, or NULL. */
static char **read_action(char **at, char **end, struct action *action)
{
	if (end - at < 2)
		return NULL;
	action->kind = at[0];
	action->count = atoi(at[1]);
	action->arguments = at + 2;
	if (action->count < 1 || action->count > end - action->arguments)
		return NULL;

	int least = strcmp(action->kind, "command") == 0 || strcmp(action->kind, "rmmod") == 0 ? 1 :
		    strcmp(action->kind, "insmod") == 0 ? 2 :
		    strcmp(action->kind, "write") == 0 ? 3 : INT32_MAX;

	return action->count < least ? NULL : action->arguments + action->count;
}

static int read_parts(char **at, char **end)
{
	while (at != NULL && at < end) {
		if (strcmp(at[0], "actor") == 0 && end - at > 5 && actor_count < ACTORS) {
			struct actor *actor = &actors[actor_count++];

			actor->name = at[1];
			actor->cpu = at[2];
			actor->priority = at[3];
			actor->hit = at[4];
			at = read_action(at + 5, end, &actor->action);
		} else if (strcmp(at[0], "before") == 0 && end - at > 2 && before_count < ACTIONS) {
			before[before_count].wanted = at[1];
			at = read_action(at + 2, end, &before[before_count++]);
		} else if (strcmp(at[0], "after") == 0 && end - at > 2 && after_count < ACTIONS) {
			after[after_count].wanted = at[1];
			at = read_action(at + 2, end, &after[after_count++]);
		} else
			return 0;
	}
	return at != NULL && actor_count >= 2;
}

struct plan {
	uint32_t rounds;
	int64_t time, round_time, jitter;
	int64_t from, step;
	uint32_t points;
	int once;
};

/* One that hangs in the kernel is left there. */
static void end_actors(void)
{
	for (int i = 0; i < actor_count; i++)
		if (actors[i].pid > 0)
			kill(-actors[i].pid, SIGKILL);
	for (int64_t limit = now() + 500 * MS; now() < limit && waitpid(-1, NULL, WNOHANG) >= 0;)
		usleep(1000);
}

static const char *run_race(const struct plan *plan, char *detail, size_t size)
{
	uint64_t state = getenv("KTRIAL_SEED") ? strtoull(getenv("KTRIAL_SEED"), NULL, 10) : 1;
	int kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int64_t first = now(), flushed = first;
	int index;

	lseek(kmsg, 0, SEEK_END);
	for (uint32_t round = 1; round <= plan->rounds; round++) {
		int64_t begun = now(), offset = plan->from + plan->step * (int64_t)((round - 1) % plan->points);
		int64_t jitter = plan->jitter ? (int64_t)(draw(&state) % (2 * plan->jitter + 1)) - plan->jitter : 0;
		char number[16];
		const char *odd;

		if (stopped)
			return "stopped";
		if (begun - first >= plan->time)
			return "time";
		snprintf(number, sizeof(number), "%u", round);
		setenv("ROUND", number, 1);
		if ((odd = perform_list(before, before_count, &index)) != NULL) {
			snprintf(detail, size, "%u %d %s", round, index + 1, odd);
			return "before";
		}
		set_up_round((offset + jitter) * US);
		atomic_store(&shared->round, round);
		wake_all(&shared->round);

		int ended = await_actors(plan->round_time), hit = is_hit();

		odd = ended ? perform_list(after, after_count, &index) : NULL;
		print_round(round, offset * US, begun, begun - first);
		print_log(kmsg);
		if (!ended) {
			snprintf(detail, size, "%u", round);
			return "timeout";
		}
		if (odd != NULL) {
			snprintf(detail, size, "%u %d %s", round, index + 1, odd);
			return "after";
		}
		if (hit && plan->once)
			return "hit";
		if (hit || now() - flushed >= FLUSH_EVERY) {
			fflush(stdout);
			flushed = now();
		}
	}
	return "rounds";
}

int main(int argc, char **argv)
{
	struct plan plan = { .rounds = UINT32_MAX, .time = INT64_MAX, .round_time = 30000 * MS, .points = 1 };
	struct sigaction on_stop = { .sa_handler = on_term };
	char detail[80] = "";
	int option;

	while ((option = getopt(argc, argv, "+n:t:T:o:j:1")) != -1) {
		long long from, step;
		unsigned int points;

		if (option == 'n')
			plan.rounds = strtoul(optarg, NULL, 10);
		else if (option == 't')
			plan.time = atoll(optarg) * MS;
		else if (option == 'T')
			plan.round_time = atoll(optarg) * MS;
		else if (option == 'j')
			plan.jitter = atoll(optarg);
		else if (option == '1')
			plan.once = 1;
		else if (option == 'o' && sscanf(optarg, "%lld:%lld:%u", &from, &step, &points) == 3 && points > 0) {
			plan.from = from;
			plan.step = step;
			plan.points = points;
		} else
			return 2;
	}
	if (!read_parts(argv + optind, argv + argc)) {
		fprintf(stderr, "usage: race [OPTION]... [before|after|actor ...]...\n");
		return 2;
	}

	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (cpus < 2)
		return refuse("a race needs two CPUs, and this machine has one");
	for (int i = 0; i < actor_count; i++)
		if (atoi(actors[i].cpu) >= cpus)
			return refuse("an actor names a CPU that this machine does not have");
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return refuse(strerror(errno));
	shared->lead = LEAD_LEAST;
	share_cpus = do_share_cpus();
	sigaction(SIGTERM, &on_stop, NULL);

	const char *reason = run_race(&plan, detail, sizeof(detail));

	printf("end %s%s%s\n", reason, detail[0] ? " " : "", detail);
	fflush(stdout);
	end_actors();
	return 0;
}
