// SPDX-License-Identifier: MIT
import t from 'tap';
import { aCallTrace, aLog, aStack } from '../testing/index.ts';
import { scanLog } from './index.ts';

const CPU = 'CPU: 1 UID: 0 PID: 42 Comm: probe Not tainted 6.12.0 #1';
const ENTRY = 'do_syscall_64 entry_SYSCALL_64_after_hwframe';
const KASAN = [
  'BUG: KASAN: slab-use-after-free in pond_poll+0x1a4/0x2b0',
  'Read of size 8 at addr ffff888012345678 by task probe/42',
  CPU,
  aCallTrace(`dump_stack_lvl print_report kasan_report pond_poll vfs_poll ${ENTRY}`),
];

/** What is wrong, the title, the lines. */
const TRUNCATED: readonly (readonly [RegExp, string, readonly string[]])[] = [
  [
    /line that such a report must have/,
    'WARNING: possible circular locking dependency detected',
    [
      'WARNING: possible circular locking dependency detected',
      'probe/42 is trying to acquire lock:',
      'stack backtrace:',
      aCallTrace(`dump_stack_lvl print_circular_bug pond_poll ${ENTRY}`),
    ],
  ],
  [
    /kind of access/,
    'KASAN: slab-use-after-free in pond_poll',
    ['BUG: KASAN: slab-use-after-free in pond_poll+0x1a4/0x2b0', CPU, aCallTrace(`pond_poll ${ENTRY}`)],
  ],
  [
    /no function could be named/,
    'general protection fault in corrupted',
    ['general protection fault: 0000 [#1] SMP', CPU, 'Modules linked in:'],
  ],
  [
    /no function could be named/,
    'BUG: sleeping function called from invalid context in corrupted',
    [
      'BUG: sleeping function called from invalid context at mm/slab.h:421',
      CPU,
      aCallTrace('?dump_stack ?pond_poll ?vfs_poll'),
    ],
  ],
  [
    /injected failure/,
    'WARNING in pond_poll',
    [
      'WARNING: CPU: 1 PID: 42 at drivers/pond/pond.c:77 pond_poll+0x1a/0x30',
      CPU,
      'Call Trace:',
      aStack('pond_poll should_fail should_failslab pond_alloc'),
    ],
  ],
  [
    /only how the kernel ended/,
    'kernel panic: Fatal exception',
    ['Kernel panic - not syncing: Fatal exception'],
  ],
  [/headline is cut/, 'BUG: corrupted', ['BUG: ']],
  [/headline is cut/, 'WARNING: corrupted', ['WARNING:']],
  [/headline is cut/, 'INFO: corrupted', ['INFO: ']],
  [
    /stamp stands inside/,
    'WARNING: pond [ NUM.ADDR] eth0: link up',
    ['WARNING: pond [  153.612345] eth0: link up'],
  ],
  [/trace has no frame/, 'KASAN: slab-use-after-free Read in pond_poll', [...KASAN, 'Allocated by task 41:']],
  [
    /trace has no frame/,
    'KASAN: slab-use-after-free Read in pond_poll',
    [
      ...KASAN,
      'Freed by task 41:',
      ...Array.from({ length: 20 }, (_, index) => `pond ${index}`),
      aStack('late'),
    ],
  ],
  [
    /trace has no frame/,
    'kernel panic: pond is dry',
    ['Kernel panic - not syncing: pond is dry', CPU, 'Call Trace:', 'Rebooting in 10 seconds..'],
  ],
  [/no trace/, 'kernel panic: pond is dry', ['Kernel panic - not syncing: pond is dry', CPU]],
];

for (const [reason, title, lines] of TRUNCATED)
  t.test(`truncated: ${title}, ${reason.source}`, async (t) => {
    const [splat] = scanLog(aLog(lines));
    t.equal(splat?.title, title);
    t.equal(splat?.corrupted, true);
    t.match(splat?.corruptedReason, reason);
  });

t.test('truncated: the console was lost', async (t) => {
  const [splat] = scanLog(`${aLog(KASAN)}serialport: VM disconnected.\n`);
  t.match(splat?.corruptedReason, /console was lost/);
});

/** Lines of a report that are neither frames nor labels. */
const registers = (count: number) =>
  Array.from({ length: count }, (_, index) => `R${index % 10}: 0000000000000000`);

t.test('whole, although it looks truncated', async (t) => {
  const WHOLE: Readonly<Record<string, readonly string[]>> = {
    'the kernel says that it has no stack': [
      ...KASAN,
      'Allocated by task 41:',
      '(stack is not available)',
      'Freed by task 41:',
      '(stack is not available)',
    ],
    'every trace has a frame': [...KASAN, 'Allocated by task 41:', aStack('pond_open')],
    'the first frame is the fifteenth line': [
      ...KASAN,
      'Freed by task 41:',
      ...registers(14),
      aStack('pond_close'),
    ],
    'a second trace of the same kind is empty': [...KASAN, 'Call trace:', 'Rebooting in 10 seconds..'],
    'the first frame stands on the line of the label': [
      'Kernel panic - not syncing: pond is dry',
      CPU,
      'Call Trace: [<ffffffff81234567>] pond_poll+0x1a/0x30',
      'Allocated by task 41:',
      aStack('pond_open'),
    ],
    'frames without a label': [
      'Kernel panic - not syncing: pond is dry',
      CPU,
      '[<80501234>] pond_poll+0x44/0x94',
    ],
    'a label that needs no frame': [
      'Kernel panic - not syncing: pond is dry',
      CPU,
      'Call Trace:',
      '(stack is not available)',
    ],
    'nobody is named, and nobody has to be': [
      'Kernel panic - not syncing: pond is dry',
      CPU,
      aCallTrace(`dump_stack panic ${ENTRY}`),
    ],
    'a kind without a trace': ['BUG: workqueue lockup - pool cpus=1 node=0 flags=0x0 nice=0 stuck for 143s!'],
    'words that no kind matches': ['WARNING: pond is nearly dry'],
  };
  for (const [what, lines] of Object.entries(WHOLE)) {
    const [splat] = scanLog(aLog(lines));
    t.equal(splat?.corruptedReason, null, what);
    t.equal(splat?.corrupted, false, what);
  }
});

t.test('truncated: a trace whose frames come too late, or after the next label', async (t) => {
  const late = [...KASAN, 'Freed by task 41:', ...registers(15), aStack('pond_close')];
  t.match(scanLog(aLog(late))[0]?.corruptedReason, /trace has no frame/);
  const next = [...KASAN, 'Allocated by task 41:', 'Freed by task 41:', aStack('pond_close')];
  t.match(scanLog(aLog(next))[0]?.corruptedReason, /trace has no frame/);
  const other = [...KASAN, 'Allocated by task 41:', 'Call Trace:', aStack('pond_close')];
  t.match(scanLog(aLog(other))[0]?.corruptedReason, /trace has no frame/, 'a label that was seen before');
});

t.test('truncated: a stamp inside the words that make the title', async (t) => {
  const [splat] = scanLog(
    aLog(['Kernel panic - not syncing: pond [  153.612345] eth0: up', CPU, aCallTrace(ENTRY)]),
  );
  t.match(splat?.corruptedReason, /stamp stands inside/);
});

t.test(
  'two processors print at once: their caller ids separate them, and without these the report is truncated',
  async (t) => {
    const injected = [
      'FAULT_INJECTION: forcing a failure.',
      'name failslab, interval 1, probability 0',
      CPU,
      aCallTrace('dump_stack should_fail_ex should_failslab pool_fill'),
    ];
    const mix = (callers: readonly [string | undefined, string | undefined]) => {
      const own = aLog(KASAN, { caller: callers[0] }).trimEnd().split('\n');
      const other = aLog(injected, { caller: callers[1] }).trimEnd().split('\n');
      return own
        .flatMap((line, index) => [line, ...(other[index] === undefined ? [] : [other[index]])])
        .join('\n');
    };
    const [separate] = scanLog(mix(['T42', 'T77']));
    t.hasStrict(separate ?? {}, { title: 'KASAN: slab-use-after-free Read in pond_poll', corrupted: false });
    const [mixed] = scanLog(mix([undefined, undefined]));
    t.equal(mixed?.corrupted, true);
  },
);
