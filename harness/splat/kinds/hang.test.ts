// SPDX-License-Identifier: MIT
import t from 'tap';
import { aCallTrace, aLog, aStack } from '../../testing/index.ts';
import { scanLog } from '../index.ts';

/** Title, lines, and what else must be so. */
type Row = readonly [string, readonly string[], Readonly<Record<string, unknown>>?];

const CPU = 'CPU: 1 UID: 0 PID: 42 Comm: probe Not tainted 6.12.0 #1';
const ENTRY = 'do_syscall_x64 do_syscall_64 entry_SYSCALL_64_after_hwframe';
const WHOLE = { corrupted: false, panicked: false };
const HANG = { type: 'HANG', ...WHOLE };

function aHungTask(trace: string): string[] {
  return [
    'INFO: task probe:42 blocked for more than 143 seconds.',
    '      Not tainted 6.12.0 #1',
    '"echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.',
    'task:probe           state:D stack:25000 pid:42    tgid:42    ppid:1      flags:0x00004006',
    aCallTrace(trace),
    '',
    'Showing all locks held in the system:',
    '1 lock held by khungtaskd/30:',
    ' #0: ffffffff8e13b4a0 (rcu_read_lock){....}-{1:3}, at: debug_show_all_locks+0x7f/0x2a0',
    '=============================================',
    '',
    'NMI backtrace for cpu 0',
    'CPU: 0 UID: 0 PID: 30 Comm: khungtaskd Not tainted 6.12.0 #1',
    aCallTrace('dump_stack_lvl nmi_cpu_backtrace watchdog kthread ret_from_fork'),
  ];
}

function aStall(headline: string, inner: string): string[] {
  return [
    headline,
    'rcu: \t1-...!: (1 GPs behind) idle=4e4c/1/0x4000000000000000 softirq=9841/9842 fqs=0',
    'rcu: \t(detected by 0, t=10502 jiffies, g=11081, q=312 ncpus=2)',
    'Sending NMI from CPU 0 to CPUs 1:',
    'NMI backtrace for cpu 1',
    CPU,
    'RIP: 0010:__sanitizer_cov_trace_pc+0x4/0x60',
    'Code: 48 89 e5 41 57 41 56 <48> 8b 07 48 c1 e8 03',
    'RSP: 0018:ffffc90000107c40 EFLAGS: 00000046',
    'Call Trace:',
    ' <NMI>',
    ' </NMI>',
    ' <IRQ>',
    aStack('advance_sched __hrtimer_run_queues hrtimer_interrupt __sysvec_apic_timer_interrupt'),
    ' </IRQ>',
    ' <TASK>',
    ' asm_sysvec_apic_timer_interrupt+0x1a/0x20',
    'RIP: 0010:pond_spin+0x24/0x80',
    'Code: 48 89 e5 41 57 41 56 <48> 8b 07 48 c1 e8 03',
    'RSP: 0018:ffffc90003107c40 EFLAGS: 00000246',
    aStack(inner),
    ' </TASK>',
  ];
}

function aPreemptedTask(inner: string): string[] {
  const guesses = `trace_hardirqs_on irqentry_exit sysvec_apic_timer_interrupt asm_sysvec_apic_timer_interrupt local_clock ${inner} kthread kthread_park ret_from_fork ret_from_fork_asm`;
  return [
    'Call Trace:',
    ' <TASK>',
    ' __schedule+0x345/0x890',
    ...guesses.split(' ').map((name) => ` ? ${name}+0x24/0x80`),
    ' </TASK>',
  ];
}

const ROWS: readonly Row[] = [
  [
    'INFO: task hung in pond_flush',
    aHungTask(`context_switch __schedule schedule schedule_timeout wait_for_completion pond_flush ${ENTRY}`),
    { culprit: 'pond_flush', comm: 'probe', pid: 42, ...HANG },
  ],
  [
    'INFO: task hung in rtnl_lock',
    aHungTask(`__schedule schedule schedule_preempt_disabled __mutex_lock rtnl_lock pond_ioctl ${ENTRY}`),
    HANG,
  ],
  [
    'INFO: task hung in synchronize_rcu',
    aHungTask(
      `__schedule schedule schedule_timeout __wait_for_common __synchronize_srcu synchronize_srcu pond_drop ${ENTRY}`,
    ),
    HANG,
  ],
  [
    'INFO: task hung in synchronize_rcu',
    aHungTask(`__schedule schedule schedule_timeout synchronize_net pond_drop ${ENTRY}`),
    HANG,
  ],
  [
    'INFO: task hung in pond_sync',
    [
      'INFO: task jbd2/sda1-8:212 blocked in I/O wait for more than 143 seconds.',
      '      Not tainted 6.12.0 #1',
      'task:jbd2/sda1-8     state:D stack:25000 pid:212   ppid:2      flags:0x00004000',
      aCallTrace('__schedule schedule io_schedule bit_wait_io out_of_line_wait_on_bit pond_sync kthread'),
    ],
    { comm: 'jbd2/sda1-8', pid: 212, ...HANG },
  ],
  [
    'INFO: task hung in pond_sync',
    [
      'INFO: task probe:42 blocked on a mutex likely owned by task helper:40.',
      'INFO: task probe:42 blocked for more than 143 seconds.',
      aCallTrace('__schedule schedule __mutex_lock pond_sync'),
    ].slice(1),
    HANG,
  ],
  [
    'INFO: task hung in pond_drain_rwsem',
    aHungTask(
      `__schedule schedule schedule_preempt_disabled rwsem_down_write_slowpath down_write pond_drain_rwsem ${ENTRY}`,
    ),
    HANG,
  ],
  [
    'INFO: task hung in pond_completion',
    aHungTask(
      `__schedule schedule schedule_timeout __wait_for_common wait_for_completion pond_completion ${ENTRY}`,
    ),
    HANG,
  ],
  [
    'INFO: task hung in pond_nap',
    aHungTask(
      '__schedule schedule schedule_timeout msleep pond_nap process_one_work worker_thread kthread ret_from_fork',
    ),
    HANG,
  ],
  [
    'INFO: task hung in corrupted',
    ['INFO: task probe:42 blocked for more than 143 seconds.', '      Not tainted 6.12.0 #1'],
    { corrupted: true, culprit: null },
  ],
  [
    "INFO: task can't die in pond_loop",
    [
      "INFO: task probe:42 can't die for more than 143 seconds.",
      'task:probe           state:R  running task     stack:25000 pid:42 ppid:1 flags:0x00004006',
      aCallTrace(`__schedule preempt_schedule_irq pond_loop ${ENTRY}`),
    ],
    HANG,
  ],
  [
    'BUG: soft lockup in pond_ioctl',
    [
      'watchdog: BUG: soft lockup - CPU#1 stuck for 143s! [probe:42]',
      'Modules linked in:',
      'irq event stamp: 10024',
      CPU,
      'RIP: 0010:_raw_spin_unlock_irqrestore+0x24/0x80',
      'RSP: 0018:ffffc90003107c40 EFLAGS: 00000246',
      aCallTrace(`pond_step pond_walk pond_ioctl vfs_ioctl __se_sys_ioctl ${ENTRY}`),
    ],
    { cpu: 1, comm: 'probe', pid: 42, ...HANG },
  ],
  [
    'BUG: soft lockup in pond_work',
    [
      'watchdog: BUG: soft lockup - CPU#1 stuck for 143s! [kworker/1:1:42]',
      CPU,
      'RIP: 0010:pond_step+0x24/0x80',
      aCallTrace('pond_walk pond_work process_one_work worker_thread kthread ret_from_fork'),
    ],
    HANG,
  ],
  [
    'BUG: soft lockup in smp_call_function',
    [
      'watchdog: BUG: soft lockup - CPU#1 stuck for 143s! [probe:42]',
      CPU,
      'RIP: 0010:smp_call_function_many_cond+0x24/0x80',
      aCallTrace(`on_each_cpu_cond_mask text_poke_bp pond_set ${ENTRY}`),
    ],
    HANG,
  ],
  ...[
    'rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:',
    'rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 1-.... } 2687 jiffies s: 2657 root: 0x2/.',
    'rcu: INFO: rcu_sched self-detected stall on CPU',
    'INFO: rcu_preempt self-detected stall on CPU { 1}  (t=65000 jiffies g=3 c=2 q=1)',
    'INFO: rcu_bh detected stalls on CPUs/tasks:',
  ].map(
    (words): Row => [
      'INFO: rcu detected stall in sys_pond',
      aStall(words, `pond_walk __x64_sys_pond ${ENTRY}`),
      HANG,
    ],
  ),
  [
    'INFO: rcu detected stall in sys_pond',
    [
      'rcu: INFO: rcu_preempt self-detected stall on CPU',
      'rcu: \t1-....: (10499 ticks this GP) idle=4e4c/1/0x4000000000000002 softirq=9841/9842 fqs=5247',
      'CPU: 1 UID: 0 PID: 42 Comm: probe Not tainted 6.12.0 #1',
      'Hardware name: linux,dummy-virt (DT)',
      'pstate: 80400005 (Nzcv daif +PAN -UAO -TCO -DIT -SSBS BTYPE=--)',
      'pc : pond_spin+0x6c/0xa0',
      'lr : pond_walk+0x44/0x94',
      'Call trace:',
      ' pond_spin+0x6c/0xa0',
      ' pond_walk+0x44/0x94',
      ' __arm64_sys_pond+0x24/0x34',
      ' invoke_syscall+0x48/0x114',
      ' el0_svc+0x48/0x114',
    ],
    {},
  ],
  [
    'INFO: rcu detected stall in pond_spin',
    [
      'rcu: INFO: rcu_preempt self-detected stall on CPU',
      'rcu: \t1-....: (938 ticks this GP) idle=e3b4/1/0x4000000000000000 softirq=559/560 fqs=637',
      'rcu: \t(t=2254 jiffies g=-267 q=1 ncpus=2)',
      CPU,
      'RIP: 0010:pond_spin+0x23/0x50',
      'RSP: 0018:ffffc900001bbed0 EFLAGS: 00000293',
      aCallTrace('kthread ret_from_fork ret_from_fork_asm'),
    ],
    HANG,
  ],
  // With frame pointers nothing of a preempted task is sure but the scheduler.
  [
    'INFO: rcu detected stall in pond_read',
    [
      'rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:',
      'rcu: \tTasks blocked on level-0 rcu_node (CPUs 0-1): P42',
      'rcu: \t(detected by 0, t=2255 jiffies, g=-479, q=1 ncpus=2)',
      'task:probe           state:R  running task     stack:0     pid:42    tgid:42    ppid:2      flags:0x00004000',
      ...aPreemptedTask('pond_read'),
    ],
    { ...HANG, alternatives: ['stall in pond_read'] },
  ],
  [
    'INFO: rcu detected stall in corrupted',
    [
      'rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:',
      'rcu: \t(detected by 0, t=2255 jiffies, g=-479, q=1 ncpus=2)',
      'rcu: rcu_preempt kthread starved for 2254 jiffies! g-479 f0x0 RCU_GP_WAIT_FQS(5) ->state=0x0 ->cpu=1',
      'task:rcu_preempt     state:R  running task     stack:0     pid:17    tgid:17    ppid:2      flags:0x00004000',
      ...aPreemptedTask('rcu_gp_fqs_loop'),
    ],
    { corrupted: true, culprit: null },
  ],
  [
    'INFO: rcu detected stall in pond_spin',
    [
      'INFO: rcu_tasks detected stalls on tasks:',
      '000000005f76816d: .. nvcsw: 1/1 holdout: 1 idle_cpu: -1/1',
      'task:probe           state:R  running task     stack:0     pid:42    tgid:42    ppid:2      flags:0x00004000',
      ...aPreemptedTask('pond_spin'),
    ],
    { ...HANG, alternatives: ['stall in pond_spin'] },
  ],
  [
    'BUG: workqueue lockup',
    [
      'BUG: workqueue lockup - pool cpus=1 node=0 flags=0x0 nice=0 stuck for 143s!',
      'Showing busy workqueues and worker pools:',
      'workqueue events: flags=0x0',
      '  pwq 2: cpus=1 node=0 flags=0x0 nice=0 active=1/256 refcnt=2',
    ],
    { culprit: null, ...WHOLE },
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
