// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { PANIC_BEGINS, PANIC_ENDS } from '../../model/index.ts';
import { aCallTrace, aLog, aStack, GOLDEN_LOGS, readMarkedLog } from '../../testing/index.ts';
import { scanLog } from '../index.ts';
import { END_MARK } from './body.ts';
import { PANIC_LINE } from './panic.ts';

/** Title, lines, and what else must be so. */
type Row = readonly [string, readonly string[], Readonly<Record<string, unknown>>?];

const CPU = 'CPU: 1 UID: 0 PID: 42 Comm: probe Not tainted 6.12.0 #1';
const ENTRY = 'do_syscall_64 entry_SYSCALL_64_after_hwframe';
const DEAD = { type: 'DoS', corrupted: false, panicked: true };

function aPanic(words: string, trace = `dump_stack_lvl panic pond_fail ${ENTRY}`): string[] {
  return [
    `Kernel panic - not syncing: ${words}`,
    CPU,
    'Hardware name: QEMU Standard PC (Q35 + ICH9, 2009), BIOS 1.16.2',
    aCallTrace(trace),
    'Kernel Offset: disabled',
    `---[ end Kernel panic - not syncing: ${words} ]---`,
  ];
}

const ROWS: readonly Row[] = [
  ['kernel panic: pond is dry', aPanic('pond is dry'), DEAD],
  ['kernel panic: Attempted to kill init!', aPanic('Attempted to kill init! exitcode=0x0000000b'), DEAD],
  [
    'kernel panic: VFS: Unable to mount root fs on unknown-block(NUM,NUM)',
    aPanic('VFS: Unable to mount root fs on unknown-block(0,0)'),
    DEAD,
  ],
  [
    "kernel panic: Couldn't open N_TTY ldisc",
    aPanic("Couldn't open N_TTY ldisc for tty12 --- error -12."),
    DEAD,
  ],
  [
    'kernel panic: EXT4-fs panic forced after error',
    aPanic('EXT4-fs (device loop3): panic forced after error'),
    DEAD,
  ],
  ['kernel panic: sysrq triggered crash', aPanic('sysrq triggered crash'), DEAD],
  [
    'kernel panic: Fatal exception',
    aPanic('Fatal exception in interrupt'),
    { corrupted: true, panicked: true },
  ],
  ['kernel panic: Fatal exception', aPanic('Fatal exception'), { corrupted: true, panicked: true }],
  [
    'kernel panic: panic_on_warn set',
    aPanic('kernel: panic_on_warn set ...'),
    { corrupted: true, panicked: true },
  ],
  ['kernel panic: panic_on_warn set', aPanic('panic_on_warn set ...'), { corrupted: true, panicked: true }],
  [
    'kernel panic: hung_task: blocked tasks',
    aPanic('hung_task: blocked tasks'),
    { corrupted: true, panicked: true },
  ],
  [
    'kernel panic: stack is corrupted in pond_poll',
    aPanic('stack-protector: Kernel stack is corrupted in: pond_poll+0x1a/0x30'),
    { culprit: 'pond_poll', ...DEAD },
  ],
  [
    'kernel panic: stack is corrupted in pond_poll',
    aPanic(
      'stack-protector: Kernel stack is corrupted in: ffffffff82d4d3cd',
      `dump_stack panic __stack_chk_fail pond_poll ${ENTRY}`,
    ),
    DEAD,
  ],
  [
    'kernel panic: corrupted stack end in pond_walk',
    aPanic(
      'corrupted stack end detected inside scheduler',
      `dump_stack_lvl panic __schedule schedule pond_step pond_walk __vfs_read vfs_read ${ENTRY}`,
    ),
    DEAD,
  ],
  [
    'kernel stack overflow in pond_walk',
    [
      'Insufficient stack space to handle exception!',
      'ESR: 0x0000000096000047 -- DABT (current EL)',
      'Task stack:     [0xffff800080100000..0xffff800080104000]',
      'CPU: 1 PID: 42 Comm: probe Not tainted 6.6.30 #1',
      'pc : pond_step+0x6c/0xa0',
      'lr : pond_step+0x44/0x94',
      'Kernel panic - not syncing: kernel stack overflow',
      'CPU: 1 PID: 42 Comm: probe Not tainted 6.6.30 #1',
      'Call trace:',
      ' dump_backtrace+0x94/0xec',
      ' panic+0x164/0x324',
      ' nmi_panic+0x8c/0x90',
      ' handle_bad_stack+0x80/0x94',
      ' __bad_stack+0x78/0x7c',
      ' pond_step+0x6c/0xa0',
      ' pond_step+0x44/0xa0',
      ' pond_walk+0x44/0xa0',
      ' vfs_read+0x44/0x94',
      ' __arm64_sys_read+0x24/0x34',
      ' invoke_syscall+0x48/0x114',
    ],
    DEAD,
  ],
  [
    'pond is dry in <pond_driver::Pond as kernel::fs::File>::read',
    [
      'rust_kernel: panicked at drivers/pond/pond.rs:77:9:',
      'pond is dry',
      '------------[ cut here ]------------',
      'kernel BUG at rust/helpers/bug.c:7!',
      'Oops: invalid opcode: 0000 [#1] PREEMPT SMP',
      CPU,
      'RIP: 0010:rust_helper_BUG+0x8/0x10',
      aCallTrace(
        `_RNvCsdeadbeef000_7___rustc17rust_begin_unwind _RNvNtCs12345678901_4core9panicking9panic_fmt _RNvXs_C11pond_driverNtB4_4PondNtNtC6kernel2fs4File4read ${ENTRY}`,
      ),
    ],
    { corrupted: false },
  ],
  [
    'trusty: ASSERT FAILED: !pond_is_dry(pond)',
    ['trusty: panic (caller 0xffffffff00012345): DEBUG ASSERT FAILED at (lib/pond.c:77): !pond_is_dry(pond)'],
    { type: 'DoS', corrupted: false },
  ],
  [
    'trusty: panic: pond is dry',
    ['trusty: panic (caller 0xffffffff00012345): pond is dry'],
    { type: 'DoS', corrupted: false },
  ],
  [
    'SYZFAIL: posix_spawn failed',
    ['SYZFAIL: posix_spawn failed', ' (errno 12: Cannot allocate memory)'],
    { type: 'SYZ_FAILURE' },
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

t.test('a panic after a complaint ends it and is not another complaint', async (t) => {
  const log = aLog([
    'general protection fault: 0000 [#1] SMP',
    CPU,
    'RIP: 0010:pond_poll+0x1a/0x30',
    aCallTrace(`vfs_poll ${ENTRY}`),
    '---[ end trace 0000000000000000 ]---',
    ...aPanic('Fatal exception'),
  ]);
  const splats = scanLog(log);
  t.strictSame(
    splats.map((splat) => [splat.title, splat.panicked]),
    [['general protection fault in pond_poll', true]],
  );
});

t.test(
  'the console and the scanner recognise the same lines as the begin and the end of a panic',
  async (t) => {
    let begins = 0;
    let ends = 0;
    for (const file of readdirSync(GOLDEN_LOGS).filter((name) => name.endsWith('.log'))) {
      const { log } = readMarkedLog(readFileSync(join(GOLDEN_LOGS, file), 'latin1'));
      for (const line of log.split('\n')) {
        const text = line.replace(/^\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? /, '');
        const isPanic = PANIC_LINE.test(text);
        const isEnd = END_MARK.test(text) && text.includes('Kernel panic');
        if (isPanic !== PANIC_BEGINS.test(line)) t.fail(`the begin: ${line}`);
        if (isEnd !== PANIC_ENDS.test(line)) t.fail(`the end: ${line}`);
        begins += Number(isPanic);
        ends += Number(isEnd);
      }
    }
    t.ok(begins > 10, `${begins} panics`);
    t.ok(ends > 10, `${ends} ends of panics`);
    for (const line of [
      'Kernel panic - not syncing: x',
      `[    1.000000] ${'pond '.repeat(9)} Kernel panic - not syncing: x`,
    ])
      t.notOk(PANIC_BEGINS.test(line), line);
  },
);

t.test('the end of a Go program is a complaint', async (t) => {
  const [splat] = scanLog(
    [
      'panic: runtime error: index out of range',
      '',
      'goroutine 1 [running]:',
      'main.main()',
      aStack('x'),
    ].join('\n'),
  );
  t.equal(splat?.title, 'panic: runtime error: index out of range');
  t.equal(splat?.corrupted, false);
});

t.test('a start of the kernel that nobody requested is a complaint', async (t) => {
  const boot = [
    'Decompressing Linux... Parsing ELF... done.',
    'Booting the kernel.',
    '[    0.000000] Linux version 6.12.0',
  ];
  const running = aLog(['eth0: link up']);
  t.equal(scanLog(`${running}${boot.join('\n')}\n`)[0]?.title, 'unexpected kernel reboot');
  t.equal(scanLog(`${boot.join('\n')}\n`).length, 0, 'the first start is none');
  t.equal(scanLog(`${running}${aLog(['reboot: Restarting system'])}${boot.join('\n')}\n`).length, 0);
});
