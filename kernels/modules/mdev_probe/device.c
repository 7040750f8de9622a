// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mediated devices of mdev_probe: a PCI device of one page of memory, which
 * can be read, written and mapped.
 */
#include <linux/device.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>
#include <linux/vmalloc.h>

#include "probe.h"

/* No vendor of PCI has this number. */
#define PROBE_ID 0x6b744b54
#define CONFIG_SIZE 256
#define REGION_SHIFT 40
#define LONGEST_WAIT (60 * HZ)

/* What belongs to a device from the end of create() to the begin of remove(). */
struct probe_state {
	struct probe_parent *parent;
	guid_t uuid;
	u8 config[CONFIG_SIZE];
	void *memory;
};

static bool is_meant(struct probe_parent *parent, const guid_t *uuid)
{
	bool meant;

	spin_lock(&parent->only_lock);
	meant = guid_is_null(&parent->only) || guid_equal(&parent->only, uuid);
	spin_unlock(&parent->only_lock);
	return meant;
}

static bool take_token(struct probe_parent *parent)
{
	return atomic_add_unless(&parent->tokens, -1, 0);
}

/* Nobody takes a task for a hung one that waits like this: idle, or until it is killed. */
static int follow(struct probe_parent *parent, const struct probe_plan *plan, const guid_t *uuid)
{
	unsigned int ms = READ_ONCE(plan->ms);
	long left = 1;

	if (!is_meant(parent, uuid))
		return 0;
	if (ms)
		schedule_timeout_idle(msecs_to_jiffies(ms));
	if (READ_ONCE(plan->wait))
		left = wait_event_killable_timeout(parent->queue, take_token(parent), LONGEST_WAIT);
	if (left < 0)
		return -EINTR;
	if (!left)
		probe_count(parent, PROBE_WAIT_TIMED_OUT);
	return -(int)READ_ONCE(plan->error);
}

static void free_state(struct probe_state *state)
{
	vfree(state->memory);
	kfree(state);
}

static struct probe_state *make_state(struct probe_parent *parent, const guid_t *uuid)
{
	struct probe_state *state = kzalloc(sizeof(*state), GFP_KERNEL);
	u32 id = PROBE_ID;

	if (!state)
		return NULL;
	state->memory = vmalloc_user(PAGE_SIZE);
	if (!state->memory) {
		kfree(state);
		return NULL;
	}
	state->parent = parent;
	state->uuid = *uuid;
	memcpy(state->config, &id, sizeof(id));
	return state;
}

static int create(struct probe_parent *parent, struct mdev_device *mdev)
{
	const guid_t *uuid = mdev_uuid(mdev);
	struct probe_state *state;
	int error = follow(parent, &parent->create, uuid);

	if (error)
		return error;
	state = make_state(parent, uuid);
	if (!state)
		return -ENOMEM;
	mdev_set_drvdata(mdev, state);
	return 0;
}

static int probe_create(struct kobject *kobj, struct mdev_device *mdev)
{
	struct probe_parent *parent = probe_parent_of(mdev_parent_dev(mdev));
	int error;

	probe_count(parent, PROBE_CREATE_CALLED);
	probe_count(parent, PROBE_CREATING);
	error = create(parent, mdev);
	probe_count(parent, error ? PROBE_CREATE_FAILED : PROBE_CREATED);
	atomic_dec(&parent->counters[PROBE_CREATING]);
	return error;
}

static int probe_remove(struct mdev_device *mdev)
{
	struct probe_state *state = mdev_get_drvdata(mdev);
	struct probe_parent *parent;
	int error;

	if (!state)
		return -ENODEV;
	parent = state->parent;
	probe_count(parent, PROBE_REMOVE_CALLED);
	probe_count(parent, PROBE_REMOVING);
	error = follow(parent, &parent->remove, &state->uuid);
	if (!error) {
		mdev_set_drvdata(mdev, NULL);
		free_state(state);
	}
	probe_count(parent, error ? PROBE_REMOVE_FAILED : PROBE_REMOVED);
	atomic_dec(&parent->counters[PROBE_REMOVING]);
	return error;
}

/* A user before the end of create() or after the begin of remove() finds nothing. */
static struct probe_state *find_state(struct mdev_device *mdev)
{
	struct probe_state *state = mdev_get_drvdata(mdev);

	if (!state)
		probe_count(probe_parent_of(mdev_parent_dev(mdev)), PROBE_USED_WITHOUT_STATE);
	return state;
}

static int probe_open(struct mdev_device *mdev)
{
	/* Without state as well: what counts is that the core let somebody in. */
	find_state(mdev);
	probe_count(probe_parent_of(mdev_parent_dev(mdev)), PROBE_OPENED);
	return 0;
}

static void probe_release(struct mdev_device *mdev)
{
	struct probe_state *state = find_state(mdev);

	if (state)
		probe_count(state->parent, PROBE_RELEASED);
}

static u64 region_of(loff_t position)
{
	return (u64)position >> REGION_SHIFT;
}

static loff_t place_in_region(loff_t position)
{
	return position & ((1ULL << REGION_SHIFT) - 1);
}

static ssize_t probe_read(struct mdev_device *mdev, char __user *buffer, size_t count,
			  loff_t *position)
{
	struct probe_state *state = find_state(mdev);
	loff_t place = place_in_region(*position);
	ssize_t done = -EINVAL;

	if (!state)
		return -EFAULT;
	if (region_of(*position) == VFIO_PCI_CONFIG_REGION_INDEX)
		done = simple_read_from_buffer(buffer, count, &place, state->config, CONFIG_SIZE);
	else if (region_of(*position) == VFIO_PCI_BAR0_REGION_INDEX)
		done = simple_read_from_buffer(buffer, count, &place, state->memory, PAGE_SIZE);
	if (done > 0)
		*position += done;
	return done;
}

static ssize_t probe_write(struct mdev_device *mdev, const char __user *buffer, size_t count,
			   loff_t *position)
{
	struct probe_state *state = find_state(mdev);
	loff_t place = place_in_region(*position);
	ssize_t done;

	if (!state)
		return -EFAULT;
	if (region_of(*position) != VFIO_PCI_BAR0_REGION_INDEX)
		return -EINVAL;
	done = simple_write_to_buffer(state->memory, PAGE_SIZE, &place, buffer, count);
	if (done > 0)
		*position += done;
	return done;
}

static long get_info(void __user *argument)
{
	struct vfio_device_info info;
	unsigned long size = offsetofend(struct vfio_device_info, num_irqs);

	if (copy_from_user(&info, argument, size))
		return -EFAULT;
	if (info.argsz < size)
		return -EINVAL;
	info.flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
	info.num_regions = VFIO_PCI_NUM_REGIONS;
	info.num_irqs = VFIO_PCI_NUM_IRQS;
	return copy_to_user(argument, &info, size) ? -EFAULT : 0;
}

static long get_region_info(void __user *argument)
{
	struct vfio_region_info info;
	unsigned long size = offsetofend(struct vfio_region_info, offset);

	if (copy_from_user(&info, argument, size))
		return -EFAULT;
	if (info.argsz < size || info.index >= VFIO_PCI_NUM_REGIONS)
		return -EINVAL;
	info.flags = 0;
	info.size = 0;
	info.offset = (u64)info.index << REGION_SHIFT;
	if (info.index == VFIO_PCI_CONFIG_REGION_INDEX) {
		info.flags = VFIO_REGION_INFO_FLAG_READ;
		info.size = CONFIG_SIZE;
	} else if (info.index == VFIO_PCI_BAR0_REGION_INDEX) {
		info.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE |
			     VFIO_REGION_INFO_FLAG_MMAP;
		info.size = PAGE_SIZE;
	}
	return copy_to_user(argument, &info, size) ? -EFAULT : 0;
}

static long probe_ioctl(struct mdev_device *mdev, unsigned int command, unsigned long argument)
{
	switch (command) {
	case VFIO_DEVICE_GET_INFO:
		return get_info((void __user *)argument);
	case VFIO_DEVICE_GET_REGION_INFO:
		return get_region_info((void __user *)argument);
	case VFIO_DEVICE_RESET:
		return find_state(mdev) ? 0 : -ENODEV;
	default:
		return -ENOTTY;
	}
}

static int probe_mmap(struct mdev_device *mdev, struct vm_area_struct *vma)
{
	struct probe_state *state = find_state(mdev);

	if (!state)
		return -EFAULT;
	if (vma->vm_pgoff >> (REGION_SHIFT - PAGE_SHIFT) != VFIO_PCI_BAR0_REGION_INDEX)
		return -EINVAL;
	probe_count(state->parent, PROBE_MAPPED);
	return remap_vmalloc_range(vma, state->memory, vma->vm_pgoff);
}

/* Its reader may be in it when the device is removed. */
static ssize_t uuid_show(struct device *dev, struct device_attribute *attr, char *buffer)
{
	struct probe_state *state = find_state(mdev_from_dev(dev));
	struct probe_parent *parent;
	ssize_t length;

	if (!state)
		return -ENODEV;
	parent = state->parent;
	probe_count(parent, PROBE_SHOWING);
	follow(parent, &parent->show, &state->uuid);
	length = sprintf(buffer, "%pUl\n", &state->uuid);
	atomic_dec(&parent->counters[PROBE_SHOWING]);
	return length;
}
static DEVICE_ATTR_RO(uuid);

static struct attribute *vendor_attrs[] = {
	&dev_attr_uuid.attr,
	NULL
};

static const struct attribute_group vendor_group = {
	.name = "vendor",
	.attrs = vendor_attrs,
};

static const struct attribute_group *device_groups[] = {
	&vendor_group,
	NULL
};

static ssize_t name_show(struct kobject *kobj, struct device *dev, char *buffer)
{
	return sprintf(buffer, "one page of memory\n");
}
static MDEV_TYPE_ATTR_RO(name);

static ssize_t device_api_show(struct kobject *kobj, struct device *dev, char *buffer)
{
	return sprintf(buffer, "%s\n", VFIO_DEVICE_API_PCI_STRING);
}
static MDEV_TYPE_ATTR_RO(device_api);

static struct attribute *type_attrs[] = {
	&mdev_type_attr_name.attr,
	&mdev_type_attr_device_api.attr,
	NULL
};

static struct attribute_group type_group = {
	.name = "page",
	.attrs = type_attrs,
};

static struct attribute_group *type_groups[] = {
	&type_group,
	NULL
};

static struct attribute_group nameless_group = {
	.attrs = type_attrs,
};

/* The good one comes first, so that a refusal has something to undo. */
struct attribute_group *probe_nameless_groups[] = {
	&type_group,
	&nameless_group,
	NULL
};

const struct mdev_parent_ops probe_ops = {
	.owner = THIS_MODULE,
	.mdev_attr_groups = device_groups,
	.supported_type_groups = type_groups,
	.create = probe_create,
	.remove = probe_remove,
	.open = probe_open,
	.release = probe_release,
	.read = probe_read,
	.write = probe_write,
	.ioctl = probe_ioctl,
	.mmap = probe_mmap,
};
