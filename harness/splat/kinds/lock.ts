// SPDX-License-Identifier: MIT
import { AT_PLACE, type Kind, TRACE, type WalkStep } from './family.ts';

const ACQUIRED_THEN_HELD: readonly (readonly WalkStep[])[] = [
  // The chain of dependencies comes before the trace of the one who closed the circle.
  [/is trying to (?:acquire|lock)/, AT_PLACE, /already holding lock/, AT_PLACE, 'rest'],
  [/is trying to (?:acquire|lock)/, AT_PLACE, 'trace', 'frames'],
];
const AT_THEN_TRACE: readonly (readonly WalkStep[])[] = [
  [AT_PLACE, 'trace', 'frames'],
  ['trace', 'frames'],
];
const WANTED: readonly (readonly WalkStep[])[] = [
  [/is trying to (?:acquire|lock)/, /\bat:\s+(?:\[<[0-9a-f]+>\] *)?(?<f>[A-Za-z_.][\w.$]*)(?:\+0x| \()/],
];
const ANY = '(?:WARNING|INFO|BUG): ';

/** Reports of lockdep, of the lock debugging, and of what must not happen in atomic context. */
export const LOCK_KINDS: readonly Kind[] = [
  {
    header: new RegExp(`${ANY}possible circular locking dependency`),
    body: /is trying to acquire lock[\s\S]*\bat:/,
    title: 'possible deadlock in $f',
    walks: ACQUIRED_THEN_HELD,
    lastWalks: WANTED,
    // Work waits for work: who queued or flushed it is asked for.
    skip: /process_one_work|flush_workqueue|drain_workqueue|destroy_workqueue/,
    keepsWords: true,
  },
  {
    header: new RegExp(`${ANY}possible recursive locking`),
    body: /is trying to acquire lock[\s\S]*\bat:/,
    title: 'possible deadlock in $f',
    walks: ACQUIRED_THEN_HELD,
    lastWalks: WANTED,
    keepsWords: true,
  },
  {
    header: new RegExp(`${ANY}possible irq lock inversion`),
    body: /just changed the state of lock[\s\S]*\bat:/,
    title: 'possible deadlock in $f',
    walks: [[/just changed the state of lock/, AT_PLACE, 'trace', 'frames']],
    keepsWords: true,
  },
  {
    header: new RegExp(`${ANY}\\S+-safe -> \\S+-unsafe lock order`),
    body: /which became \S+-irq-safe at:|which became \S+-safe at:|is trying to acquire/,
    title: 'possible deadlock in $f',
    walks: [
      [/which became/, 'frames'],
      [/is trying to acquire/, AT_PLACE, 'trace', 'frames'],
    ],
  },
  {
    header: new RegExp(`${ANY}(?:possible )?(?:deadlock|lock order)`),
    title: 'possible deadlock in $f',
    walks: TRACE,
  },
  { header: /WARNING: inconsistent lock state/, title: 'inconsistent lock state in $f', walks: TRACE },
  {
    header: /INFO: inconsistent lock state/,
    title: 'inconsistent lock state in $f',
    walks: [[/takes/, AT_PLACE, 'trace', 'frames'], ...TRACE],
  },
  {
    header: /(WARNING|BUG): bad unlock balance/,
    body: /is trying to release lock/,
    title: '$1: bad unlock balance in $f',
    walks: [[/is trying to release lock/, AT_PLACE, 'trace', 'frames'], ...AT_THEN_TRACE],
  },
  {
    header: /(WARNING|BUG): held lock freed/,
    title: '$1: held lock freed in $f',
    walks: AT_THEN_TRACE,
  },
  {
    header: /(WARNING|BUG): .*still has locks held/,
    title: '$1: still has locks held in $f',
    // Who took the first lock, not who returned with it.
    walks: AT_THEN_TRACE,
  },
  {
    header: /(WARNING|BUG): lock held when returning to user space/,
    title: '$1: lock held when returning to user space in $f',
    walks: [[AT_PLACE], ...TRACE],
    stackless: true,
  },
  {
    header: /(WARNING|BUG): Nested lock was not taken/,
    title: '$1: Nested lock was not taken in $f',
    walks: TRACE,
    skip: /lock/,
  },
  {
    header: /BUG: Invalid wait context/,
    title: 'WARNING: locking bug in $f',
    walks: TRACE,
    skip: /lock_|lock_sock|release_sock/,
  },
  {
    header: /(WARNING|INFO): suspicious (?:RCU|\w+\(\)(?: check)?) usage/,
    body: /\.[chS]:\d/,
    title: '$1: suspicious RCU usage in $f',
    walks: TRACE,
    skip: /rcu_/,
    keepsWords: true,
  },
  {
    header: /INFO: trying to register non-static key/,
    title: 'INFO: trying to register non-static key in $f',
    walks: TRACE,
    skip: /stack|lock|IRQ/,
  },
  {
    header:
      /BUG: (spinlock|rwlock) (bad magic|already unlocked|already locked|wrong owner|wrong CPU|lockup suspected|lockup|recursion|trylock failure on UP|cpu recursion|write-lock lockup suspected)/,
    title: 'BUG: $1 $2 in $f',
    walks: TRACE,
    skip: /spin_|rwlock|_lock(?!ed)/,
  },
  {
    header: /BUG: (sleeping function called from invalid context|scheduling while atomic)/,
    title: 'BUG: $1 in $f',
    walks: TRACE,
    skip: /schedule/,
  },
  {
    header: /BUG: using ([a-z_]+)\(\) in preemptible/,
    title: 'BUG: using $1() in preemptible code in $f',
    walks: TRACE,
    skip: /preempt|this_cpu|processor_id|percpu_counter_add/,
  },
  {
    header: /BUG: workqueue leaked (lock or atomic|atomic, lock or RCU)/,
    body: /(?:last function: |workfn=)(?<f>[A-Za-z_][\w.]*)/,
    title: 'BUG: workqueue leaked $1 in $f',
    walks: [['header']],
    stackless: true,
  },
];
