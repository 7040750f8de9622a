// SPDX-License-Identifier: MIT
import t from 'tap';
import { aLog } from '../testing/index.ts';
import { scanLog } from './index.ts';
import { SIGNATURE_VERSION, signSplat } from './signature.ts';
import { normaliseTitle } from './title.ts';

t.test('the offset behind a name is no part of a title; a word of a million letters takes no time', (t) => {
  t.equal(
    normaliseTitle('BUG: bad thing in pond_poll+0x1a/0x2b of x+0x1/0x2'),
    'BUG: bad thing in pond_poll of x+0x1/0x2',
  );
  // From each letter on, it would take hours.
  t.equal(normaliseTitle(`BUG: ${'x'.repeat(1_000_000)}`), `BUG: ${'x'.repeat(115)}`);
  t.end();
});

interface Run {
  readonly function?: string;
  readonly module?: string;
  readonly offset?: string;
  readonly address?: string;
  readonly cpu?: number;
  readonly pid?: number;
  readonly seconds?: number;
  readonly kind?: string;
  readonly access?: string;
  readonly inlined?: boolean;
}

/** One run of a bug, with all in it that may differ from run to run. */
function signRun(run: Run): string | undefined {
  const {
    function: name = 'pond_poll',
    module = '',
    offset = '0x1a4/0x2b0',
    address = 'ffff888012345678',
    cpu = 1,
    pid = 42,
    seconds = 100,
    kind = 'slab-use-after-free',
    access = 'Read',
    inlined = false,
  } = run;
  const lines = [
    `BUG: KASAN: ${kind} in ${name}+${offset}${module}`,
    `${access} of size 8 at addr ${address} by task probe/${pid}`,
    `CPU: ${cpu} UID: 0 PID: ${pid} Comm: probe Not tainted 6.12.0 #1`,
    'Call Trace:',
    ' <TASK>',
    ' kasan_report+0xd8/0x110',
    ...(inlined ? [' pond_lookup drivers/pond/pond.c:70 [inline]'] : []),
    ` ${name}+${offset}${module}`,
    ` vfs_poll+${offset}`,
    ' </TASK>',
  ];
  return scanLog(aLog(lines, { seconds, caller: `T${pid}` }))[0]?.signature;
}

t.test('the same bug has the same signature', async (t) => {
  const signature = signRun({});
  t.ok(signature);
  const same: Readonly<Record<string, Run>> = {
    'another address': { address: 'ffff8880aabbccdd' },
    'another offset, another size': { offset: '0x1b4/0x2d0' },
    'another processor': { cpu: 7 },
    'another process': { pid: 9001 },
    'another time': { seconds: 7.5 },
    'built as a module': { module: ' [pond]' },
    'inlined frames shown': { inlined: true },
  };
  for (const [what, run] of Object.entries(same)) t.equal(signRun(run), signature, what);
  for (const suffix of [
    '.isra.0',
    '.constprop.0',
    '.part.1',
    '.cold',
    '.llvm.1234567890',
    '.isra.0.cold',
    '.constprop.0.isra.3',
  ])
    t.equal(signRun({ function: `pond_poll${suffix}` }), signature, suffix);
});

t.test('another bug has another signature', async (t) => {
  const signature = signRun({});
  t.not(signRun({ function: 'pond_open' }), signature);
  t.not(signRun({ kind: 'slab-out-of-bounds' }), signature);
  t.not(signRun({ access: 'Write' }), signature);
});

t.test("a title that is the line itself is signed without the run's own numbers", async (t) => {
  const sign = (line: string) => scanLog(aLog([line]))[0]?.signature;
  t.equal(
    sign('WARNING: pond 7 at ffff888012345678 (10.0.0.7) is too deep for syz-executor3/77'),
    sign('WARNING: pond 12 at ffff8880aabbccdd (10.0.0.8) is too deep for syz-executor4'),
  );
  t.equal(
    sign('BUG: KCSAN: data-race in pond_fill.isra.0 / pond_poll.constprop.0'),
    sign('BUG: KCSAN: data-race in pond_fill / pond_poll'),
  );
  t.not(
    sign('BUG: KCSAN: data-race in pond_fill / pond_poll'),
    sign('BUG: KCSAN: data-race in pond_fill / pond_read'),
  );
});

t.test('the way into the kernel is no part of a signature', async (t) => {
  const sign = (entry: string) =>
    scanLog(
      aLog([
        'BUG: sleeping function called from invalid context at mm/slab.h:421',
        'Call Trace:',
        ' dump_stack_lvl+0x1/0x10',
        ` ${entry}+0x1/0x10`,
      ]),
    )[0]?.signature;
  for (const entry of [
    '__x64_sys_pond',
    '__ia32_sys_pond',
    '__arm64_sys_pond',
    '__s390x_sys_pond',
    '__do_sys_pond',
    'SyS_pond',
  ])
    t.equal(sign(entry)?.replace('sys_pond', 'pond'), sign('__se_sys_pond'), entry);
});

t.test('a signature begins with the version of its form', async (t) => {
  t.ok(signRun({})?.startsWith(`${SIGNATURE_VERSION}:`));
});

t.test('type, title and culprit all count, and no culprit is a culprit too', async (t) => {
  const sign = (type: string, title: string, culprit: string | null) =>
    signSplat(type, title, culprit).replace(`${SIGNATURE_VERSION}:`, '');
  t.equal(sign('WARNING', 'WARNING in f', 'f'), 'WARNING:WARNING in f:f');
  t.equal(sign('BUG', 'BUG: at ffff888012345678', null), 'BUG:BUG: at ADDR:');
  t.equal(
    sign('HANG', 'INFO: task hung in corrupted', '__x64_sys_pond.isra.0'),
    'HANG:INFO: task hung in corrupted:sys_pond',
  );
});

t.test('what tainted the kernel before makes no other bug of a complaint of its allocator', async (t) => {
  const sign = (taint: string) =>
    signSplat('BUG', `BUG kmalloc-64 (${taint}): Object already free`, 'f').replace(
      `${SIGNATURE_VERSION}:`,
      '',
    );
  t.equal(sign('Not tainted'), 'BUG:BUG kmalloc-NUM: Object already free:f');
  t.equal(sign('Tainted: G B O '), sign('Not tainted'));
});
