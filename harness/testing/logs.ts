// SPDX-License-Identifier: MIT

/** Console logs made up for tests of the scanner: the shapes are the kernel's, the functions are invented. */
export interface SampleLog {
  readonly name: string;
  readonly text: string;
  /** Titles of all its splats, in order. */
  readonly titles: readonly string[];
}

/** Puts a stamp, and a caller id where one is given, before each line; 100 µs from line to line. */
export function stampLines(seconds: number, lines: readonly string[], caller = ''): string {
  const id = caller === '' ? '' : `[${caller.padStart(6)}]`;
  return lines
    .map((line, index) => `[${(seconds + index / 10_000).toFixed(6).padStart(12)}]${id} ${line}\n`)
    .join('');
}

const RULE = '='.repeat(66);
const BOOT = [
  'Linux version 6.1.0 (builder@lab) (gcc 12.2.0) #1 SMP',
  'Command line: console=ttyS0 panic_on_warn=0',
  'x86/fpu: Supporting XSAVE feature 0x001: x87 floating point registers',
  'pci 0000:00:02.0: [1af4:1000] type 00 class 0x020000',
  'Freeing unused kernel image (initmem) memory: 2640K',
];

export const KASAN_LINES: readonly string[] = [
  RULE,
  'BUG: KASAN: slab-use-after-free in otter_release+0x1f/0x50 [otter]',
  'Read of size 8 at addr ffff88800a1b2c30 by task otterd/214',
  '',
  'CPU: 1 PID: 214 Comm: otterd Not tainted 6.1.0 #1',
  'Hardware name: QEMU Standard PC (Q35 + ICH9, 2009)',
  'Call Trace:',
  ' <TASK>',
  ' dump_stack_lvl+0x38/0x4d',
  ' print_report+0x170/0x473',
  ' ? otter_release+0x1f/0x50 [otter]',
  ' otter_release+0x1f/0x50 [otter]',
  ' __fput+0x102/0x3e0',
  ' task_work_run+0x8a/0xc0',
  ' </TASK>',
  '',
  'Allocated by task 214:',
  ' kasan_save_stack+0x1e/0x40',
  ' otter_open+0x3a/0x90 [otter]',
  '',
  'Freed by task 215:',
  ' kasan_save_stack+0x1e/0x40',
  ' otter_ioctl+0x77/0x120 [otter]',
  '',
  'Memory state around the buggy address:',
  ' ffff88800a1b2b00: fc fc fc fc fc fc fc fc fc fc fc fc fc fc fc fc',
  '>ffff88800a1b2c00: fa fb fb fb fb fb fb fb fb fb fb fb fb fb fb fb',
  '                                     ^',
  RULE,
];

export const WARNING_LINES: readonly string[] = [
  '------------[ cut here ]------------',
  'badger: count went below zero',
  'WARNING: CPU: 0 PID: 77 at drivers/misc/badger.c:131 badger_put+0x45/0x60 [badger]',
  'Modules linked in: badger otter',
  'CPU: 0 PID: 77 Comm: badgerd Not tainted 6.1.0 #1',
  'RIP: 0010:badger_put+0x45/0x60 [badger]',
  'Code: 48 89 df e8 00 00 00 00 5b c3 0f 0b eb f2',
  'RSP: 0018:ffffc90000a3be40 EFLAGS: 00010286',
  'Call Trace:',
  ' <TASK>',
  ' badger_close+0x19/0x30 [badger]',
  ' __fput+0x102/0x3e0',
  ' </TASK>',
  '---[ end trace 0000000000000000 ]---',
];

export const OOPS_LINES: readonly string[] = [
  'BUG: kernel NULL pointer dereference, address: 0000000000000018',
  '#PF: supervisor read access in kernel mode',
  'PGD 0 P4D 0',
  'Oops: 0000 [#1] PREEMPT SMP NOPTI',
  'CPU: 2 PID: 301 Comm: stoatd Tainted: G        W          6.1.0 #1',
  'RIP: 0010:stoat_poll+0x2b/0x70',
  'RAX: 0000000000000000 RBX: ffff888004f3a000 RCX: 0000000000000000',
  'Call Trace:',
  ' do_sys_poll+0x2a1/0x5d0',
  ' __x64_sys_poll+0x37/0x130',
  ' do_syscall_64+0x3a/0x90',
  '---[ end trace 0000000000000000 ]---',
  'Kernel panic - not syncing: Fatal exception',
  'Kernel Offset: disabled',
  '---[ end Kernel panic - not syncing: Fatal exception ]---',
];

export const LOCKDEP_LINES: readonly string[] = [
  '======================================================',
  'WARNING: possible circular locking dependency detected',
  '6.1.0 #1 Not tainted',
  '------------------------------------------------------',
  'ferret/91 is trying to acquire lock:',
  'ffff88800c0de0a8 (&den->lock){+.+.}-{3:3}, at: ferret_enter+0x2d/0x80',
  '',
  'but task is already holding lock:',
  'ffff88800c0de2b8 (&hole->lock){+.+.}-{3:3}, at: ferret_dig+0x1c/0x60',
  '',
  'which lock already depends on the new lock.',
  '',
  'the existing dependency chain (in reverse order) is:',
  '',
  '-> #1 (&hole->lock){+.+.}-{3:3}:',
  '       ferret_leave+0x31/0x70',
  '',
  '-> #0 (&den->lock){+.+.}-{3:3}:',
  '       ferret_enter+0x2d/0x80',
  '',
  ' *** DEADLOCK ***',
  '',
  'stack backtrace:',
  'CPU: 0 PID: 91 Comm: ferret Not tainted 6.1.0 #1',
  'Call Trace:',
  ' ferret_enter+0x2d/0x80',
  ' ferret_dig+0x3a/0x60',
];

const HUNG_LINES: readonly string[] = [
  'INFO: task weasel:412 blocked for more than 120 seconds.',
  '      Not tainted 6.1.0 #1',
  '"echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.',
  'task:weasel          state:D stack:0     pid:412   ppid:1      flags:0x00000002',
  'Call Trace:',
  ' <TASK>',
  ' __schedule+0x2a5/0x8b0',
  ' schedule+0x5e/0xe0',
  ' weasel_stalk+0x41/0xa0',
  ' weasel_hunt+0x12/0x40',
  ' </TASK>',
];

const ARM_LINES: readonly string[] = [
  'Unable to handle kernel paging request at virtual address dead4ead',
  'Internal error: Oops: 5 [#1] SMP ARM',
  'CPU: 0 PID: 33 Comm: polecat Not tainted 6.1.0',
  'PC is at polecat_probe+0x40/0x9c',
  'LR is at polecat_attach+0x18/0x64',
  'Process polecat (pid: 33, stack limit = 0x5f3c2a10)',
  ' polecat_probe from driver_attach+0x50/0xa8',
  ' driver_attach from bus_add+0x1c/0x30',
];

const KASAN_TITLE = 'KASAN: slab-use-after-free Read in otter_release';
const WARNING_TITLE = 'WARNING in badger_put';
const OOPS_TITLE = 'BUG: unable to handle kernel NULL pointer dereference in stoat_poll';
const LOCKDEP_TITLE = 'possible deadlock in ferret_enter';
const HUNG_TITLE = 'INFO: task hung in weasel_stalk';

/** Two texts, line by line in turn: what two processors print at once. */
export function interleaveLines(one: string, other: string): string {
  const [left, right] = [one, other].map((text) => text.split(/(?<=\n)/));
  const most = Math.max(left?.length ?? 0, right?.length ?? 0);
  return Array.from({ length: most }, (_, index) => `${left?.[index] ?? ''}${right?.[index] ?? ''}`).join('');
}

/** A line of a syslog file. */
export const syslogLines = (program: string, text: string): string =>
  text.replace(/^(?=.)/gm, `Nov 23 03:40:40 warren ${program}: `);

export const SAMPLE_LOGS: readonly SampleLog[] = [
  { name: 'quiet boot', text: stampLines(0, BOOT), titles: [] },
  {
    name: 'KASAN report of a boot',
    text: stampLines(0, BOOT) + stampLines(5.2, KASAN_LINES, 'T214'),
    titles: [KASAN_TITLE],
  },
  {
    name: 'two tasks at once',
    text: interleaveLines(stampLines(9, KASAN_LINES, 'T214'), stampLines(9, WARNING_LINES, 'T77')),
    titles: [KASAN_TITLE, WARNING_TITLE],
  },
  {
    name: 'warning, then an oops that ends in panic',
    text: stampLines(3, WARNING_LINES) + stampLines(4, BOOT.slice(2)) + stampLines(14, OOPS_LINES),
    titles: [WARNING_TITLE, OOPS_TITLE],
  },
  {
    name: 'lockdep with carriage returns',
    text: stampLines(7, LOCKDEP_LINES).replaceAll('\n', '\r\n'),
    titles: [LOCKDEP_TITLE],
  },
  { name: 'hung task', text: stampLines(242, HUNG_LINES, 'T12'), titles: [HUNG_TITLE] },
  {
    name: 'no stamps',
    text: ARM_LINES.map((line) => `${line}\n`).join(''),
    titles: ['BUG: unable to handle kernel paging request in polecat_probe'],
  },
  {
    name: 'syslog file',
    text: `${syslogLines('kernel', stampLines(11, WARNING_LINES))}${syslogLines('weaseld[9]', 'WARNING: prey is out of reach\n')}`,
    titles: [WARNING_TITLE],
  },
];
