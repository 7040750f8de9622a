// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's own sample driver mbochs, a display whose memory can be mapped and
 * gets its pages when they are touched, from the source of the kernel on trial.
 *
 * mbochs needs dma-buf, which a kernel has only with a driver of real displays,
 * and whose absence takes nothing from its devices but the export of their
 * picture. Without dma-buf, that export fails.
 */
#include <linux/dma-buf.h>
#include <linux/err.h>

#ifndef CONFIG_DMA_SHARED_BUFFER
#define dma_buf_export(info) ((void)(info), (struct dma_buf *)ERR_PTR(-EOPNOTSUPP))
#define dma_buf_fd(buffer, flags) (-EOPNOTSUPP)
#endif

#include <mbochs.c>
