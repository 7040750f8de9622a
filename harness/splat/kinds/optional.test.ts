// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { aCallTrace, aLog, aStack, GOLDEN_LOGS, readMarkedLog } from '../../testing/index.ts';
import { type OptionalKind, scanLog } from '../index.ts';

const CPU = 'CPU: 1 PID: 42 Comm: probe Not tainted 6.12.0 #1';

/** Counted when asked for by name, and else not. */
const ROWS: readonly (readonly [OptionalKind, string, string, string | null, readonly string[]])[] = [
  [
    'machineCheck',
    'mce: hardware error',
    'MACHINE_CHECK',
    null,
    [
      'mce: [Hardware Error]: Machine check events logged',
      'mce: [Hardware Error]: CPU 1: Machine Check: 0 Bank 5: be00000000800400',
      'mce: [Hardware Error]: TSC 5a8e0d0f2c ADDR 3fff81004800 MISC 7fff',
      'mce: [Hardware Error]: PROCESSOR 0:206d7 TIME 1700000000 SOCKET 0 APIC 2 microcode 718',
    ],
  ],
  [
    'allocationFailure',
    'page allocation failure in pond_fill',
    'MEMORY_SHORTAGE',
    'pond_fill',
    [
      'probe: page allocation failure: order:4, mode:0x40cc0(GFP_KERNEL|__GFP_COMP), nodemask=(null),cpuset=/,mems_allowed=0',
      CPU,
      aCallTrace(
        'dump_stack_lvl warn_alloc __alloc_pages_slowpath __alloc_pages_noprof alloc_pages_mpol pond_fill vfs_write',
      ),
      'Mem-Info:',
      'active_anon:120 inactive_anon:3102 isolated_anon:0',
    ],
  ],
  [
    'outOfMemory',
    'out of memory: killed process',
    'MEMORY_SHORTAGE',
    null,
    ['Out of memory: Killed process 42 (probe) total-vm:1048576kB, anon-rss:900000kB, file-rss:0kB'],
  ],
  [
    'outOfMemory',
    'out of memory: killed process',
    'MEMORY_SHORTAGE',
    null,
    ['Memory cgroup out of memory: Killed process 42 (probe) total-vm:1048576kB, anon-rss:900000kB'],
  ],
  [
    'interrupt',
    'irq: nobody cared',
    'DEVICE',
    'usb_hcd_irq',
    [
      'irq 16: nobody cared (try booting with the "irqpoll" option)',
      CPU,
      'Call Trace:',
      ' <IRQ>',
      aStack(
        'dump_stack_lvl __report_bad_irq note_interrupt handle_irq_event handle_fasteoi_irq __common_interrupt common_interrupt',
      ),
      ' </IRQ>',
      aStack('asm_common_interrupt pond_wait vfs_read'),
      'handlers:',
      '[<00000000a1b2c3d4>] usb_hcd_irq',
      'Disabling IRQ #16',
    ],
  ],
  [
    'netdevWatchdog',
    'NETDEV WATCHDOG: transmit queue timed out',
    'DEVICE',
    null,
    ['NETDEV WATCHDOG: eth0 (e1000): transmit queue 0 timed out'],
  ],
  [
    'netdevWatchdog',
    'NETDEV WATCHDOG: transmit queue timed out',
    'DEVICE',
    null,
    ['pond 0000:00:03.0 eth0: NETDEV WATCHDOG: CPU: 1: transmit queue 0 timed out 5012 ms'],
  ],
  [
    'leakNotice',
    'kmemleak: new suspected memory leaks',
    'LEAK',
    null,
    ['kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)'],
  ],
];

for (const [kind, title, type, culprit, lines] of ROWS)
  t.test(`${kind}: ${lines[0]}`, async (t) => {
    const log = aLog(lines);
    t.strictSame(
      scanLog(log).map((splat) => splat.title),
      [],
      'it does not count by default',
    );
    const splats = scanLog(log, [kind]);
    t.equal(splats.length, 1);
    t.hasStrict(splats[0] ?? {}, { title, type, culprit, corrupted: false });
    for (const [other] of ROWS) if (other !== kind) t.equal(scanLog(log, [other]).length, 0, other);
  });

t.test('they are found in logs of kernels that were made to complain so', async (t) => {
  const made: Readonly<Record<string, readonly [OptionalKind, string]>> = {
    'page-allocations-page_failure': ['allocationFailure', 'page allocation failure in provoke_page_failure'],
    'net-timeout-net_timeout': ['netdevWatchdog', 'NETDEV WATCHDOG: transmit queue timed out'],
  };
  for (const [name, [kind, title]] of Object.entries(made)) {
    const text = readFileSync(join(GOLDEN_LOGS, `provoke-kcsan-6.12-${name}.log`), 'latin1');
    const splats = scanLog(Buffer.from(readMarkedLog(text).log, 'latin1'), [kind]);
    t.strictSame(
      splats.map((splat) => [splat.title, splat.corrupted]),
      [[title, false]],
    );
  }
});

t.test('the warning that old kernels print with it is a warning by itself', async (t) => {
  const splats = scanLog(
    aLog([
      '------------[ cut here ]------------',
      'NETDEV WATCHDOG: eth0 (e1000): transmit queue 0 timed out',
      'WARNING: CPU: 1 PID: 0 at net/sched/sch_generic.c:525 dev_watchdog+0x210/0x220',
      'Modules linked in:',
      CPU,
      'RIP: 0010:dev_watchdog+0x210/0x220',
      aCallTrace('call_timer_fn __run_timers run_timer_softirq'),
      '---[ end trace 0000000000000000 ]---',
    ]),
  );
  t.strictSame(
    splats.map((splat) => splat.title),
    ['WARNING in dev_watchdog'],
  );
});
