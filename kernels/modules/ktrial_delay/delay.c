// SPDX-License-Identifier: GPL-2.0-only
/*
 * Delays tasks at the entry of a kernel function, to widen a window of a race:
 *
 *	insmod ktrial_delay.ko function=NAME delay_us=3000000 comm=writer
 *	echo 1 >/sys/module/ktrial_delay/parameters/stop
 *	cat /sys/module/ktrial_delay/parameters/result
 *	rmmod ktrial_delay
 *
 * A probe at the entry does not delay: its handler runs with interrupts off, in
 * place of any code, and the CPU would be held. It saves the registers and goes
 * on in a function of this module, as the task, on its stack, in the context in
 * which it entered the function. The task sleeps there; where it may not, it
 * spins. A second probe restores the registers and goes back to the entry, whose
 * probe lets the task pass this time. Nothing is delayed in interrupts, whose
 * current task did not call the function.
 *
 * Time is that of a counter of the CPU: timekeeping is not for every context.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/nmi.h>
#include <linux/preempt.h>
#include <linux/ptrace.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/timex.h>
#ifdef CONFIG_X86
#include <asm/tsc.h>
#endif
#ifdef CONFIG_ARM64
#include <asm/arch_timer.h>
#endif

#include "delay.h"

/* Half of what the stall detector of RCU allows at least: a task may have to spin. */
#define LONGEST_US (10 * USEC_PER_SEC)
#define TOUCH_US (100 * USEC_PER_MSEC)

static char *function;
module_param(function, charp, 0444);
MODULE_PARM_DESC(function, "the function at whose entry tasks are delayed");

static char *comm = "";
module_param(comm, charp, 0444);
MODULE_PARM_DESC(comm, "delay only tasks of this name");

static unsigned int delay_us;
module_param(delay_us, uint, 0444);
MODULE_PARM_DESC(delay_us, "how long, in microseconds; at most 10 s with the jitter");

static unsigned int jitter_us;
module_param(jitter_us, uint, 0444);
MODULE_PARM_DESC(jitter_us, "up to this much more, by the seed");

static unsigned int times = 1;
module_param(times, uint, 0444);
MODULE_PARM_DESC(times, "delay at most this many times");

static unsigned int skip;
module_param(skip, uint, 0444);
MODULE_PARM_DESC(skip, "let this many entries pass first");

static unsigned int per_million = 1000000;
module_param(per_million, uint, 0444);
MODULE_PARM_DESC(per_million, "how many of a million entries are delayed, by the seed");

static ulong seed;
module_param(seed, ulong, 0444);
MODULE_PARM_DESC(seed, "drives every random choice");

/* Entries of tasks that match, those that passed, and those in interrupts. */
static atomic64_t entries = ATOMIC64_INIT(0);
static atomic64_t passed = ATOMIC64_INIT(0);
static atomic64_t refused = ATOMIC64_INIT(0);
static atomic_t begun = ATOMIC_INIT(0);
static atomic64_t hits = ATOMIC64_INIT(0);
static atomic64_t asked_us = ATOMIC64_INIT(0);
static atomic64_t spun = ATOMIC64_INIT(0);
static atomic64_t spent_us = ATOMIC64_INIT(0);
static atomic64_t spent_min_us = ATOMIC64_INIT(S64_MAX);
static atomic64_t spent_max_us = ATOMIC64_INIT(0);

static u64 cycles_per_ms;
static bool armed;

static u64 read_cycles_per_ms(void)
{
#if defined(CONFIG_X86)
	return tsc_khz;
#elif defined(CONFIG_ARM64)
	return div_u64(arch_timer_get_cntfrq(), MSEC_PER_SEC);
#else
	return 0;
#endif
}

/* The n-th number of the generator splitmix64. */
static u64 __kprobes random_number(u64 n)
{
	u64 z = seed + n * 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* From 0 up to and not including the limit. */
static u32 __kprobes random_below(u64 n, u32 limit)
{
	return mul_u64_u32_shr(random_number(n) & U32_MAX, limit, 32);
}

/* What the exception by which a probe is entered adds to the count of interrupts. */
static unsigned int own_nmis;
static unsigned int own_hardirqs;

static unsigned int __kprobes count_nmis(void)
{
	return (preempt_count() & NMI_MASK) >> NMI_SHIFT;
}

static unsigned int __kprobes count_hardirqs(void)
{
	return (preempt_count() & HARDIRQ_MASK) >> HARDIRQ_SHIFT;
}

/* Whether an interrupt called the function. A probe by ftrace is a plain call. */
static bool __kprobes called_by_interrupt(struct kprobe *one)
{
	bool plain = kprobe_ftrace(one);

	return count_nmis() > (plain ? 0 : own_nmis) ||
	       count_hardirqs() > (plain ? 0 : own_hardirqs) ||
	       in_serving_softirq();
}

/* A task that is delayed, or that comes back from its delay. */
struct slot {
	struct task_struct *task;
	bool done;
	u32 us;
	struct pt_regs regs;
};

#define SLOTS 64
static struct slot slots[SLOTS];

/* Only the task itself gives its slot away. */
static struct slot *__kprobes find_slot(struct task_struct *task)
{
	unsigned int i;

	for (i = 0; i < SLOTS; i++)
		if (READ_ONCE(slots[i].task) == task)
			return &slots[i];
	return NULL;
}

static struct slot *__kprobes claim_slot(void)
{
	unsigned int i;

	for (i = 0; i < SLOTS; i++)
		if (!READ_ONCE(slots[i].task) && !cmpxchg(&slots[i].task, NULL, current))
			return &slots[i];
	return NULL;
}

static u64 to_us(u64 cycles)
{
	return div64_u64(cycles * USEC_PER_MSEC, cycles_per_ms);
}

static void touch_watchdogs(void)
{
	touch_softlockup_watchdog();
	touch_nmi_watchdog();
}

static void spin(u64 start, u64 wanted)
{
	u64 pause = TOUCH_US / USEC_PER_MSEC * cycles_per_ms;
	u64 touched = 0;
	u64 gone;

	touch_watchdogs();
	while ((gone = get_cycles() - start) < wanted) {
		cpu_relax();
		if (gone - touched < pause)
			continue;
		touched = gone;
		touch_watchdogs();
	}
	touch_watchdogs();
}

static void sleep_long(u64 start, u64 wanted)
{
	u64 gone;

	while ((gone = get_cycles() - start) < wanted) {
		u64 left = to_us(wanted - gone) + 1;

		if (left < 20 * USEC_PER_MSEC)
			usleep_range(left, left + 50);
		else
			msleep(div_u64(left, USEC_PER_MSEC));
	}
}

/* Without a count of preemption nobody knows what is locked. */
static bool may_sleep(void)
{
	return preemptible() && !rcu_preempt_depth();
}

static void note_spent(u32 us, s64 spent)
{
	s64 old;

	atomic64_add(us, &asked_us);
	atomic64_add(spent, &spent_us);
	while ((old = atomic64_read(&spent_min_us)) > spent)
		if (atomic64_cmpxchg(&spent_min_us, old, spent) == old)
			break;
	while ((old = atomic64_read(&spent_max_us)) < spent)
		if (atomic64_cmpxchg(&spent_max_us, old, spent) == old)
			break;
	atomic64_inc(&hits);
}

void ktrial_delay_spend(void)
{
	u32 us = find_slot(current)->us;
	u64 wanted = div_u64((u64)us * cycles_per_ms, USEC_PER_MSEC) + 1;
	u64 start = get_cycles();

	if (may_sleep()) {
		sleep_long(start, wanted);
	} else {
		atomic64_inc(&spun);
		spin(start, wanted);
	}
	note_spent(us, to_us(get_cycles() - start));
}

#ifndef CONFIG_ARM64
noinline notrace void ktrial_delay_back(void)
{
	barrier();
}

/*
 * Entered in place of the function, and never left by its end. It has no
 * variables: what a sanitizer does for them at its begin would not be undone.
 */
noinline notrace void ktrial_delay_here(void)
{
	ktrial_delay_spend();
	ktrial_delay_back();
}
#endif

static void __kprobes restore_registers(struct pt_regs *regs, const struct pt_regs *saved)
{
#ifdef CONFIG_ARM64
	/* The rest is about the exception and not about the task. */
	memcpy(regs->regs, saved->regs, sizeof(regs->regs));
#else
	*regs = *saved;
#endif
}

/* Whether this entry is to be delayed. */
static bool __kprobes choose(u64 n)
{
	return n > skip && random_below(2 * n, 1000000) < per_million &&
	       atomic_add_unless(&begun, 1, times);
}

static int __kprobes enter(struct kprobe *one, struct pt_regs *regs)
{
	bool wanted = READ_ONCE(armed) && (!*comm || !strncmp(current->comm, comm, TASK_COMM_LEN));
	struct slot *slot;
	u64 n;

	if (called_by_interrupt(one)) {
		if (wanted)
			atomic64_inc(&refused);
		return 0;
	}
	slot = find_slot(current);
	if (slot) {
		if (READ_ONCE(slot->done))
			/* Whoever sees this may unload the module. */
			smp_store_release(&slot->task, NULL);
		return 0;
	}
	if (!wanted)
		return 0;
	n = atomic64_inc_return(&entries);
	if (!choose(n)) {
		atomic64_inc(&passed);
		return 0;
	}
	slot = claim_slot();
	if (!slot) {
		atomic_dec(&begun);
		atomic64_inc(&passed);
		return 0;
	}
	slot->us = delay_us + (jitter_us ? random_below(2 * n + 1, jitter_us + 1) : 0);
	slot->regs = *regs;
	WRITE_ONCE(slot->done, false);
	instruction_pointer_set(regs, (unsigned long)ktrial_delay_here);
	return 1;
}

static int __kprobes come_back(struct kprobe *one, struct pt_regs *regs);

/*
 * That it is there keeps a probe on x86 a breakpoint: else it becomes a jump,
 * whose handler cannot say where to go on.
 */
static void __kprobes leave(struct kprobe *one, struct pt_regs *regs, unsigned long flags)
{
}

static struct kprobe probe = { .pre_handler = enter, .post_handler = leave };
static struct kprobe back = {
	.addr = (kprobe_opcode_t *)ktrial_delay_back,
	.pre_handler = come_back,
	.post_handler = leave,
};

static int __kprobes come_back(struct kprobe *one, struct pt_regs *regs)
{
	struct slot *slot = find_slot(current);

	restore_registers(regs, &slot->regs);
	instruction_pointer_set(regs, (unsigned long)probe.addr);
	WRITE_ONCE(slot->done, true);
	return 1;
}

static bool anybody_delayed(void)
{
	unsigned int i;

	for (i = 0; i < SLOTS; i++)
		/* Of a free one nobody executes anything of this module. */
		if (smp_load_acquire(&slots[i].task))
			return true;
	return false;
}

static DEFINE_MUTEX(stopping);
static bool stopped;

/* Whoever is delayed still executes code of this module. */
static int disarm(bool forever)
{
	unsigned int tries = 2 * LONGEST_US / (20 * USEC_PER_MSEC);
	int error = 0;

	mutex_lock(&stopping);
	WRITE_ONCE(armed, false);
	synchronize_rcu();
	while (!stopped && anybody_delayed() && (forever || tries--))
		msleep(20);
	if (!stopped && anybody_delayed()) {
		error = -EBUSY;
	} else if (!stopped) {
		stopped = true;
		unregister_kprobe(&probe);
		unregister_kprobe(&back);
	}
	mutex_unlock(&stopping);
	return error;
}

static int set_stop(const char *value, const struct kernel_param *param)
{
	return disarm(false);
}

static const struct kernel_param_ops stop_ops = { .set = set_stop };
module_param_cb(stop, &stop_ops, NULL, 0200);
MODULE_PARM_DESC(stop, "ends the delays, and waits for one that goes on");

static int get_result(char *buffer, const struct kernel_param *param)
{
	s64 number = atomic64_read(&hits);

	return scnprintf(buffer, PAGE_SIZE,
			 "entries=%lld passed=%lld refused=%lld missed=%lu hits=%lld begun=%d spun=%lld asked_us=%lld spent_us=%lld spent_min_us=%lld spent_max_us=%lld\n",
			 (s64)atomic64_read(&entries), (s64)atomic64_read(&passed),
			 (s64)atomic64_read(&refused), probe.nmissed, number,
			 atomic_read(&begun), (s64)atomic64_read(&spun),
			 (s64)atomic64_read(&asked_us),
			 (s64)atomic64_read(&spent_us),
			 number ? (s64)atomic64_read(&spent_min_us) : 0,
			 (s64)atomic64_read(&spent_max_us));
}

static const struct kernel_param_ops result_ops = { .get = get_result };
module_param_cb(result, &result_ops, NULL, 0444);
MODULE_PARM_DESC(result, "what was counted and measured");

static int check_parameters(void)
{
	if (!function || !*function) {
		pr_err("no function is named\n");
		return -EINVAL;
	}
	if (strlen(comm) >= TASK_COMM_LEN) {
		pr_err("%s: a task's name has at most %d characters\n", comm,
		       TASK_COMM_LEN - 1);
		return -EINVAL;
	}
	if (!times || per_million > 1000000) {
		pr_err("times and per_million: nothing, or more than all, would be delayed\n");
		return -EINVAL;
	}
	if (!delay_us || (u64)delay_us + jitter_us > LONGEST_US) {
		pr_err("a delay of %u + %u us: expected 1 us to %lu us\n", delay_us,
		       jitter_us, LONGEST_US);
		return -ERANGE;
	}
	return 0;
}

static unsigned int landings;

static noinline notrace void land(void)
{
	barrier();
}

static int __kprobes note_landing(struct kprobe *one, struct pt_regs *regs)
{
	own_nmis = count_nmis();
	own_hardirqs = count_hardirqs();
	landings++;
	return 0;
}

/* Probes a function of its own, which no interrupt calls. */
static int __init measure_own_context(void)
{
	struct kprobe one = {
		.addr = (kprobe_opcode_t *)land,
		.pre_handler = note_landing,
		.post_handler = leave,
	};
	int error = register_kprobe(&one);

	if (error)
		return error;
	land();
	unregister_kprobe(&one);
	return landings ? 0 : -EIO;
}

static int __init ktrial_delay_init(void)
{
	int error = check_parameters();

	if (error)
		return error;
	cycles_per_ms = read_cycles_per_ms();
	if (!cycles_per_ms) {
		pr_err("the CPU has no counter of a known rate\n");
		return -EOPNOTSUPP;
	}
	error = measure_own_context();
	if (error) {
		pr_err("a probe does not work: error %d\n", error);
		return error;
	}
	error = register_kprobe(&back);
	if (error) {
		pr_err("the way back cannot be probed: error %d\n", error);
		return error;
	}
	probe.symbol_name = function;
	error = register_kprobe(&probe);
	if (error) {
		unregister_kprobe(&back);
		pr_err("%s cannot be probed: error %d\n", function, error);
		return error;
	}
	WRITE_ONCE(armed, true);
	return 0;
}
module_init(ktrial_delay_init);

static void __exit ktrial_delay_exit(void)
{
	disarm(true);
}
module_exit(ktrial_delay_exit);

MODULE_DESCRIPTION("Delays tasks at the entry of a kernel function");
MODULE_LICENSE("GPL");
