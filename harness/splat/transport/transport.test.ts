// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { CARRIAGES, GOLDEN_LOGS, judgeCarriage, readGoldenLogs } from '../../testing/index.ts';
import { createScanner, scanLog } from '../index.ts';
import { FRONTS, findFront } from './fronts.ts';

/** Logs as they reach people: `make transports` tries every golden log in every way. */

const LARGEST = 64 * 1024;
const SOME =
  /UAF|use-after-free|warning-WARNING|hung-task|unlock|quiet|dma_overlap|race_unknown|page_free_twice|rcu_other/;
const some = [...readGoldenLogs()].filter(([name, log]) => SOME.test(name) && log.length < LARGEST);

t.setTimeout(240_000);

for (const carriage of CARRIAGES)
  t.test(`golden logs are read under no wrong name in this form: ${carriage.name}`, async (t) => {
    t.ok(some.length > 5, 'there are logs');
    for (const [name, log] of some) {
      const { verdict, words } = judgeCarriage(carriage, name, log);
      const allowed = /capitals|decoded/.test(carriage.name) ? ['same', 'torn'] : ['same'];
      t.ok(allowed.includes(verdict), `${name}: ${words || verdict}`);
    }
  });

const CASES = join(GOLDEN_LOGS, 'cases');

for (const folder of ['field', 'rules'])
  for (const name of readdirSync(join(CASES, folder)).filter((one) => one.endsWith('.log')))
    t.test(`each complaint has a place in the log itself: ${folder}/${name}`, async (t) => {
      const log = readFileSync(join(CASES, folder, name));
      for (const { start, end } of scanLog(log)) {
        t.ok(start < end && end <= log.length);
        if (start > 0) t.equal(log[start - 1], 0x0a);
      }
    });

for (const { name, example } of FRONTS)
  t.test(`a front is found by its own row: ${name}`, async (t) => {
    const front = findFront(example);
    t.equal(FRONTS.find(({ pattern }) => pattern.exec(example))?.name, name);
    t.ok((front?.[0].length ?? 0) > 0);
  });

t.test('the place of a complaint is that in the log itself, whatever was undone', async (t) => {
  const log = `${'A text of a mail.\n'.repeat(5)}\n${readFileSync(join(CASES, 'field/01.log'), 'latin1')}\nThanks\n`;
  const [splat] = scanLog(log);
  t.match(
    log.slice(splat?.start, splat?.end),
    /^\[ {3}61\.204.*cut here.*__x64_sys_ioctl.*end trace[^\n]*\n$/s,
  );
  const newestFirst = log.trimEnd().split('\n').reverse().join('\n');
  t.ok(scanLog(newestFirst)[0] === undefined || scanLog(newestFirst).every(({ start, end }) => start < end));
});

t.test(
  'a complaint ends at the end of a line behind lines that were left out and lines that are too long',
  async (t) => {
    const [golden] = some.map(([, log]) => log);
    for (const letters of [20_000, 40_000, 150_000]) {
      const long = `[    9.000001] ${'x'.repeat(letters)}\n`;
      const lines = (golden ?? '').split(/(?<=\n)/).flatMap((line) => [line, line]);
      const log = Buffer.from([...lines, '\n', '\n', long, long, ...lines].join(''), 'latin1');
      const splats = scanLog(log);
      t.ok(splats.length > 0);
      for (const { start, end } of splats) {
        t.ok(start === 0 || log[start - 1] === 0x0a, `start ${start}, ${letters} letters`);
        t.equal(log[end - 1], 0x0a, `end ${end}, ${letters} letters`);
      }
    }
  },
);

t.test('a log that is being written is read line by line, and nothing is held back', async (t) => {
  const announced: string[] = [];
  const scanner = createScanner({ live: true, onHeader: (title) => announced.push(title) });
  scanner.push('[    5.000001] BUG: Bad rss-counter state mm:1 idx:0 val:-1\n');
  t.equal(announced.length, 1);
  scanner.end();
});

t.test('lines of programs between those of the kernel are not joined to them', async (t) => {
  const kernel =
    '[    5.000001] EXT4-fs (vda1): mounted filesystem with ordered data mode. Quota mode: none.\n';
  const program = 'WARNING: the pond is dry\n';
  t.strictSame(scanLog(`${kernel}${program}`.repeat(20)), []);
});
