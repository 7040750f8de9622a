/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An exception of arm64 does not set the kernel's stack pointer on its return:
 * it must be what it was when the task gets back.
 */
#include <linux/linkage.h>

SYM_FUNC_START(ktrial_delay_here)
	stp	x29, x30, [sp, #-16]!
	mov	x29, sp
	bl	ktrial_delay_spend
	ldp	x29, x30, [sp], #16
SYM_INNER_LABEL(ktrial_delay_back, SYM_L_GLOBAL)
	nop
	b	.
SYM_FUNC_END(ktrial_delay_here)
