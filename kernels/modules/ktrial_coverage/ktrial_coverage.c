// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts how often functions are entered, also those of modules that are loaded
 * later:
 *
 *	insmod ktrial_coverage.ko
 *	echo vfs_open mdev:mdev_probe >/sys/module/ktrial_coverage/parameters/count
 *	cat /proc/ktrial_coverage
 *	rmmod ktrial_coverage
 *
 * Functions of a module that is loaded already are told to "count_loaded".
 *
 * Each line has a name, its entries, and 0 or why they could not be counted. What
 * was counted stays when a module goes. A function that was entered often enough
 * is no longer watched: that it ran is known, and a probe costs time.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/elf.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/proc_fs.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#define LARGEST_NUMBER 256
#define ENOUGH 1000
#define LOOK_EVERY (HZ / 4)

struct counted {
	struct list_head list;
	struct kprobe probe;
	atomic_t entries;
	/* Those that earlier probes of the same function missed. */
	unsigned long missed;
	/* Of the last try, or 0. */
	int error;
	bool registered;
	bool enough;
	/* The length of the module's name; 0: built into the kernel. */
	size_t module;
	char name[];
};

static DEFINE_MUTEX(lock);
static LIST_HEAD(all);
static unsigned int number;
/* Probes are removed together, which waits once. */
static struct kprobe *batch[LARGEST_NUMBER];

static void look(struct work_struct *work);
static DECLARE_DELAYED_WORK(looking, look);

static int __kprobes enter(struct kprobe *probe, struct pt_regs *regs)
{
	atomic_inc(&container_of(probe, struct counted, probe)->entries);
	return 0;
}

/*
 * That it is there keeps a probe on x86 a breakpoint: else the kernel rewrites the
 * function some time later, while it may be under test.
 */
static void __kprobes leave(struct kprobe *probe, struct pt_regs *regs, unsigned long flags)
{
}

static void watch(struct counted *one, kprobe_opcode_t *address)
{
	one->probe = (struct kprobe){
		.pre_handler = enter,
		.post_handler = leave,
	};
	if (address)
		one->probe.addr = address;
	else
		one->probe.symbol_name = one->name;
	one->error = register_kprobe(&one->probe);
	one->registered = !one->error;
}

/*
 * The kernel would look through its own symbols first, for each name: in an old
 * one with sanitizers that takes tenths of a second.
 */
static kprobe_opcode_t *find_in(const struct module *module, const char *name)
{
	const struct mod_kallsyms *symbols = rcu_dereference_raw(module->kallsyms);
	unsigned int i;

	for (i = 0; i < symbols->num_symtab; i++) {
		const Elf_Sym *symbol = &symbols->symtab[i];

		if (symbol->st_shndx != SHN_UNDEF &&
		    !strcmp(symbols->strtab + symbol->st_name, name))
			return (kprobe_opcode_t *)symbol->st_value;
	}
	return NULL;
}

/* Removes the probes of a module, or all with NULL. */
static void forget(const char *module)
{
	struct counted *one;
	unsigned int n = 0;
	size_t length = module ? strlen(module) : 0;

	list_for_each_entry(one, &all, list) {
		if (!one->registered)
			continue;
		if (module && (one->module != length || memcmp(one->name, module, length)))
			continue;
		batch[n++] = &one->probe;
	}
	if (!n)
		return;
	unregister_kprobes(batch, n);
	while (n--) {
		one = container_of(batch[n], struct counted, probe);
		one->missed += one->probe.nmissed;
		one->registered = false;
	}
}

static unsigned long count(struct counted *one)
{
	return atomic_read(&one->entries) + one->missed +
	       (one->registered ? one->probe.nmissed : 0);
}

static void look(struct work_struct *work)
{
	struct counted *one;
	bool any = false;

	mutex_lock(&lock);
	list_for_each_entry(one, &all, list) {
		if (one->enough)
			continue;
		if (one->registered && atomic_read(&one->entries) >= ENOUGH) {
			/* It fails where the module has gone, which will do as well. */
			disable_kprobe(&one->probe);
			one->enough = true;
		} else {
			any = true;
		}
	}
	mutex_unlock(&lock);
	if (any)
		schedule_delayed_work(&looking, LOOK_EVERY);
}

static int add(const char *name, bool loaded)
{
	size_t length = strlen(name) + 1;
	const char *colon = strchr(name, ':');
	struct counted *one;

	if (number == LARGEST_NUMBER)
		return -ENOSPC;
	one = kzalloc(sizeof(*one) + length, GFP_KERNEL);
	if (!one)
		return -ENOMEM;
	memcpy(one->name, name, length);
	one->module = colon ? colon - name : 0;
	list_add_tail(&one->list, &all);
	number++;
	/* Or nothing of its module has come yet. */
	one->error = -ENOENT;
	if (loaded || !one->module)
		watch(one, NULL);
	return 0;
}

static int set_count(const char *value, const struct kernel_param *param)
{
	char *copy = kstrdup(value, GFP_KERNEL);
	char *rest = copy;
	char *name;
	int error = 0;

	if (!copy)
		return -ENOMEM;
	mutex_lock(&lock);
	while (!error && (name = strsep(&rest, "\n ")))
		if (*name)
			error = add(name, param->arg);
	mutex_unlock(&lock);
	kfree(copy);
	schedule_delayed_work(&looking, LOOK_EVERY);
	return error;
}

static const struct kernel_param_ops count_ops = { .set = set_count };
module_param_cb(count, &count_ops, NULL, 0200);
MODULE_PARM_DESC(count, "functions whose entries are counted: NAME, or MODULE:NAME");
module_param_cb(count_loaded, &count_ops, &lock, 0200);
MODULE_PARM_DESC(count_loaded, "the same, where MODULE is loaded already");

/*
 * When a module comes, it has its symbols, and nothing of it has run. When one
 * goes, the kernel itself takes the probes out.
 */
static int notice(struct notifier_block *block, unsigned long state, void *data)
{
	const struct module *module = data;
	size_t length = strlen(module->name);
	kprobe_opcode_t *address;
	struct counted *one;

	if (state != MODULE_STATE_COMING)
		return NOTIFY_DONE;
	mutex_lock(&lock);
	forget(module->name);
	list_for_each_entry(one, &all, list) {
		if (one->enough || one->module != length ||
		    memcmp(one->name, module->name, length))
			continue;
		address = find_in(module, one->name + length + 1);
		if (address)
			watch(one, address);
		else
			one->error = -ENXIO;
	}
	mutex_unlock(&lock);
	return NOTIFY_DONE;
}

/* After the kernel's own, which forgets what was at these addresses. */
static struct notifier_block notifier = { .notifier_call = notice, .priority = -1 };

static int show(struct seq_file *file, void *data)
{
	struct counted *one;

	mutex_lock(&lock);
	list_for_each_entry(one, &all, list)
		seq_printf(file, "%s %lu %d\n", one->name, count(one), one->error);
	mutex_unlock(&lock);
	return 0;
}

static int __init ktrial_coverage_init(void)
{
	int error = register_module_notifier(&notifier);

	if (error)
		return error;
	if (proc_create_single("ktrial_coverage", 0400, NULL, show))
		return 0;
	unregister_module_notifier(&notifier);
	return -ENOMEM;
}
module_init(ktrial_coverage_init);

static void __exit ktrial_coverage_exit(void)
{
	struct counted *one, *next;

	remove_proc_entry("ktrial_coverage", NULL);
	unregister_module_notifier(&notifier);
	cancel_delayed_work_sync(&looking);
	mutex_lock(&lock);
	forget(NULL);
	list_for_each_entry_safe(one, next, &all, list)
		kfree(one);
	mutex_unlock(&lock);
}
module_exit(ktrial_coverage_exit);

MODULE_DESCRIPTION("Counts how often functions are entered");
MODULE_LICENSE("GPL");
