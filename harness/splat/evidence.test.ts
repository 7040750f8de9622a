// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import {
  GOLDEN_LOGS,
  KASAN_LINES,
  LOCKDEP_LINES,
  readMarkedLog,
  stampLines,
  WARNING_LINES,
} from '../testing/index.ts';
import { findMissingSplats, readKmsg, scanLog } from './index.ts';

const WARNING = stampLines(100, WARNING_LINES, 'T214');
const KASAN = stampLines(107, KASAN_LINES, 'T214');

/** A console log as /dev/kmsg gives it: a record for each line, with its number. */
function asKmsg(log: string, first = 0): string {
  let sequence = first;
  const records = log
    .replaceAll('\r', '')
    .split('\n')
    .map((line) => {
      const [, seconds, fraction, caller, text = ''] =
        /^\[ *(\d+)\.(\d{6})\](?:\[ *([TC]\d+)\])? (.*)$/.exec(line) ?? [];
      if (seconds === undefined) return line;
      const context = caller === undefined ? '' : `,caller=${caller}`;
      const escaped = text.replace(
        /[^\x20-\x7e]|\\/g,
        (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`,
      );
      return `6,${sequence++},${Number(seconds) * 1e6 + Number(fraction)},-${context};${escaped}`;
    });
  return records.join('\n');
}

const titles = (console: string, kmsg: string) =>
  findMissingSplats(scanLog(console), scanLog(readKmsg(kmsg).log)).map((splat) => splat.title);

t.test('a complaint that the serial line lost is found in the log buffer', async (t) => {
  t.strictSame(titles(WARNING, asKmsg(WARNING + KASAN)), [
    'KASAN: slab-use-after-free Read in otter_release',
  ]);
  t.strictSame(titles('', asKmsg(WARNING)).length, 1);
  t.strictSame(titles(WARNING + KASAN, asKmsg(WARNING + KASAN)), []);
  t.strictSame(titles(WARNING + KASAN, asKmsg(WARNING)), [], 'the buffer may have lost what the console has');
});

t.test('the same complaint a second time counts by its stamp', async (t) => {
  const again = stampLines(300, WARNING_LINES, 'T300');
  t.equal(titles(WARNING, asKmsg(WARNING + again)).length, 1);
  t.equal(titles(again, asKmsg(WARNING + again)).length, 1);
  t.equal(titles(WARNING + again, asKmsg(WARNING + again)).length, 0);
  const splats = scanLog(WARNING);
  const later = (seconds: number | null) => scanLog(WARNING).map((splat) => ({ ...splat, seconds }));
  const at = splats[0]?.seconds ?? 0;
  t.equal(findMissingSplats(splats, later(at + 1)).length, 0, 'stamps need not be equal');
  t.equal(findMissingSplats(splats, later(at - 1.5)).length, 1);
  t.equal(findMissingSplats(splats, later(null)).length, 0, 'a log without stamps');
  t.equal(findMissingSplats(later(null), splats).length, 0);
  t.equal(findMissingSplats(splats, [...later(at), ...later(at)]).length, 1, 'one accounts for one');
});

t.test('the console’s truncated copy is the same complaint', async (t) => {
  const cut = KASAN.split('\n')
    .filter((line) => !line.includes('Read of size'))
    .join('\n');
  t.equal(scanLog(cut)[0]?.corrupted, true);
  t.strictSame(titles(cut, asKmsg(KASAN)), []);
  const elsewhere = scanLog(cut).map((splat) => ({ ...splat, seconds: (splat.seconds ?? 0) + 0.5 }));
  t.equal(findMissingSplats(elsewhere, scanLog(KASAN)).length, 1, 'not with another stamp');
  const whole = scanLog(cut).map((splat) => ({ ...splat, corrupted: false }));
  t.equal(findMissingSplats(whole, scanLog(KASAN)).length, 1, 'nor one that is whole');
  const unknown = scanLog(cut).map((splat) => ({ ...splat, seconds: null }));
  t.equal(findMissingSplats(unknown, scanLog(KASAN)).length, 1, 'nor one without a stamp');
  t.equal(
    findMissingSplats(
      scanLog(cut),
      scanLog(KASAN).map((splat) => ({ ...splat, seconds: null })),
    ).length,
    1,
  );
});

t.test('what follows from what is kept in the combined list', async (t) => {
  const sleep = stampLines(
    108,
    [
      'BUG: sleeping function called from invalid context at mm/slab.h:421',
      'Call Trace:',
      ' exit_signals+0x1/0x10',
    ],
    'T214',
  );
  const lockdep = stampLines(50, LOCKDEP_LINES, 'T9');
  const all = asKmsg(lockdep + KASAN + sleep);
  const follows = (console: string) =>
    findMissingSplats(scanLog(console), scanLog(readKmsg(all).log)).map((splat) => splat.follows);
  t.strictSame(follows(lockdep + KASAN), [1], 'its root is the second of the console');
  t.strictSame(follows(lockdep), [null, 1], 'its root is missing too, and stands before it');
  t.strictSame(follows(''), [null, null, 1]);
});

t.test('the numbers of the records show what the kernel overwrote', async (t) => {
  const records = asKmsg(WARNING)
    .split('\n')
    .filter((line) => line !== '');
  t.strictSame(readKmsg(records.join('\n')).gaps, []);
  t.strictSame(readKmsg(records.slice(3).join('\n')).gaps, [{ before: 3, records: 3 }]);
  t.strictSame(readKmsg(records.toSpliced(5, 2).join('\n')).gaps, [{ before: 7, records: 2 }]);
  t.strictSame(readKmsg(asKmsg(WARNING, 1)).gaps, [{ before: 1, records: 1 }]);
  t.strictSame(readKmsg(WARNING).gaps, [], 'dmesg has no numbers');
  t.strictSame(readKmsg('').gaps, []);
});

t.test('records of /dev/kmsg become the lines of a console', async (t) => {
  const read = (text: string) => readKmsg(text).log.toString('latin1');
  t.equal(read('6,1,5123456,-;pond: ready'), '[    5.123456] pond: ready');
  t.equal(read('4,12,123456000007,-,caller=T42;x;y'), '[123456.000007][   T42] x;y');
  t.equal(read('4,12,7,c,caller=C1,extra=1;x'), '[    0.000007][    C1] x');
  t.equal(read('12,1,0,+;x'), '[    0.000000] x');
  t.equal(
    read('6,1,5000000,-;a\\x0ab\\x09c\\x5cn'),
    '[    5.000000] a\n[    5.000000] b\tc\\n',
    'escapes and two lines',
  );
  t.equal(
    read('6,1,0,-;acpi: x\n SUBSYSTEM=acpi\n DEVICE=+acpi:PNP\n6,2,0,-;y'),
    '[    0.000000] acpi: x\n[    0.000000] y',
  );
  t.equal(
    read(' frame+0x1/0x2\n[    5.123456]  frame+0x1/0x2'),
    ' frame+0x1/0x2\n[    5.123456]  frame+0x1/0x2',
    'dmesg stays as it is',
  );
  t.equal(read('6,1,0,-;gr\\xc3\\xbcn'), Buffer.from('[    0.000000] grün').toString('latin1'));
  t.equal(readKmsg(Buffer.from('6,1,0,-;x')).log.toString(), '[    0.000000] x');
});

t.test('each golden log says the same as records of /dev/kmsg', async (t) => {
  for (const file of readdirSync(GOLDEN_LOGS).filter((name) => name.endsWith('.log'))) {
    const { log } = readMarkedLog(readFileSync(join(GOLDEN_LOGS, file), 'latin1'));
    const console = scanLog(Buffer.from(log, 'latin1'));
    const kmsg = scanLog(readKmsg(Buffer.from(asKmsg(log), 'latin1')).log);
    t.strictSame(
      findMissingSplats(console, kmsg).map((splat) => splat.title),
      [],
      file,
    );
    t.strictSame(
      findMissingSplats(kmsg, console).map((splat) => splat.title),
      [],
      `${file}, the other way`,
    );
  }
});
