// SPDX-License-Identifier: GPL-2.0-only
/*
 * Delays tasks at the entry of a kernel function, to widen a window of a race:
 *
 *	insmod ktrial_delay.ko function=NAME delay_us=3000000 comm=writer
 *	echo 1 >/sys/module/ktrial_delay/parameters/stop
 *	cat /sys/module/ktrial_delay/parameters/result
 *	rmmod ktrial_delay
 *
 * The delay is a busy loop in the handler of a kprobe. Preemption is off there,
 * and on x86 interrupts are off too, so that the CPU is held. Only a counter of
 * the CPU is read: timekeeping and locks are not for a handler that may run in
 * place of any code, and lockdep complains about them. Nothing is delayed in
 * interrupts, whose current task did not call the function.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/nmi.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/timex.h>
#include <linux/version.h>
#ifdef CONFIG_X86
#include <asm/tsc.h>
#endif
#ifdef CONFIG_ARM64
#include <asm/arch_timer.h>
#endif

/* Half of what the stall detector of RCU allows at least. */
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

static void __kprobes touch_watchdogs(void)
{
	touch_softlockup_watchdog();
	touch_nmi_watchdog();
}

/* Returns the time that was really spent. */
static u64 __kprobes spend(u32 us)
{
	u64 wanted = div_u64((u64)us * cycles_per_ms, USEC_PER_MSEC) + 1;
	u64 pause = TOUCH_US / USEC_PER_MSEC * cycles_per_ms;
	u64 start = get_cycles();
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
	return div64_u64(gone * USEC_PER_MSEC, cycles_per_ms);
}

static void __kprobes note_spent(u32 us, s64 spent)
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

static int __kprobes enter(struct kprobe *one, struct pt_regs *regs)
{
	u32 us = delay_us;
	u64 n;

	if (!READ_ONCE(armed))
		return 0;
	if (*comm && strncmp(current->comm, comm, TASK_COMM_LEN))
		return 0;
	if (called_by_interrupt(one)) {
		atomic64_inc(&refused);
		return 0;
	}
	n = atomic64_inc_return(&entries);
	if (n <= skip || random_below(2 * n, 1000000) >= per_million ||
	    !atomic_add_unless(&begun, 1, times)) {
		atomic64_inc(&passed);
		return 0;
	}
	if (jitter_us)
		us += random_below(2 * n + 1, jitter_us + 1);
	note_spent(us, spend(us));
	return 0;
}

/*
 * That it is there keeps a probe on x86 a breakpoint: else it becomes a jump,
 * which is another context, at a time that nobody knows.
 */
static void __kprobes leave(struct kprobe *one, struct pt_regs *regs, unsigned long flags)
{
}

static struct kprobe probe = { .pre_handler = enter };

static void disarm(void)
{
	if (!READ_ONCE(armed))
		return;
	WRITE_ONCE(armed, false);
	/* Waits until no handler runs. */
	unregister_kprobe(&probe);
}

static int set_stop(const char *value, const struct kernel_param *param)
{
	disarm();
	return 0;
}

static const struct kernel_param_ops stop_ops = { .set = set_stop };
module_param_cb(stop, &stop_ops, NULL, 0200);
MODULE_PARM_DESC(stop, "ends the delays, and waits for one that goes on");

static int get_result(char *buffer, const struct kernel_param *param)
{
	s64 number = atomic64_read(&hits);

	return scnprintf(buffer, PAGE_SIZE,
			 "entries=%lld passed=%lld refused=%lld missed=%lu hits=%lld begun=%d asked_us=%lld spent_us=%lld spent_min_us=%lld spent_max_us=%lld\n",
			 (s64)atomic64_read(&entries), (s64)atomic64_read(&passed),
			 (s64)atomic64_read(&refused), probe.nmissed, number,
			 atomic_read(&begun), (s64)atomic64_read(&asked_us),
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
	probe.symbol_name = function;
	probe.post_handler = leave;
	WRITE_ONCE(armed, true);
	error = register_kprobe(&probe);
	if (!error)
		return 0;
	WRITE_ONCE(armed, false);
	pr_err("%s cannot be probed: error %d\n", function, error);
	return error;
}
module_init(ktrial_delay_init);

static void __exit ktrial_delay_exit(void)
{
	disarm();
}
module_exit(ktrial_delay_exit);

MODULE_DESCRIPTION("Delays tasks at the entry of a kernel function");
MODULE_LICENSE("GPL");
