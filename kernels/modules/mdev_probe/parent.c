// SPDX-License-Identifier: GPL-2.0-only
/*
 * A parent driver of mediated devices that does what a test tells it to:
 *
 *	insmod mdev_probe.ko parents=2
 *	cd /sys/devices/platform/mdev_probe.0
 *	echo 3000 >probe/create_ms		create() takes three seconds
 *	echo 28 >probe/create_errno		and fails with ENOSPC
 *	echo 1 >probe/register			registers the parent once more
 *	cat probe/counters
 *	echo mdev_probe.0 >/sys/bus/platform/drivers/mdev_probe/unbind
 *	echo 0 >/sys/bus/platform/drivers/mdev_probe/delete_device
 *	cat /sys/bus/platform/drivers/mdev_probe/devices_released
 *
 * Each parent is a platform device of this module's platform driver: whoever
 * unbinds the driver unregisters the parent. The directory probe and what was
 * counted stay meanwhile.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "probe.h"

#define DRIVER "mdev_probe"
#define MOST_PARENTS 64
#define LONGEST_MS 60000

static unsigned int parents = 1;
module_param(parents, uint, 0444);
MODULE_PARM_DESC(parents, "how many parents there are");

static struct probe_parent all[MOST_PARENTS];

/* Platform devices that were deleted and to which nobody has a reference any more. */
static atomic_t devices_released = ATOMIC_INIT(0);

/* Like probe_ops, with a type without a name. */
static struct mdev_parent_ops nameless_ops;

static const char * const counter_names[PROBE_COUNTERS] = {
	[PROBE_REGISTERED] = "registered",
	[PROBE_REGISTER_FAILED] = "register_failed",
	[PROBE_UNREGISTERED] = "unregistered",
	[PROBE_CREATE_CALLED] = "create_called",
	[PROBE_CREATED] = "created",
	[PROBE_CREATE_FAILED] = "create_failed",
	[PROBE_REMOVE_CALLED] = "remove_called",
	[PROBE_REMOVED] = "removed",
	[PROBE_REMOVE_FAILED] = "remove_failed",
	[PROBE_OPENED] = "opened",
	[PROBE_RELEASED] = "released",
	[PROBE_MAPPED] = "mapped",
	[PROBE_CREATING] = "creating",
	[PROBE_REMOVING] = "removing",
	[PROBE_SHOWING] = "showing",
	[PROBE_USED_WITHOUT_STATE] = "used_without_state",
	[PROBE_UNREGISTERED_WHILE_BUSY] = "unregistered_while_busy",
	[PROBE_WAIT_TIMED_OUT] = "wait_timed_out",
};

/* By its number: the driver's data of a device is gone when it is unbound. */
struct probe_parent *probe_parent_of(struct device *dev)
{
	return &all[to_platform_device(dev)->id];
}

static int register_parent(struct device *dev)
{
	struct probe_parent *parent = probe_parent_of(dev);
	bool nameless = READ_ONCE(parent->nameless_type);
	int error = mdev_register_device(dev, nameless ? &nameless_ops : &probe_ops);

	probe_count(parent, error ? PROBE_REGISTER_FAILED : PROBE_REGISTERED);
	return error;
}

static void unregister_parent(struct device *dev)
{
	struct probe_parent *parent = probe_parent_of(dev);
	ktime_t start = ktime_get();

	mdev_unregister_device(dev);
	/* The core promises that no operation of a parent runs any more. */
	if (probe_counted(parent, PROBE_CREATING) || probe_counted(parent, PROBE_REMOVING))
		probe_count(parent, PROBE_UNREGISTERED_WHILE_BUSY);
	parent->unregister_ms = ktime_ms_delta(ktime_get(), start);
	probe_count(parent, PROBE_UNREGISTERED);
}

/* A file with a number of a parent. */
struct number_attribute {
	struct device_attribute attr;
	size_t place;
	unsigned int most;
};

static struct number_attribute *number_of(struct device_attribute *attr)
{
	return container_of(attr, struct number_attribute, attr);
}

static unsigned int *find_number(struct device *dev, const struct number_attribute *number)
{
	return (void *)probe_parent_of(dev) + number->place;
}

static ssize_t show_number(struct device *dev, struct device_attribute *attr, char *buffer)
{
	return sprintf(buffer, "%u\n", READ_ONCE(*find_number(dev, number_of(attr))));
}

static ssize_t store_number(struct device *dev, struct device_attribute *attr, const char *text,
			    size_t count)
{
	const struct number_attribute *number = number_of(attr);
	unsigned int value;
	int error = kstrtouint(text, 0, &value);

	if (error)
		return error;
	if (value > number->most)
		return -ERANGE;
	WRITE_ONCE(*find_number(dev, number), value);
	return count;
}

#define NUMBER(_name, _place, _most)						\
static struct number_attribute number_##_name = {				\
	.attr = __ATTR(_name, 0644, show_number, store_number),			\
	.place = offsetof(struct probe_parent, _place),				\
	.most = _most,								\
}

NUMBER(create_errno, create.error, MAX_ERRNO);
NUMBER(create_ms, create.ms, LONGEST_MS);
NUMBER(create_wait, create.wait, 1);
NUMBER(remove_errno, remove.error, MAX_ERRNO);
NUMBER(remove_ms, remove.ms, LONGEST_MS);
NUMBER(remove_wait, remove.wait, 1);
NUMBER(show_ms, show.ms, LONGEST_MS);
NUMBER(show_wait, show.wait, 1);
NUMBER(nameless_type, nameless_type, 1);

static ssize_t only_show(struct device *dev, struct device_attribute *attr, char *buffer)
{
	struct probe_parent *parent = probe_parent_of(dev);
	guid_t uuid;

	spin_lock(&parent->only_lock);
	uuid = parent->only;
	spin_unlock(&parent->only_lock);
	return sprintf(buffer, "%pUl\n", &uuid);
}

static ssize_t only_store(struct device *dev, struct device_attribute *attr, const char *text,
			  size_t count)
{
	struct probe_parent *parent = probe_parent_of(dev);
	guid_t uuid;
	int error = guid_parse(text, &uuid);

	if (error)
		return error;
	spin_lock(&parent->only_lock);
	parent->only = uuid;
	spin_unlock(&parent->only_lock);
	return count;
}
static DEVICE_ATTR_RW(only);

static ssize_t token_store(struct device *dev, struct device_attribute *attr, const char *text,
			   size_t count)
{
	struct probe_parent *parent = probe_parent_of(dev);
	unsigned int more;
	int error = kstrtouint(text, 0, &more);

	if (error)
		return error;
	if (more > 1000)
		return -ERANGE;
	atomic_add(more, &parent->tokens);
	wake_up_all(&parent->queue);
	return count;
}
static DEVICE_ATTR_WO(token);

static ssize_t register_store(struct device *dev, struct device_attribute *attr, const char *text,
			      size_t count)
{
	int error = register_parent(dev);

	return error ? error : count;
}
static DEVICE_ATTR_WO(register);

static ssize_t unregister_store(struct device *dev, struct device_attribute *attr,
				const char *text, size_t count)
{
	unregister_parent(dev);
	return count;
}
static DEVICE_ATTR_WO(unregister);

static ssize_t counters_show(struct device *dev, struct device_attribute *attr, char *buffer)
{
	struct probe_parent *parent = probe_parent_of(dev);
	ssize_t length = 0;
	int i;

	for (i = 0; i < PROBE_COUNTERS; i++)
		length += scnprintf(buffer + length, PAGE_SIZE - length, "%s=%d\n",
				    counter_names[i], probe_counted(parent, i));
	return length + scnprintf(buffer + length, PAGE_SIZE - length, "unregister_ms=%u\n",
				  parent->unregister_ms);
}
static DEVICE_ATTR_RO(counters);

static struct attribute *probe_attrs[] = {
	&number_create_errno.attr.attr,
	&number_create_ms.attr.attr,
	&number_create_wait.attr.attr,
	&number_remove_errno.attr.attr,
	&number_remove_ms.attr.attr,
	&number_remove_wait.attr.attr,
	&number_show_ms.attr.attr,
	&number_show_wait.attr.attr,
	&number_nameless_type.attr.attr,
	&dev_attr_only.attr,
	&dev_attr_token.attr,
	&dev_attr_register.attr,
	&dev_attr_unregister.attr,
	&dev_attr_counters.attr,
	NULL
};

static const struct attribute_group probe_group = {
	.name = "probe",
	.attrs = probe_attrs,
};

static const struct attribute_group *probe_groups[] = {
	&probe_group,
	NULL
};

static int bind_parent(struct platform_device *device)
{
	return register_parent(&device->dev);
}

static int unbind_parent(struct platform_device *device)
{
	unregister_parent(&device->dev);
	return 0;
}

/* A file of the driver: one of the device would wait for its writer before it goes. */
static ssize_t delete_device_store(struct device_driver *unused, const char *text, size_t count)
{
	struct platform_device *device;
	unsigned int number;
	int error = kstrtouint(text, 0, &number);

	if (error)
		return error;
	if (number >= MOST_PARENTS)
		return -ERANGE;
	device = xchg(&all[number].device, NULL);
	if (!device)
		return -ENODEV;
	platform_device_unregister(device);
	return count;
}
static DRIVER_ATTR_WO(delete_device);

static ssize_t devices_released_show(struct device_driver *unused, char *buffer)
{
	return sprintf(buffer, "%d\n", atomic_read(&devices_released));
}
static DRIVER_ATTR_RO(devices_released);

static struct attribute *driver_attrs[] = {
	&driver_attr_delete_device.attr,
	&driver_attr_devices_released.attr,
	NULL
};
ATTRIBUTE_GROUPS(driver);

static struct platform_driver driver = {
	.driver = { .name = DRIVER, .groups = driver_groups },
	.probe = bind_parent,
	.remove = unbind_parent,
};

static void release_device(struct device *dev)
{
	probe_parent_of(dev)->release(dev);
	atomic_inc(&devices_released);
}

static int __init add_parent(unsigned int number)
{
	struct platform_device *device = platform_device_alloc(DRIVER, number);
	struct probe_parent *parent = &all[number];
	int error;

	if (!device)
		return -ENOMEM;
	spin_lock_init(&parent->only_lock);
	init_waitqueue_head(&parent->queue);
	device->dev.groups = probe_groups;
	parent->release = device->dev.release;
	device->dev.release = release_device;
	error = platform_device_add(device);
	if (error) {
		platform_device_put(device);
		return error;
	}
	parent->device = device;
	return 0;
}

static void remove_parents(void)
{
	unsigned int i;

	for (i = 0; i < MOST_PARENTS; i++) {
		if (!all[i].device)
			continue;
		/* Whoever still has a reference may outlive this module. */
		all[i].device->dev.release = all[i].release;
		platform_device_unregister(all[i].device);
	}
}

static int __init mdev_probe_init(void)
{
	unsigned int i;
	int error = 0;

	if (!parents || parents > MOST_PARENTS) {
		pr_err("%u parents: expected 1 to %d\n", parents, MOST_PARENTS);
		return -ERANGE;
	}
	nameless_ops = probe_ops;
	nameless_ops.supported_type_groups = probe_nameless_groups;
	for (i = 0; i < parents && !error; i++)
		error = add_parent(i);
	if (!error)
		error = platform_driver_register(&driver);
	if (error)
		remove_parents();
	return error;
}
module_init(mdev_probe_init);

static void __exit mdev_probe_exit(void)
{
	platform_driver_unregister(&driver);
	remove_parents();
}
module_exit(mdev_probe_exit);

MODULE_DESCRIPTION("A parent driver of mediated devices for tests");
MODULE_LICENSE("GPL");
