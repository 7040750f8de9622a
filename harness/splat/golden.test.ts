// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { GOLDEN_LOGS, readMarkedLog } from '../testing/index.ts';
import { createScanner, scanLog } from './index.ts';

// On a busy computer some 200 logs take longer than tap waits by itself.
t.setTimeout(10 * 60_000);

/** Console logs of ktrial's own trials on 5.10.223, as QEMU wrote them, and what is wrong in each. */

function readGolden(name: string): Buffer {
  return Buffer.from(readMarkedLog(readFileSync(join(GOLDEN_LOGS, `${name}.log`), 'latin1')).log, 'latin1');
}

const ROOTS: Readonly<Record<string, readonly string[]>> = {
  'bad-unlock-balance': ['WARNING: bad unlock balance in mdev_device_remove'],
  'kasan-use-after-free': ['KASAN: use-after-free Read in sysfs_create_link'],
  'page-faults-of-a-dead-module': ['BUG: unable to handle kernel paging request in vfio_mdev_write'],
  'quiet-boot': [],
};

for (const [name, titles] of Object.entries(ROOTS)) {
  t.test(`${name}: its roots are found, and nothing else is a root`, async (t) => {
    const splats = scanLog(readGolden(name));
    t.strictSame(
      splats.filter((splat) => splat.follows === null).map((splat) => splat.title),
      titles,
    );
    for (const splat of splats) {
      t.ok(splat.start < splat.end, 'it has a place in the log');
      t.ok(splat.frames.length > 3, 'its trace was read');
      t.notOk(splat.corrupted, splat.corruptedReason ?? '');
    }
  });

  t.test(`${name}: the pieces in which a log comes change nothing`, async (t) => {
    const log = readGolden(name);
    const whole = scanLog(log);
    for (const size of [1, 7, 1000, 65_536]) {
      const scanner = createScanner();
      for (let at = 0; at < log.length; at += size) scanner.push(log.subarray(at, at + size));
      t.strictSame(scanner.end(), whole, `pieces of ${size} bytes`);
    }
  });
}

t.test('two runs of the same bug have the same signature, two bugs have different ones', async (t) => {
  const log = readGolden('bad-unlock-balance').toString('latin1');
  const other = log
    .replaceAll(/\[ *\d+\.\d{6}\]/g, '[   99.123456]')
    .replaceAll('T66', 'T99')
    .replaceAll('PID: 66', 'PID: 99');
  const [first, second] = [scanLog(log), scanLog(other)];
  t.equal(first[0]?.signature, second[0]?.signature);
  t.not(first[0]?.signature, scanLog(readGolden('kasan-use-after-free'))[0]?.signature);
});

const bare = (line: string) => line.replace(/^\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? /, '');
const COPIES: Readonly<Record<string, (line: string) => string>> = {
  'without stamps': bare,
  'quoted in a mail': (line) => `> ${line}`,
  'quoted without stamps': (line) => `> ${bare(line)}`,
  'in a syslog file': (line) => `Nov  3 03:40:40 warren kernel: ${line}`,
  'in a laboratory’s JSON': (line) => `- {"dt": "2023-11-23T03:40:40.1", "lvl": "target", "msg": "${line}"}`,
};

for (const [copy, write] of Object.entries(COPIES))
  t.test(`all golden logs say the same ${copy}`, async (t) => {
    for (const file of readdirSync(GOLDEN_LOGS).filter((name) => name.endsWith('.log'))) {
      const log = readGolden(file.replace(/\.log$/, '')).toString('latin1');
      const titlesOf = (text: string) =>
        scanLog(Buffer.from(text, 'latin1')).map((splat) => [splat.title, splat.corrupted]);
      t.strictSame(titlesOf(log.split('\n').map(write).join('\n')), titlesOf(log), file);
    }
  });

t.test('who did it, and where, is read from the report', async (t) => {
  const [splat] = scanLog(readGolden('bad-unlock-balance'));
  t.equal(splat?.culprit, 'mdev_device_remove');
  t.equal(splat?.comm, 'errno-write');
  t.ok(
    splat?.frames.some(
      (frame) => frame.function === 'mdev_device_remove' && frame.module === 'mdev' && frame.reliable,
    ),
  );
  t.ok(
    splat?.frames.some((frame) => !frame.reliable),
    'what the unwinder guessed is marked',
  );
});

t.test('no bytes make it throw', async (t) => {
  const scanner = createScanner();
  for (const piece of [
    Buffer.from([0xff, 0x00, 0x80, 0x0a]),
    Buffer.alloc(200_000, 0x41),
    '\r\n[    1.0][ T1] BUG: ',
    '\0\n',
  ]) {
    t.doesNotThrow(() => scanner.push(piece));
  }
  t.ok(Array.isArray(scanner.end()));
});
