// SPDX-License-Identifier: MIT
import t from 'tap';
import { aCallTrace, aLog, aStack } from '../../testing/index.ts';
import { scanLog } from '../index.ts';

/** Logs that have led readers of logs astray. */

const CPU = 'CPU: 1 PID: 42 Comm: probe Not tainted 6.6.30 #1';
const ENTRY = 'do_syscall_64 entry_SYSCALL_64_after_hwframe';

function titles(log: string): readonly string[] {
  return scanLog(log).map((splat) => splat.title);
}

t.test("a task's name with a line feed in it splits the headline", async (t) => {
  const [head, ...rest] = aLog([
    'INFO: task po',
    'nd:42 blocked for more than 143 seconds.',
    '      Not tainted 6.6.30 #1',
    'task:po state:D stack:25000 pid:42 ppid:1 flags:0x00004006',
    aCallTrace(`__schedule schedule pond_flush ${ENTRY}`),
  ]).split('\n');
  const [splat, ...more] = scanLog([head, ...rest].join('\n'));
  t.hasStrict(splat ?? {}, { title: 'INFO: task hung in pond_flush', corrupted: false });
  t.equal(more.length, 0);
});

t.test('a syslog daemon that echoes to the console makes no second complaint', async (t) => {
  const own = aLog([
    'BUG: kernel NULL pointer dereference, address: 0000000000000008',
    'Oops: 0000 [#1] PREEMPT SMP',
    CPU,
    'RIP: 0010:pond_poll+0x1a/0x30',
    aCallTrace(`vfs_poll ${ENTRY}`),
    '---[ end trace 0000000000000000 ]---',
  ]);
  const duplicate = [
    '',
    'Message from syslogd@pond at Nov 23 03:40:40 ...',
    ' kernel:[  100.000000] BUG: kernel NULL pointer dereference, address: 0000000000000008',
    '',
    'Message from syslogd@pond at Nov 23 03:40:40 ...',
    ' kernel:[  100.000100] Oops: 0000 [#1] PREEMPT SMP',
    '',
  ].join('\n');
  t.strictSame(titles(own + duplicate), [
    'BUG: unable to handle kernel NULL pointer dereference in pond_poll',
  ]);
  t.strictSame(titles(duplicate + own), [
    'BUG: unable to handle kernel NULL pointer dereference in pond_poll',
  ]);
});

t.test('the interrupted code inside a trace is not the place of the fault', async (t) => {
  const [splat] = scanLog(
    aLog([
      'general protection fault: 0000 [#1] SMP',
      CPU,
      'RIP: 0010:pond_irq+0x1a/0x30',
      'Call Trace:',
      ' <IRQ>',
      aStack('handle_irq_event common_interrupt'),
      ' </IRQ>',
      ' asm_common_interrupt+0x1a/0x30',
      'RIP: 0010:pool_scan+0x1a/0x30',
      aStack(`vfs_poll ${ENTRY}`),
      'RIP: 0033:0x7f1e3c1a2b40',
    ]),
  );
  t.equal(splat?.culprit, 'pond_irq');
  t.equal(splat?.pc?.function, 'pond_irq');
});

t.test("a program's place is not the kernel's", async (t) => {
  const [splat] = scanLog(
    aLog([
      'WARNING: CPU: 1 PID: 42 at drivers/pond/pond.c:77 pond_poll+0x1a/0x30',
      CPU,
      'Call Trace:',
      aStack('dump_stack __warn warn_slowpath_null pond_poll vfs_poll'),
      'RIP: 0033:[<00007f1e3c1a2b40>]  [<00007f1e3c1a2b40>] 0x7f1e3c1a2b40',
      'RSP: 002b:00007ffc0a1b2c30  EFLAGS: 00000246',
    ]),
  );
  t.equal(splat?.culprit, 'pond_poll');
  t.equal(splat?.pc, null);
});

t.test('a mark of the stack may stand on the line of a frame', async (t) => {
  const [splat] = scanLog(
    aLog([
      'BUG: sleeping function called from invalid context at mm/slab.h:421',
      'Call Trace:',
      ' <IRQ>  [<ffffffff81b4a3f9>] dump_stack+0x9d/0xc4',
      ' <<EOE>>  [<ffffffff82d4d3cd>] pond_poll+0x13d/0x260',
      ' <EOI>  [<ffffffff82d4d3ce>] vfs_poll+0x13d/0x260',
    ]),
  );
  t.equal(splat?.culprit, 'pond_poll');
  t.strictSame(
    splat?.frames.map((frame) => frame.function),
    ['dump_stack', 'pond_poll', 'vfs_poll'],
  );
});

t.test('riscv: a place without a name is nowhere, and the caller is asked', async (t) => {
  const [splat] = scanLog(
    aLog([
      'Unable to handle kernel NULL pointer dereference at virtual address 0000000000000000',
      'Oops [#1]',
      CPU,
      'epc : 0x0',
      ' ra : pond_call+0x44/0x94',
      'epc : 0000000000000000 ra : ffffffff80a4f400 sp : ff2000000413ba40',
      'status: 0000000200000120 badaddr: 0000000000000000 cause: 000000000000000c',
      '[<ffffffff80a4f400>] pond_call+0x44/0x94',
      '[<ffffffff80a4f404>] vfs_poll+0x44/0x94',
    ]),
  );
  t.hasStrict(splat ?? {}, { culprit: 'pond_call', pc: null, corrupted: false });
});

t.test('two printed at once, truncated: the first words count', async (t) => {
  const [splat] = scanLog(
    aLog([
      'BUG: unable to handle kernel [  153.612345] eth0: link up',
      CPU,
      aCallTrace(`pond_poll ${ENTRY}`),
    ]),
  );
  t.hasStrict(splat ?? {}, { title: 'BUG: unable to handle kernel', corrupted: true });
});

t.test('NUL bytes and escape sequences change nothing', async (t) => {
  const log = aLog([
    'WARNING: CPU: 1 PID: 42 at drivers/pond/pond.c:77 pond_poll+0x1a/0x30',
    CPU,
    aCallTrace('pond_poll vfs_poll'),
  ]);
  t.strictSame(titles(log.replaceAll('[  100', '\0\u001b[1G[  100')), ['WARNING in pond_poll']);
});

t.test('many complaints in one log are distinguished, each with its own culprit', async (t) => {
  const names = Array.from({ length: 14 }, (_, index) => `pond_${String.fromCharCode(97 + index)}`);
  const log = names
    .map((name, index) =>
      aLog(
        [
          '------------[ cut here ]------------',
          `WARNING: CPU: 1 PID: ${index + 42} at drivers/pond/pond.c:77 ${name}+0x1a/0x30`,
          CPU,
          `RIP: 0010:${name}+0x1a/0x30`,
          aCallTrace(`vfs_poll ${ENTRY}`),
          '---[ end trace 0000000000000000 ]---',
        ],
        { seconds: 100 + index },
      ),
    )
    .join(aLog(['eth0: link up'], { seconds: 99 }).repeat(3));
  t.strictSame(
    titles(log),
    names.map((name) => `WARNING in ${name}`),
  );
});
