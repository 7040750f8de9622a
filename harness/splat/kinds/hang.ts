// SPDX-License-Identifier: MIT
import { HANG, type Kind, STALL, TRACE } from './family.ts';
import { BLOCKING_TASK, EXCEPTION_STACK, NMI_BACKTRACE, SCHEDULER, TIMER_INTERRUPT } from './stack.ts';

/** Tasks and processors that make no progress. */
export const HANG_KINDS: readonly Kind[] = [
  {
    header: /BUG: soft lockup/,
    title: 'BUG: soft lockup in $f',
    also: STALL,
    alsoInnermost: true,
    walks: [
      ['pc', 'trace', 'frames'],
      ['trace', 'frames'],
    ],
    skip: SCHEDULER,
    choice: 'stall',
  },
  {
    opens: [{ words: 'hard LOCKUP', known: true }],
    header: /[Ww]atchdog detected hard LOCKUP|hard LOCKUP on cpu/,
    title: 'hard lockup in $f',
    also: STALL,
    alsoInnermost: true,
    walks: [
      ['pc', 'trace', 'frames'],
      ['trace', 'frames'],
    ],
    skip: SCHEDULER,
    choice: 'stall',
  },
  {
    header: /INFO: rcu_tasks\w* detected stalls on tasks/,
    title: 'INFO: rcu detected stall in $f',
    also: STALL,
    alsoInnermost: true,
    walks: TRACE,
    skip: /sched|context_switch|__switch_to/,
    choice: 'stall',
  },
  {
    header: /INFO: rcu_(?:preempt|sched|bh)(?:_state)? (?:self-)?detected(?: expedited)? stalls?/,
    title: 'INFO: rcu detected stall in $f',
    also: STALL,
    alsoInnermost: true,
    walks: [
      [TIMER_INTERRUPT, 'pc', 'frames'],
      [TIMER_INTERRUPT, 'frames'],
      [EXCEPTION_STACK, 'frames'],
      // A processor with its interrupts off is asked where it is by another.
      [NMI_BACKTRACE, 'pc', 'frames'],
      [NMI_BACKTRACE, 'frames'],
      // arm64 shows the interrupted place and nothing of the interrupt.
      [/^pc : /, 'trace', 'frames'],
      // So does x86 where a CPU reports itself.
      [/^RIP: 0010:(?<f>[A-Za-z_][\w.]*)\+0x/, 'trace', 'frames'],
      // A task was preempted inside its critical section, and no CPU is to blame.
      [BLOCKING_TASK, 'trace', 'frames'],
    ],
    skip: /^(?:__)?schedule$|^preempt_schedule|apic_timer_interrupt|^rcu_|^el1|^call_on_irq_stack|^do_interrupt_handler/,
    choice: 'stall',
  },
  {
    header: /INFO: task .+ blocked (?:in I\/O wait )?(?:on an? .*)?for more than \d+ seconds/,
    title: 'INFO: task hung in $f',
    also: HANG,
    walks: TRACE,
    choice: 'hung',
  },
  // A line feed in the task's name splits the headline.
  {
    header: /INFO: task [^:]*$/,
    body: /:\d+ blocked (?:in I\/O wait )?for more than \d+ seconds/,
    title: 'INFO: task hung in $f',
    also: HANG,
    walks: TRACE,
    choice: 'hung',
  },
  {
    header: /INFO: task .+ can't die/,
    title: "INFO: task can't die in $f",
    also: HANG,
    walks: TRACE,
    skip: /schedule/,
  },
  { header: /BUG: workqueue lockup/, title: 'BUG: workqueue lockup', stackless: true },
];
