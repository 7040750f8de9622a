// SPDX-License-Identifier: MIT
import t from 'tap';
import { aCallTrace, aLog } from '../testing/index.ts';
import { scanLog } from './index.ts';

/** What is read of a report besides its title: who, where, and every trace. */

function scanOne(lines: readonly string[]) {
  const splats = scanLog(aLog(lines));
  t.equal(splats.length, 1);
  const [splat] = splats;
  if (!splat) throw new Error('no splat');
  return splat;
}

t.test(
  'x86: task, taint, modules, the place, and all traces with what is inlined and what is guessed',
  async (t) => {
    const splat = scanOne([
      '==================================================================',
      'BUG: KASAN: slab-use-after-free in pond_poll+0x1a4/0x2b0 [pond]',
      'Read of size 8 at addr ffff888012345678 by task kworker/u8:3/42',
      '',
      'CPU: 3 UID: 0 PID: 42 Comm: kworker/u8:3 Tainted: G    B   W  OE      6.12.0 #1',
      'Tainted: [B]=BAD_PAGE, [W]=WARN, [O]=OOT_MODULE, [E]=UNSIGNED_MODULE',
      'Workqueue: pond_wq pond_work [pond]',
      'Call Trace:',
      ' <TASK>',
      ' dump_stack_lvl+0x5d/0x80',
      ' pond_lookup drivers/pond/pond.c:70 [inline]',
      ' pond_poll+0x1a4/0x2b0 drivers/pond/pond.c:77 [pond 0123456789abcdef0123456789abcdef01234567]',
      ' ? pond_stale+0x14/0x20 [pond]',
      ' process_one_work+0x62e/0xfd0',
      ' </TASK>',
      '',
      'Allocated by task 41 on cpu 0 at 5.123456s:',
      ' kasan_save_stack+0x30/0x50',
      ' pond_open+0x44/0x90 [pond]',
      '',
      'Freed by task 43 on cpu 1 at 5.223456s:',
      ' kfree+0x14/0x90',
      ' pond_release+0x44/0x90 [pond]',
      '',
      'The buggy address belongs to the object at ffff888012345600',
      ' which belongs to the cache kmalloc-128 of size 128',
    ]);
    t.hasStrict(splat, { comm: 'kworker/u8:3', pid: 42, cpu: 3, taint: 'G B W O E' });
    t.strictSame(
      splat.traces.map((trace) => [trace.label.split(' ')[0], trace.frames.length]),
      [
        ['Call', 5],
        ['Allocated', 2],
        ['Freed', 2],
      ],
    );
    const [, inlined, own, guessed] = splat.frames;
    t.hasStrict(inlined ?? {}, {
      function: 'pond_lookup',
      inline: true,
      file: 'drivers/pond/pond.c',
      line: 70,
    });
    t.hasStrict(own ?? {}, {
      function: 'pond_poll',
      offset: 0x1a4,
      size: 0x2b0,
      inline: false,
      reliable: true,
      line: 77,
    });
    t.hasStrict(guessed ?? {}, { function: 'pond_stale', module: 'pond', reliable: false });
    t.match(splat.text, /which belongs to the cache kmalloc-128/);
  },
);

t.test('x86: a module with its build id, and the place where the processor was', async (t) => {
  const splat = scanOne([
    'BUG: unable to handle page fault for address: ffffc90003c4a000',
    'Oops: 0002 [#1] PREEMPT SMP',
    'CPU: 1 PID: 42 Comm: a b c Not tainted 6.6.30 #1',
    'RIP: 0010:pond_poll+0x1a/0x30 [pond]',
    'Call Trace:',
    ' <TASK>',
    ' pond_poll+0x1a/0x30 [pond 0123456789abcdef]',
    ' vfs_poll+0x1a/0x30',
    ' entry_SYSCALL_64_after_hwframe+0x76/0x7e',
    'RIP: 0033:0x7f1e3c1a2b40',
    ' </TASK>',
    'Modules linked in: pond(OE) vfio_pci(+) mdev [last unloaded: puddle]',
  ]);
  t.hasStrict(splat, { comm: 'a b c', taint: null, modules: ['pond(OE)', 'vfio_pci(+)', 'mdev'] });
  t.hasStrict(splat.pc ?? {}, { function: 'pond_poll', offset: 0x1a, size: 0x30, module: 'pond' });
  t.equal(splat.frames[0]?.module, 'pond');
});

t.test('arm64: the marks behind a frame are not its module', async (t) => {
  const splat = scanOne([
    'Unable to handle kernel NULL pointer dereference at virtual address 0000000000000008',
    'Internal error: Oops: 0000000096000004 [#1] PREEMPT SMP',
    'Modules linked in: pond',
    'CPU: 1 UID: 0 PID: 42 Comm: probe Not tainted 6.12.0 #1',
    'pc : pond_poll+0x6c/0xa0 [pond]',
    'lr : vfs_poll+0x44/0x94',
    'Call trace:',
    ' pond_poll+0x6c/0xa0 [pond] (P)',
    ' vfs_poll+0x44/0x94 (L)',
    ' el0t_64_sync+0x190/0x194',
  ]);
  t.hasStrict(splat.pc ?? {}, { function: 'pond_poll', offset: 0x6c, module: 'pond' });
  t.strictSame(
    splat.frames.map((frame) => [frame.function, frame.module, frame.reliable]),
    [
      ['pond_poll', 'pond', true],
      ['vfs_poll', null, true],
      ['el0t_64_sync', null, true],
    ],
  );
});

t.test('arm: both halves of a line are frames, and none is listed twice', async (t) => {
  const splat = scanOne([
    'BUG: sleeping function called from invalid context at mm/slab.h:421',
    'CPU: 0 PID: 42 Comm: probe Not tainted 6.6.30 #1',
    'Backtrace: ',
    '[<818b7b40>] (dump_backtrace) from [<818b7c3c>] (show_stack+0x18/0x1c)',
    '[<818b7c24>] (show_stack) from [<7f8d52d0>] (pond_poll+0x18/0xdc [pond])',
    '[<7f8d52b8>] (pond_poll [pond]) from [<80501234>] (vfs_poll+0x44/0x94)',
  ]);
  t.strictSame(
    splat.frames.map((frame) => frame.function),
    ['dump_backtrace', 'show_stack', 'pond_poll', 'vfs_poll'],
  );
  t.equal(splat.frames[2]?.module, 'pond');
  t.equal(splat.culprit, 'pond_poll');
});

t.test('ppc64: the unwinder marks an unreliable frame after its name', async (t) => {
  const splat = scanOne([
    'BUG: Unable to handle kernel data access at 0xc00c000000000108',
    'Faulting instruction address: 0xc0000000007d1234',
    'Oops: Kernel access of bad area, sig: 11 [#1]',
    'Modules linked in: pond',
    'CPU: 1 PID: 42 Comm: probe Not tainted 6.6.30 #1',
    'NIP [c0000000007d1234] pond_poll+0x64/0x1a0 [pond]',
    'LR [c0000000007d1200] vfs_poll+0x30/0x1a0',
    'Call Trace:',
    '[c00000000f3bba40] [c0000000007d1200] pond_stale+0x30/0x1a0 [pond] (unreliable)',
    '[c00000000f3bba90] [c0000000004a2b40] vfs_poll+0x120/0x2b0',
  ]);
  t.hasStrict(splat.pc ?? {}, { function: 'pond_poll', offset: 0x64, module: 'pond' });
  t.strictSame(
    splat.frames.map((frame) => [frame.function, frame.reliable]),
    [
      ['pond_stale', false],
      ['vfs_poll', true],
    ],
  );
});

t.test('riscv: a trace without a label', async (t) => {
  const splat = scanOne([
    'Unable to handle kernel paging request at virtual address ffffffc7f0000000',
    'Oops [#1]',
    'CPU: 1 PID: 42 Comm: probe Not tainted 6.6.30 #1',
    'epc : pond_poll+0x20/0x64',
    ' ra : vfs_poll+0x44/0x94',
    'epc : ffffffff80a4f2c0 ra : ffffffff80a4f400 sp : ff2000000413ba40',
    'status: 0000000200000120 badaddr: ffffffc7f0000000 cause: 000000000000000d',
    '[<ffffffff80a4f2c0>] pond_poll+0x20/0x64',
    '[<ffffffff80a4f400>] vfs_poll+0x44/0x94',
  ]);
  t.hasStrict(splat.pc ?? {}, { function: 'pond_poll', offset: 0x20, size: 0x64 });
  t.strictSame(
    splat.frames.map((frame) => frame.function),
    ['pond_poll', 'vfs_poll'],
  );
});

t.test('s390: the program status word has the instruction pointer', async (t) => {
  const splat = scanOne([
    'Unable to handle kernel pointer dereference in virtual kernel address space',
    'Failing address: 0000000000000000 TEID: 0000000000000483',
    'Oops: 0004 ilc:3 [#1] SMP',
    'CPU: 1 PID: 42 Comm: probe Not tainted 6.6.30 #1',
    'Krnl PSW : 0704c00180000000 000003ff801a2f2c (pond_poll+0x2c/0x64 [pond])',
    'Call Trace:',
    ' [<000003ff801a2f2c>] pond_poll+0x2c/0x64 [pond] ',
    '([<000003ff801a2f00>] pond_poll+0x0/0x64 [pond])',
    ' [<0000000000501234>] vfs_poll+0x44/0x94',
    'Last Breaking-Event-Address:',
    ' [<000003ff801a2e00>] pond_open+0x10/0x40 [pond]',
  ]);
  t.hasStrict(splat.pc ?? {}, { function: 'pond_poll', offset: 0x2c, module: 'pond' });
  t.strictSame(
    splat.frames.map((frame) => frame.function),
    ['pond_poll', 'pond_poll', 'vfs_poll'],
  );
});

const PANIC = (words: string) => [
  `Kernel panic - not syncing: ${words}`,
  'CPU: 1 PID: 42 Comm: probe Tainted: G      D            6.6.30 #1',
  aCallTrace('dump_stack_lvl panic oops_end'),
  `---[ end Kernel panic - not syncing: ${words} ]---`,
];

t.test('what follows from what', async (t) => {
  const fault = (comm: string, taint: string, name: string) => [
    'general protection fault: 0000 [#1] SMP',
    `CPU: 1 PID: 42 Comm: ${comm} ${taint} 6.6.30 #1`,
    `RIP: 0010:${name}+0x1a/0x30`,
    aCallTrace('vfs_poll do_syscall_64'),
    '---[ end trace 0000000000000000 ]---',
  ];
  const splats = scanLog(
    aLog([
      ...fault('probe', 'Not tainted', 'pond_poll'),
      ...fault('other', 'Tainted: G      D           ', 'pool_scan'),
      ...PANIC('Fatal exception'),
    ]),
  );
  t.strictSame(
    splats.map((splat) => [splat.title, splat.follows, splat.panicked]),
    [
      ['general protection fault in pond_poll', null, true],
      ['general protection fault in pool_scan', 0, true],
    ],
  );
  const apart = scanLog(
    `${aLog(fault('probe', 'Not tainted', 'pond_poll'))}${aLog(fault('other', 'Tainted: G        W ', 'pool_scan'), { seconds: 500 })}`,
  );
  t.strictSame(
    apart.map((splat) => splat.follows),
    [null, null],
  );
});

t.test('the instruction pointer is shown where the kind uses it, or no kind matches', async (t) => {
  const RIP = 'RIP: 0010:pond_poll+0x1a/0x30';
  const lockdep = scanOne(['WARNING: inconsistent lock state', RIP, aCallTrace('pond_lock vfs_poll')]);
  t.equal(lockdep.pc, null);
  const unknown = scanOne(['WARNING: pond is nearly dry', RIP, aCallTrace('pond_lock vfs_poll')]);
  t.equal(unknown.pc?.function, 'pond_poll');
  const oops = scanOne(['general protection fault: 0000 [#1] SMP', RIP, aCallTrace('pond_lock vfs_poll')]);
  t.equal(oops.pc?.function, 'pond_poll');
});

t.test('the text is the report from its first line on, without stamps', async (t) => {
  const lines = [
    '------------[ cut here ]------------',
    'pond: level 3 is below the minimum',
    'WARNING: CPU: 1 PID: 42 at drivers/pond/pond.c:77 pond_poll+0x1a/0x30',
    'Call Trace:',
    ' pond_poll+0x1a/0x30',
    '---[ end trace 0000000000000000 ]---',
  ];
  const splat = scanOne(lines);
  t.equal(splat.text, lines.join('\n'));
  t.equal(splat.seconds, 100.0002, 'and its stamp is that of the headline');
  t.equal(splat.panicked, false);
  t.equal(scanLog(aLog(lines, { seconds: null }))[0]?.seconds, null);
});

t.test('a complaint without a trace has no frames', async (t) => {
  const splat = scanOne(['WARNING: pond is nearly dry']);
  t.strictSame([splat.frames, splat.traces, splat.modules], [[], [], []]);
  t.strictSame([splat.comm, splat.pid, splat.cpu, splat.taint, splat.pc], [null, null, null, null, null]);
});

t.test('a report with a panic in it is one of a kernel that panicked', async (t) => {
  const splat = scanOne([
    'BUG: sleeping function called from invalid context at mm/slab.h:421',
    aCallTrace('pond_poll vfs_poll'),
    'Kernel panic - not syncing: scheduling while atomic',
    aCallTrace('panic'),
  ]);
  t.equal(splat.panicked, true);
});

t.test('the text keeps UTF-8, and no more than 64 KiB', async (t) => {
  t.equal(scanOne(['WARNING: Fröschteich is nearly dry']).text, 'WARNING: Fröschteich is nearly dry');
  const long = [
    'WARNING: pond is nearly dry',
    ...Array.from({ length: 1500 }, () => `Code: ${'90 '.repeat(20)}`),
  ];
  const { text } = scanOne(long);
  t.equal(text.length, 64 * 1024);
  t.ok(text.startsWith('WARNING: pond is nearly dry\nCode: 90 90'));
});

/** Lines of a report that name nobody. */
const fill = (count: number) =>
  Array.from({ length: count }, () => 'RAX: 0000000000000000 RBX: 0000000000000000');

t.test('the trace of a panic names nobody if the report before it is long enough', async (t) => {
  const culprit = (headline: string, count: number, end: string) =>
    scanLog(aLog([headline, ...fill(count), end, aCallTrace('panic pond_frog')]))[0]?.culprit;
  const SLEEP = 'BUG: sleeping function called from invalid context at mm/slab.h:421';
  const END = 'Kernel panic - not syncing: pond is dry';
  t.equal(culprit(SLEEP, 20, END), 'pond_frog', '21 lines');
  t.equal(culprit(SLEEP, 21, END), null, '22 lines');
  t.equal(culprit(SLEEP, 21, 'hint: pond is dry'), 'pond_frog', 'no panic');
  t.equal(culprit(SLEEP, 21, 'possible circular locking dependency detected'), null, 'a repetition');
  t.equal(culprit(SLEEP, 20, 'possible circular locking dependency detected'), 'pond_frog');
  const KMSAN = 'BUG: KMSAN: uninit-value in pond_poll+0x1a/0x30';
  t.equal(culprit(KMSAN, 14, END), 'pond_frog', '15 lines of KMSAN');
  t.equal(culprit(KMSAN, 15, END), 'pond_poll', '16 lines of KMSAN');
});

t.test('frames that the unwinder guessed, and a notice of lockdep, name nobody', async (t) => {
  const guessed = scanOne([
    'BUG: sleeping function called from invalid context at mm/slab.h:421',
    aCallTrace('?pond_stale pond_poll vfs_poll'),
  ]);
  t.equal(guessed.culprit, 'pond_poll');
  t.equal(guessed.frames[0]?.function, 'pond_stale', 'but they are shown');
  const rust = scanOne([
    'rust_kernel: panicked at samples/rust/pond.rs:42:9:',
    'Disabling lock debugging due to kernel taint',
    'attempt to drain an empty pond',
    aCallTrace('pond_drain vfs_poll'),
  ]);
  t.equal(rust.title, 'attempt to drain an empty pond in pond_drain');
});
