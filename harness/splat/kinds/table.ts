// SPDX-License-Identifier: MIT
import type { Kind } from './family.ts';

/** All kinds, the more specific before the more general. */
export const KINDS: readonly Kind[] = [
  // Sanitizers.
  {
    type: 'kasan',
    header: /BUG: KASAN: (double-free|invalid-free|double-free or invalid-free)(?: in (?<f>[\w.]+))?/,
    title: 'KASAN: $1 in $f',
    culprit: ['header', 'trace'],
  },
  {
    type: 'kasan',
    header: /BUG: KASAN: ([\w-]+) (?:in|on) (?<f>[A-Za-z_][\w.]*)/,
    title: 'KASAN: $1$access in $f',
    culprit: ['header', 'trace'],
  },
  {
    type: 'kmsan',
    header: /BUG: KMSAN: ([\w-]+) in (?<f>[\w.]+)/,
    title: 'KMSAN: $1 in $f',
    culprit: ['header', 'trace'],
  },
  {
    type: 'kcsan',
    header: /BUG: KCSAN: ([\w-]+ in (?<f>[\w.]+)(?: \/ [\w.]+)?)/,
    title: 'KCSAN: $1',
    culprit: ['header', 'trace'],
  },
  {
    type: 'kfence',
    header: /BUG: KFENCE: ([\w -]+?) in (?<f>[\w.]+)/,
    title: 'KFENCE: $1 in $f',
    culprit: ['header', 'trace'],
  },
  { type: 'ubsan', header: /UBSAN: ([\w -]+?) in \S+:\d+/, title: 'UBSAN: $1 in $f', culprit: ['trace'] },
  // Faults.
  {
    type: 'fault',
    header:
      /BUG: (?:unable to handle )?kernel NULL pointer dereference|[Uu]nable to handle kernel NULL pointer dereference/,
    title: 'BUG: unable to handle kernel NULL pointer dereference in $f',
    culprit: ['pc', 'trace'],
  },
  {
    type: 'fault',
    header:
      /[Uu]nable to handle (?:kernel )?(?:paging request|page fault|access to user memory)|BUG: unable to handle page fault/,
    title: 'BUG: unable to handle kernel paging request in $f',
    culprit: ['pc', 'trace'],
  },
  {
    type: 'gpf',
    header: /general protection fault(?!.*\berror:\d+ in )(?:, [^:]*)?:/,
    title: 'general protection fault in $f',
    culprit: ['pc', 'trace'],
  },
  {
    type: 'doubleFault',
    header: /PANIC: double fault/,
    title: 'double fault in $f',
    culprit: ['pc', 'trace'],
  },
  { type: 'divide', header: /divide error:/, title: 'divide error in $f', culprit: ['pc', 'trace'] },
  {
    type: 'stack',
    header: /BUG: (?:\S+ )?stack guard page was hit/,
    title: 'BUG: stack guard page was hit in $f',
    culprit: ['pc', 'trace'],
  },
  {
    type: 'bug',
    header: /kernel BUG at lib\/list_debug\.c/i,
    title: 'BUG: corrupted list in $f',
    culprit: ['trace', 'pc'],
  },
  { type: 'bug', header: /kernel BUG at \S+/i, title: 'kernel BUG in $f', culprit: ['pc', 'trace'] },
  {
    type: 'invalidOpcode',
    header: /invalid opcode:/,
    title: 'invalid opcode in $f',
    culprit: ['pc', 'trace'],
    continues: true,
  },
  {
    type: 'fault',
    header: /Internal error: /,
    title: 'Internal error in $f',
    culprit: ['pc', 'trace'],
    continues: true,
  },
  // Locking.
  {
    type: 'lockdep',
    header:
      /WARNING: possible (?:circular locking dependency|recursive locking|irq lock inversion)|WARNING: \S+-safe -> \S+-unsafe lock order/,
    title: 'possible deadlock in $f',
    culprit: ['header', 'trace'],
  },
  {
    type: 'lockdep',
    header: /WARNING: inconsistent lock state/,
    title: 'inconsistent lock state in $f',
    culprit: ['trace'],
  },
  {
    type: 'lockdep',
    header: /(?:WARNING|BUG): (bad unlock balance) detected/,
    title: '$1 in $f',
    culprit: ['header', 'trace'],
  },
  { type: 'lockdep', header: /WARNING: (held lock freed)/, title: '$1 in $f', culprit: ['trace'] },
  {
    type: 'lockdep',
    header: /(?:WARNING|BUG): .*\b(lock held when returning to user space|still has locks held)/,
    title: '$1 in $f',
    culprit: ['trace'],
  },
  {
    type: 'lockdep',
    header: /\[ BUG: Invalid wait context \]/,
    title: 'WARNING: locking bug in $f',
    culprit: ['trace'],
  },
  {
    type: 'rcu',
    header: /WARNING: suspicious RCU usage/,
    title: 'suspicious RCU usage in $f',
    culprit: ['trace'],
  },
  {
    type: 'lockdep',
    header:
      /BUG: (spinlock|rwlock) (bad magic|already unlocked|wrong owner|lockup suspected|recursion|trylock failure|cpu recursion)/,
    title: 'BUG: $1 $2 in $f',
    culprit: ['trace'],
  },
  {
    type: 'atomicSleep',
    header: /BUG: (sleeping function called from invalid context|scheduling while atomic)/,
    title: 'BUG: $1 in $f',
    culprit: ['trace'],
  },
  {
    type: 'atomicSleep',
    header: /BUG: using \S+ in preemptible/,
    title: 'BUG: using smp_processor_id() in preemptible code in $f',
    culprit: ['trace'],
    skip: [/preempt|processor_id|this_cpu/],
  },
  // Hangs.
  {
    type: 'hang',
    header: /INFO: task \S+ blocked (?:in I\/O wait )?for more than \d+ seconds/,
    title: 'INFO: task hung in $f',
    culprit: ['trace'],
    skip: [/sched|_lock|^down|rwsem|completion|kthread|wait|synchronize|context_switch|rcu_barrier/],
  },
  { type: 'lockup', header: /BUG: soft lockup/, title: 'BUG: soft lockup in $f', culprit: ['pc', 'trace'] },
  {
    type: 'lockup',
    header: /(?:NMI watchdog: )?Watchdog detected hard LOCKUP/,
    title: 'hard lockup in $f',
    culprit: ['pc', 'trace'],
  },
  {
    type: 'stall',
    header: /INFO: rcu_\w+ (?:self-)?detected (?:expedited )?stall|rcu: INFO: rcu_\w+ (?:self-)?detected/,
    title: 'INFO: rcu detected stall in $f',
    culprit: ['pc', 'trace'],
  },
  { type: 'lockup', header: /BUG: workqueue lockup/, title: 'BUG: workqueue lockup', culprit: [] },
  // Warnings with a better name than WARNING.
  {
    type: 'refcount',
    header: /WARNING: .*lib\/refcount\.c/,
    title: 'WARNING: refcount bug in $f',
    culprit: ['trace', 'pc'],
  },
  {
    type: 'odebug',
    header: /WARNING: .*lib\/debugobjects\.c/,
    title: 'WARNING: ODEBUG bug in $f',
    culprit: ['trace', 'pc'],
  },
  {
    type: 'kobject',
    header: /WARNING: .*lib\/kobject\.c/,
    title: 'WARNING: kobject bug in $f',
    culprit: ['trace', 'pc'],
  },
  {
    type: 'warning',
    header: /WARNING: (?:CPU: \d+ PID: \d+ )?at \S+.*|WARNING: (?:\[.*\] )?\S+:\d+ at /,
    title: 'WARNING in $f',
    culprit: ['pc', 'trace'],
  },
  // Memory.
  { type: 'leak', header: /BUG: memory leak/, title: 'memory leak in $f', culprit: ['trace'] },
  {
    type: 'badPage',
    header: /BUG: Bad page (state|cache)/,
    title: 'BUG: Bad page $1 in $f',
    culprit: ['trace'],
  },
  { type: 'bug', header: /BUG: (?!KASAN|DEBUG)(.+)/, title: 'BUG: $1', culprit: [] },
  {
    type: 'panic',
    header: /Kernel panic - not syncing: (.*)/,
    title: 'kernel panic: $1',
    culprit: [],
    continues: true,
  },
];

/** Lines that only look like a header: other programs' words, and the kernel's own harmless notices. */
export const HARMLESS: readonly RegExp[] = [
  /DEBUG:|xlog_status:|_INFO:|lockdep is turned off|NMI handler|took too long|recovery required on readonly/,
  /WARNING: (?:.*workqueue cpumask|.*mand mount option|.*DT_FLAGS_1|.*mitigation options|.*CPU_SRSO)|Unprivileged eBPF is enabled|missed to adjust virtual screen|uses deprecated v2 capabilities|uses wireless extensions|EXT4-fs \(|XFS \([^)]*\): WARNING/,
  /general protection fault.*error:\d+ in /,
];
