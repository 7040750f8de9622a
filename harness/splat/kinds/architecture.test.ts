// SPDX-License-Identifier: MIT
import t from 'tap';
import { scanLog } from '../index.ts';

/** Each processor's own way of telling where it was: the function there is the culprit, and its caller is in the trace. */

const COMM = 'CPU: 0 PID: 77 Comm: badgerd Not tainted 6.1.0 #1';

const REPORTS: Readonly<Record<string, readonly [title: string, lines: string]>> = {
  mips: [
    'BUG: unable to handle kernel paging request in badger_put',
    `CPU 0 Unable to handle kernel paging request at virtual address 00000000, epc == 80123456, ra == 80123400
Oops[#1]:
${COMM}
$ 0   : 00000000 00000001 00000000 00000000
epc   : 80123456 badger_put+0x12/0x40 [pond]
ra    : 80123400 stoat_poll+0x1/0x20 [pond]
Status: 1100fc03	KERNEL EXL IE
Cause : 00800008 (ExcCode 02)
BadVA : 00000000
Call Trace:
[<80123400>] stoat_poll+0x1/0x20 [pond]
`,
  ],
  'mips, BUG()': [
    'kernel BUG in badger_put',
    `Kernel bug detected[#1]:
${COMM}
epc   : 80123456 badger_put+0x12/0x40 [pond]
ra    : 80123400 stoat_poll+0x1/0x20 [pond]
Call Trace:
[<80123400>] stoat_poll+0x1/0x20 [pond]
`,
  ],
  'mips, alignment': [
    'Oops in badger_put',
    `Unhandled kernel unaligned access[#1]:
${COMM}
epc   : 80123456 badger_put+0x12/0x40 [pond]
Call Trace:
[<80123400>] stoat_poll+0x1/0x20 [pond]
`,
  ],
  loongarch: [
    'BUG: unable to handle kernel paging request in badger_put',
    `CPU 0 Unable to handle kernel paging request at virtual address 0000000000000000, era == 9000000000123456, ra == 9000000000123400
Oops[#1]:
${COMM}
pc 9000000000123456 ra 9000000000123400 tp 9000000100600000 sp 9000000100603d50
   ra: 9000000000123400 stoat_poll+0x1/0x20 [pond]
  ERA: 9000000000123456 badger_put+0x12/0x40 [pond]
Call Trace:
[<9000000000123400>] stoat_poll+0x1/0x20 [pond]
`,
  ],
  sparc: [
    'BUG: unable to handle kernel NULL pointer dereference in badger_put',
    `Unable to handle kernel NULL pointer dereference
tsk->{mm,active_mm}->context = 0000000000000077
tsk->{mm,active_mm}->pgd = fff8000012345000
              \\|/ ____ \\|/
              "@'/ .. \`@"
              /_| \\__/ |_\\
                 \\__U_/
badgerd(77): Oops [#1]
${COMM}
TSTATE: 0000004411001607 TPC: 0000000010123456 TNPC: 000000001012345a Y: 00000000    Not tainted
TPC: <badger_put+0x12/0x40 [pond]>
RPC: <stoat_poll+0x1/0x20 [pond]>
I7: <stoat_poll+0x1/0x20 [pond]>
Call Trace:
 [0000000010123400] stoat_poll+0x1/0x20 [pond]
`,
  ],
  m68k: [
    'BUG: unable to handle kernel NULL pointer dereference in badger_put',
    `Unable to handle kernel NULL pointer dereference at virtual address 00000000
Oops: 00000000
PC: [<00123456>] badger_put+0x12/0x40 [pond]
SR: 2000  SP: 12345678  a2: 12345678
Process badgerd (pid: 77, task=12345678)
Call Trace: [<00123400>] stoat_poll+0x1/0x20 [pond]
`,
  ],
  alpha: [
    'BUG: unable to handle kernel paging request in badger_put',
    `Unable to handle kernel paging request at virtual address 0000000000000000
CPU 0
badgerd(77): Oops 0
pc = [<fffffc0000123456>]  ra = [<fffffc0000123400>]  ps = 0000    Not tainted
pc is at badger_put+0x12/0x40
ra is at stoat_poll+0x1/0x20
Trace:
[<fffffc0000123400>] stoat_poll+0x1/0x20
`,
  ],
  xtensa: [
    'BUG: unable to handle kernel paging request in badger_put',
    `Unable to handle kernel paging request at virtual address 00000000
 at pc d0123456, ra d0123400
Oops: sig: 11 [#1]
${COMM}
pc: d0123456, ps: 00060020, depc: 00000000, excvaddr: 00000000
Call Trace:
  [<d0123456>] badger_put+0x12/0x40 [pond]
  [<d0123400>] stoat_poll+0x1/0x20 [pond]
`,
  ],
};

for (const [name, [title, text]] of Object.entries(REPORTS))
  for (const [form, stamp] of [
    ['as it is', ''],
    ['with stamps', '[   12.345678] '],
    ['with callers', '[   12.345678][   T77] '],
  ])
    t.test(`${name}, ${form}`, async (t) => {
      const [splat, ...others] = scanLog(text.replace(/^/gm, stamp ?? '').trimEnd());
      t.equal(splat?.title, title);
      t.equal(splat?.comm, 'badgerd');
      t.equal(splat?.corrupted, false, splat?.corruptedReason ?? '');
      const names = splat?.traces.flatMap((trace) => trace.frames).map((frame) => frame.function);
      t.ok(names?.includes('stoat_poll'), 'its caller is in the trace');
      t.strictSame(others, []);
    });
