/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTRIAL_DELAY_H
#define KTRIAL_DELAY_H

/* Delays the current task, for the time that its slot says. */
void ktrial_delay_spend(void);
/* Where a task goes on in place of the function. */
void ktrial_delay_here(void);
/* Where a probe takes it back. */
void ktrial_delay_back(void);

#endif
