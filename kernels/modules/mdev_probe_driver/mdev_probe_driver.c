// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver of mediated devices that is not vfio_mdev: it uses each device in the
 * kernel, as one that makes a network interface of it does.
 *
 *	insmod mdev_probe_driver.ko
 *	echo UUID >/sys/bus/mdev/drivers/vfio_mdev/unbind
 *	echo UUID >/sys/bus/mdev/drivers/mdev_probe_driver/bind
 *	cat /sys/module/mdev_probe_driver/parameters/counters
 *
 * The bus lets any driver have any device: that which is loaded first gets it.
 */
#include <linux/atomic.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uuid.h>
/* Needs uuid.h before it. */
#include <linux/mdev.h>

static uint probe_errno;
module_param(probe_errno, uint, 0644);
MODULE_PARM_DESC(probe_errno, "probe() fails with this errno");

static uint probe_ms;
module_param(probe_ms, uint, 0644);
MODULE_PARM_DESC(probe_ms, "probe() takes this long, in milliseconds");

static uint remove_ms;
module_param(remove_ms, uint, 0644);
MODULE_PARM_DESC(remove_ms, "remove() takes this long, in milliseconds");

static atomic_t probed = ATOMIC_INIT(0);
static atomic_t refused = ATOMIC_INIT(0);
static atomic_t removed = ATOMIC_INIT(0);
/* The parent's driver had not created the device yet, or had removed it. */
static atomic_t without_state = ATOMIC_INIT(0);

static int get_counters(char *buffer, const struct kernel_param *param)
{
	return scnprintf(buffer, PAGE_SIZE, "probed=%d refused=%d removed=%d without_state=%d\n",
			 atomic_read(&probed), atomic_read(&refused), atomic_read(&removed),
			 atomic_read(&without_state));
}

static const struct kernel_param_ops counters_ops = { .get = get_counters };
module_param_cb(counters, &counters_ops, NULL, 0444);
MODULE_PARM_DESC(counters, "what was counted");

/* Stands for what such a driver makes of a device. */
struct port {
	guid_t uuid;
};

static void note_state(struct device *dev)
{
	if (!mdev_get_drvdata(mdev_from_dev(dev)))
		atomic_inc(&without_state);
}

static int probe_device(struct device *dev)
{
	uint error = READ_ONCE(probe_errno);
	struct port *port;

	note_state(dev);
	schedule_timeout_idle(msecs_to_jiffies(READ_ONCE(probe_ms)));
	if (error) {
		atomic_inc(&refused);
		return -(int)min_t(uint, error, MAX_ERRNO);
	}
	port = kzalloc(sizeof(*port), GFP_KERNEL);
	if (!port)
		return -ENOMEM;
	port->uuid = *mdev_uuid(mdev_from_dev(dev));
	dev_set_drvdata(dev, port);
	atomic_inc(&probed);
	return 0;
}

static void remove_device(struct device *dev)
{
	struct port *port = dev_get_drvdata(dev);

	note_state(dev);
	schedule_timeout_idle(msecs_to_jiffies(READ_ONCE(remove_ms)));
	dev_set_drvdata(dev, NULL);
	kfree(port);
	atomic_inc(&removed);
}

static struct mdev_driver driver = {
	.name = KBUILD_MODNAME,
	.probe = probe_device,
	.remove = remove_device,
};

static int __init mdev_probe_driver_init(void)
{
	return mdev_register_driver(&driver, THIS_MODULE);
}
module_init(mdev_probe_driver_init);

static void __exit mdev_probe_driver_exit(void)
{
	mdev_unregister_driver(&driver);
}
module_exit(mdev_probe_driver_exit);

MODULE_DESCRIPTION("A driver of mediated devices for tests that is not vfio_mdev");
MODULE_LICENSE("GPL");
