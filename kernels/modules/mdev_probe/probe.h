/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MDEV_PROBE_H
#define MDEV_PROBE_H

#include <linux/atomic.h>
#include <linux/device.h>
#include <linux/platform_device.h>
#include <linux/spinlock.h>
#include <linux/uuid.h>
#include <linux/wait.h>
/* Needs uuid.h before it. */
#include <linux/mdev.h>

enum probe_counter {
	/* How often something began, ended well, and failed. */
	PROBE_REGISTERED,
	PROBE_REGISTER_FAILED,
	PROBE_UNREGISTERED,
	PROBE_CREATE_CALLED,
	PROBE_CREATED,
	PROBE_CREATE_FAILED,
	PROBE_REMOVE_CALLED,
	PROBE_REMOVED,
	PROBE_REMOVE_FAILED,
	PROBE_OPENED,
	PROBE_RELEASED,
	PROBE_MAPPED,
	/* What is going on now. */
	PROBE_CREATING,
	PROBE_REMOVING,
	PROBE_SHOWING,
	/* What should never be: each is the mistake of a caller. */
	PROBE_USED_WITHOUT_STATE,
	PROBE_UNREGISTERED_WHILE_BUSY,
	/* A wait for a token was given up. */
	PROBE_WAIT_TIMED_OUT,
	PROBE_COUNTERS
};

/* What an operation of the driver does before it ends. */
struct probe_plan {
	/* An errno, positive; 0 for success. */
	unsigned int error;
	unsigned int ms;
	/* Whether it waits for a token. */
	unsigned int wait;
};

struct probe_parent {
	/* NULL when it was deleted. */
	struct platform_device *device;
	/* What frees it. */
	void (*release)(struct device *dev);
	struct probe_plan create;
	struct probe_plan remove;
	/* Of the attribute vendor/uuid. */
	struct probe_plan show;
	/* Whether a registration offers a type without a name, too: the core refuses that. */
	unsigned int nameless_type;
	/* The plans are for this device only, or for all where it is null. */
	spinlock_t only_lock;
	guid_t only;
	atomic_t tokens;
	wait_queue_head_t queue;
	atomic_t counters[PROBE_COUNTERS];
	/* How long the last unregistration took. */
	unsigned int unregister_ms;
};

static inline void probe_count(struct probe_parent *parent, enum probe_counter which)
{
	atomic_inc(&parent->counters[which]);
}

static inline int probe_counted(struct probe_parent *parent, enum probe_counter which)
{
	return atomic_read(&parent->counters[which]);
}

struct probe_parent *probe_parent_of(struct device *dev);

extern const struct mdev_parent_ops probe_ops;
extern struct attribute_group *probe_nameless_groups[];

#endif
