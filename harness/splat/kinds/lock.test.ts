// SPDX-License-Identifier: MIT
import t from 'tap';
import { aCallTrace, aLog, aStack } from '../../testing/index.ts';
import { scanLog } from '../index.ts';

/** Title, lines, and what else must be so. */
type Row = readonly [string, readonly string[], Readonly<Record<string, unknown>>?];

const CPU = 'CPU: 1 UID: 0 PID: 42 Comm: probe Not tainted 6.12.0 #1';
const ENTRY = 'do_syscall_64 entry_SYSCALL_64_after_hwframe';
const WHOLE = { corrupted: false, panicked: false };
const LOCKDEP = { type: 'LOCKDEP', ...WHOLE };
const SIGN = '======================================================';

const ROWS: readonly Row[] = [
  [
    'possible deadlock in pond_poll',
    [
      SIGN,
      'WARNING: possible circular locking dependency detected',
      '6.12.0 #1 Not tainted',
      '------------------------------------------------------',
      'probe/42 is trying to acquire lock:',
      'ffff888012345678 (&pond->lock){+.+.}-{3:3}, at: pond_poll+0x5c/0x130',
      '',
      'but task is already holding lock:',
      'ffff888012345600 (&pool->lock#2){+.+.}-{3:3}, at: pool_scan+0x30/0x90',
      '',
      'which lock already depends on the new lock.',
      '',
      'the existing dependency chain (in reverse order) is:',
      '',
      '-> #1 (&pool->lock#2){+.+.}-{3:3}:',
      aStack('      __mutex_lock pool_add pond_open'.trim()),
      '-> #0 (&pond->lock){+.+.}-{3:3}:',
      aStack('check_prev_add validate_chain __lock_acquire lock_acquire __mutex_lock pond_poll'),
      'other info that might help us debug this:',
      ' Possible unsafe locking scenario:',
      ' *** DEADLOCK ***',
      '1 lock held by probe/42:',
      ' #0: ffff888012345600 (&pool->lock#2){+.+.}-{3:3}, at: pool_scan+0x30/0x90',
      'stack backtrace:',
      CPU,
      aCallTrace(`dump_stack_lvl print_circular_bug check_noncircular __lock_acquire pond_poll ${ENTRY}`),
    ],
    { culprit: 'pond_poll', comm: 'probe', pid: 42, ...LOCKDEP },
  ],
  [
    'possible deadlock in pool_scan',
    [
      '[ INFO: possible circular locking dependency detected ]',
      '4.9.0 #1 Not tainted',
      'probe/42 is trying to acquire lock:',
      ' (&pond->lock){+.+.+.}, at: [<ffffffff82d4d3cd>] mutex_lock_nested+0x5c/0x130',
      'but task is already holding lock:',
      ' (&pool->lock){+.+.+.}, at: [<ffffffff82d4d300>] pool_scan+0x30/0x90',
      'which lock already depends on the new lock.',
      'stack backtrace:',
      'Call Trace:',
      ' [<ffffffff81b4a3f9>] dump_stack+0x9d/0xc4',
      ' [<ffffffff8123a3f9>] print_circular_bug+0x9d/0xc4',
    ],
    { culprit: 'pool_scan', ...LOCKDEP },
  ],
  [
    'possible deadlock in pond_poll',
    [
      'WARNING: possible recursive locking detected',
      '6.12.0 #1 Not tainted',
      'probe/42 is trying to acquire lock:',
      'ffff888012345678 (sk_lock-AF_POND/1){+.+.}-{0:0}, at: pond_poll+0x5c/0x130',
      'but task is already holding lock:',
      'ffff888012345600 (sk_lock-AF_POND/1){+.+.}-{0:0}, at: pond_bind+0x30/0x90',
      'stack backtrace:',
      CPU,
      aCallTrace(`dump_stack_lvl print_deadlock_bug __lock_acquire lock_acquire pond_poll ${ENTRY}`),
    ],
    { culprit: 'pond_poll', ...LOCKDEP },
  ],
  [
    'possible deadlock in pond_irq',
    [
      'WARNING: possible irq lock inversion dependency detected',
      '6.12.0 #1 Not tainted',
      'swapper/0/0 just changed the state of lock:',
      'ffff888012345678 (&pond->lock){-.-.}-{2:2}, at: pond_irq+0x5c/0x130',
      'but this lock took another, HARDIRQ-unsafe lock in the past:',
      ' (&pool->lock){+.+.}-{2:2}',
      'stack backtrace:',
      aCallTrace('dump_stack_lvl mark_lock __lock_acquire lock_acquire pond_irq handle_irq_event'),
    ],
    { culprit: 'pond_irq', ...LOCKDEP },
  ],
  [
    'possible deadlock in pond_irq',
    [
      'WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected',
      '6.12.0 #1 Not tainted',
      'probe/42 [HC0[0]:SC0[0]:HE0:SE1] is trying to acquire:',
      'ffff888012345678 (&pool->lock){+.+.}-{2:2}, at: pool_scan+0x5c/0x130',
      '',
      'and this task is already holding:',
      'ffff888012345600 (&pond->lock){-...}-{2:2}, at: pond_poll+0x30/0x90',
      'which would create a new lock dependency:',
      ' (&pond->lock){-...}-{2:2} -> (&pool->lock){+.+.}-{2:2}',
      '',
      'but this new dependency connects a HARDIRQ-irq-safe lock:',
      ' (&pond->lock){-...}-{2:2}',
      '... which became HARDIRQ-irq-safe at:',
      aStack('lock_acquire _raw_spin_lock_irqsave pond_irq handle_irq_event'),
      'to a HARDIRQ-irq-unsafe lock:',
      ' (&pool->lock){+.+.}-{2:2}',
      '... which became HARDIRQ-irq-unsafe at:',
      aStack('lock_acquire _raw_spin_lock pool_add'),
      'stack backtrace:',
      aCallTrace(`dump_stack_lvl check_irq_usage __lock_acquire pool_scan ${ENTRY}`),
    ],
    { culprit: 'pond_irq', ...LOCKDEP },
  ],
  [
    'inconsistent lock state in pond_irq',
    [
      'WARNING: inconsistent lock state',
      '6.12.0 #1 Not tainted',
      'inconsistent {HARDIRQ-ON-W} -> {IN-HARDIRQ-W} usage.',
      'swapper/0/0 [HC1[1]:SC0[0]:HE0:SE1] takes:',
      'ffff888012345678 (&pond->lock){?.+.}-{2:2}, at: pond_irq+0x5c/0x130',
      '{HARDIRQ-ON-W} state was registered at:',
      aStack('lock_acquire _raw_spin_lock pond_poll'),
      'irq event stamp: 1024',
      'stack backtrace:',
      aCallTrace(
        'dump_stack_lvl print_usage_bug mark_lock_irq mark_lock __lock_acquire lock_acquire _raw_spin_lock pond_irq handle_irq_event',
      ),
    ],
    { culprit: 'pond_irq', ...LOCKDEP },
  ],
  [
    'inconsistent lock state in pond_irq',
    [
      '[ INFO: inconsistent lock state ]',
      '4.4.0 #1 Not tainted',
      'inconsistent {HARDIRQ-ON-W} -> {IN-HARDIRQ-W} usage.',
      'swapper/0/0 [HC1[1]:SC0[0]:HE0:SE1] takes:',
      ' (&pond->lock){?.+...}, at: [<ffffffff82d4d3cd>] pond_irq+0x5c/0x130',
      '{HARDIRQ-ON-W} state was registered at:',
      '  [<ffffffff8123a3f9>] __lock_acquire+0x9d/0xc4',
      'stack backtrace:',
      'Call Trace:',
      ' [<ffffffff81b4a3f9>] dump_stack+0x9d/0xc4',
    ],
    { culprit: 'pond_irq', ...LOCKDEP },
  ],
  ...['WARNING: bad unlock balance detected!', '[ BUG: bad unlock balance detected! ]'].map(
    (words): Row => [
      `${words.startsWith('[') ? 'BUG' : 'WARNING'}: bad unlock balance in pond_drop`,
      [
        words,
        '6.12.0 #1 Not tainted',
        '-------------------------------------',
        'probe/42 is trying to release lock (&pond->lock) at:',
        '[<ffffffff82d4d3cd>] pond_drop+0x5c/0x130',
        'but there are no more locks to release!',
        '',
        'other info that might help us debug this:',
        'no locks held by probe/42.',
        'stack backtrace:',
        aCallTrace(
          `dump_stack_lvl print_unlock_imbalance_bug lock_release __mutex_unlock_slowpath pond_drop ${ENTRY}`,
        ),
      ],
      { culprit: 'pond_drop', ...LOCKDEP },
    ],
  ),
  [
    'WARNING: held lock freed in pond_drop',
    [
      'WARNING: held lock freed!',
      '6.12.0 #1 Not tainted',
      'probe/42 is freeing memory ffff888012345600-ffff888012345fff, with a lock still held there!',
      'ffff888012345678 (sk_lock-AF_POND){+.+.}-{0:0}, at: pond_drop+0x5c/0x130',
      '1 lock held by probe/42:',
      ' #0: ffff888012345678 (sk_lock-AF_POND){+.+.}-{0:0}, at: pond_drop+0x5c/0x130',
      'stack backtrace:',
      aCallTrace(`dump_stack_lvl debug_check_no_locks_freed kmem_cache_free pond_free ${ENTRY}`),
    ],
    LOCKDEP,
  ],
  [
    'BUG: still has locks held in pond_wait',
    [
      '[ BUG: probe/42 still has locks held! ]',
      '4.4.0 #1 Not tainted',
      '1 lock held by probe/42:',
      ' #0:  (&pond->lock){+.+...}, at: [<ffffffff82d4d3cd>] pond_wait+0x5c/0x130',
      'stack backtrace:',
      'Call Trace:',
      ' [<ffffffff81b4a3f9>] dump_stack+0x9d/0xc4',
      ' [<ffffffff8123a3f9>] debug_check_no_locks_held+0x9d/0xc4',
      ' [<ffffffff82d4d300>] pond_wait+0x5c/0x130',
    ],
    LOCKDEP,
  ],
  [
    'WARNING: lock held when returning to user space in pond_poll',
    [
      'WARNING: lock held when returning to user space!',
      '6.12.0 #1 Not tainted',
      'probe/42 is leaving the kernel with locks still held!',
      '1 lock held by probe/42:',
      ' #0: ffff888012345678 (&pond->lock){+.+.}-{3:3}, at: pond_poll+0x5c/0x130',
    ],
    LOCKDEP,
  ],
  [
    'WARNING: Nested lock was not taken in pond_poll',
    [
      'WARNING: Nested lock was not taken',
      '6.12.0 #1 Not tainted',
      'probe/42 is trying to lock:',
      'ffff888012345678 (reservation_ww_class_mutex){+.+.}-{3:3}, at: pond_poll+0x5c/0x130',
      'but this task is not holding:',
      'reservation_ww_class_acquire',
      'stack backtrace:',
      aCallTrace(
        `dump_stack_lvl __lock_acquire lock_acquire __ww_mutex_lock ww_mutex_lock pond_poll ${ENTRY}`,
      ),
    ],
    LOCKDEP,
  ],
  [
    'WARNING: locking bug in pond_poll',
    [
      '[ BUG: Invalid wait context ]',
      '6.12.0 #1 Not tainted',
      'probe/42 is trying to lock:',
      'ffff888012345678 (&pond->lock){....}-{3:3}, at: pond_poll+0x5c/0x130',
      'other info that might help us debug this:',
      'context-{5:5}',
      'stack backtrace:',
      aCallTrace(`dump_stack_lvl __lock_acquire lock_acquire __mutex_lock pond_poll ${ENTRY}`),
    ],
    LOCKDEP,
  ],
  ...['WARNING: suspicious RCU usage', '[ INFO: suspicious RCU usage. ]', 'INFO: suspicious RCU usage'].map(
    (words): Row => [
      `${words.includes('INFO') ? 'INFO' : 'WARNING'}: suspicious RCU usage in pond_find`,
      [
        words,
        '6.12.0 #1 Not tainted',
        '-----------------------------',
        'drivers/pond/pond.c:77 suspicious rcu_dereference_check() usage!',
        'other info that might help us debug this:',
        'rcu_scheduler_active = 2, debug_locks = 1',
        '1 lock held by probe/42:',
        ' #0: ffff888012345678 (&pond->lock){+.+.}-{3:3}, at: pond_poll+0x5c/0x130',
        'stack backtrace:',
        aCallTrace(`dump_stack_lvl lockdep_rcu_suspicious pond_find pond_poll ${ENTRY}`),
      ],
      LOCKDEP,
    ],
  ),
  [
    'INFO: trying to register non-static key in pond_open',
    [
      'INFO: trying to register non-static key.',
      'The code is fine but needs lockdep annotation, or maybe',
      "you didn't initialize this object before use?",
      'turning off the locking correctness validator.',
      CPU,
      aCallTrace(
        `dump_stack_lvl register_lock_class __lock_acquire lock_acquire _raw_spin_lock_irqsave pond_open ${ENTRY}`,
      ),
    ],
    LOCKDEP,
  ],
  [
    'BUG: spinlock bad magic in pond_poll',
    [
      'BUG: spinlock bad magic on CPU#1, probe/42',
      ' lock: 0xffff888012345678, .magic: 00000000, .owner: <none>/-1, .owner_cpu: 0',
      CPU,
      aCallTrace(`dump_stack_lvl spin_bug do_raw_spin_lock _raw_spin_lock pond_poll ${ENTRY}`),
    ],
    LOCKDEP,
  ],
  [
    'BUG: spinlock wrong CPU in pond_refill_locked',
    [
      'BUG: spinlock wrong CPU on CPU#1, probe/42',
      ' lock: 0xffff888012345678, .magic: dead4ead, .owner: probe/42, .owner_cpu: 0',
      CPU,
      aCallTrace(
        `dump_stack_lvl spin_bug do_raw_spin_unlock _raw_spin_unlock pond_refill_locked pond_poll ${ENTRY}`,
      ),
    ],
    LOCKDEP,
  ],
  [
    'BUG: rwlock bad magic in pond_poll',
    [
      'BUG: rwlock bad magic on CPU#1, probe/42, ffff888012345678',
      CPU,
      aCallTrace(`dump_stack_lvl rwlock_bug do_raw_read_lock _raw_read_lock pond_poll ${ENTRY}`),
    ],
    LOCKDEP,
  ],
  [
    'BUG: spinlock lockup suspected in pond_poll',
    [
      'BUG: spinlock lockup suspected on CPU#0, probe/42',
      ' lock: pond_lock+0x0/0x40, .magic: dead4ead, .owner: probe/41, .owner_cpu: 1',
      aCallTrace(`dump_stack spin_dump do_raw_spin_lock _raw_spin_lock_bh pond_poll ${ENTRY}`),
    ],
    LOCKDEP,
  ],
  [
    'BUG: sleeping function called from invalid context in pond_poll',
    [
      'BUG: sleeping function called from invalid context at kernel/locking/mutex.c:580',
      'in_atomic(): 1, irqs_disabled(): 0, non_block: 0, pid: 42, name: probe',
      'preempt_count: 1, expected: 0',
      'RCU nest depth: 0, expected: 0',
      '1 lock held by probe/42:',
      ' #0: ffff888012345678 (&pond->lock){+.+.}-{3:3}, at: pond_poll+0x5c/0x130',
      'Preemption disabled at:',
      '[<ffffffff82d4d3cd>] pool_scan+0x5c/0x130',
      CPU,
      aCallTrace(`dump_stack_lvl __might_resched __mutex_lock mutex_lock_nested pond_poll ${ENTRY}`),
    ],
    { type: 'ATOMIC_SLEEP', culprit: 'pond_poll', ...WHOLE },
  ],
  [
    'BUG: scheduling while atomic in pond_wait',
    [
      'BUG: scheduling while atomic: probe/42/0x00000002',
      'Modules linked in: pond',
      CPU,
      aCallTrace(`dump_stack_lvl __schedule_bug __schedule schedule schedule_timeout pond_wait ${ENTRY}`),
    ],
    { type: 'ATOMIC_SLEEP', ...WHOLE },
  ],
  [
    'BUG: using __this_cpu_add() in preemptible code in pond_poll',
    [
      'BUG: using __this_cpu_add() in preemptible [00000000] code: probe/42',
      'caller is pond_poll+0x5c/0x130',
      CPU,
      aCallTrace(`dump_stack_lvl check_preemption_disabled __this_cpu_preempt_check pond_poll ${ENTRY}`),
    ],
    LOCKDEP,
  ],
  [
    'BUG: workqueue leaked lock or atomic in pond_work',
    [
      'BUG: workqueue leaked lock or atomic: kworker/1:1/0x00000001/42',
      '     last function: pond_work',
      '1 lock held by kworker/1:1/42:',
      ' #0: ffff888012345678 (&pond->lock){+.+.}-{3:3}, at: pond_work+0x5c/0x130',
      CPU,
      aCallTrace('dump_stack_lvl process_one_work worker_thread kthread ret_from_fork'),
    ],
    LOCKDEP,
  ],
  [
    'BUG: workqueue leaked atomic, lock or RCU in pond_work',
    [
      'BUG: workqueue leaked atomic, lock or RCU: kworker/1:1[42]',
      '     preempt=0x00000000 lock=0->1 RCU=0->0 workfn=pond_work',
      '1 lock held by kworker/1:1/42:',
      CPU,
      aCallTrace('dump_stack_lvl process_one_work worker_thread kthread ret_from_fork'),
    ],
    { corrupted: false },
  ],
  [
    'WARNING: possible circular locking dependency detected',
    [
      'WARNING: possible circular locking dependency detected',
      '6.12.0 #1 Not tainted',
      'probe/42 is trying to acquire lock:',
    ],
    { corrupted: true, culprit: null, type: 'WARNING' },
  ],
];

for (const [title, lines, expected = {}] of ROWS)
  for (const caller of [undefined, 'T42'])
    t.test(`${title}: ${lines[0]} (${caller ?? 'no caller id'})`, async (t) => {
      const splats = scanLog(aLog(lines, { caller }));
      t.equal(splats[0]?.title, title);
      t.hasStrict(splats[0] ?? {}, expected);
      t.equal(splats.length, 1, 'it is one complaint');
    });
