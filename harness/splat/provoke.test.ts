// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { compileSplatExpectation, expandScenario, parseScenario } from '../scenario/index.ts';
import {
  GOLDEN_LOGS,
  goldenName,
  judgeMarkedLog,
  PROJECT_ROOT,
  PROVOKE_PACK,
  readMarkedLog,
  writeMarkedLog,
} from '../testing/index.ts';
import { scanLog } from './index.ts';

/** Logs of kernels that were made to fail on purpose; `make golden` rewrites them. */
const logs = readdirSync(GOLDEN_LOGS).filter((name) => name.endsWith('.log'));
const read = (name: string) => readFileSync(join(GOLDEN_LOGS, name), 'latin1');

for (const name of logs)
  t.test(`${name} is read as a person reads it`, async (t) => {
    t.strictSame(judgeMarkedLog(name, read(name)), []);
  });

/** Every trial of the pack, by the name of its log. */
const PACK = new Map(
  Object.entries(PROVOKE_PACK).flatMap(([kernel, directories]) =>
    directories.flatMap((directory) => {
      const path = join(PROJECT_ROOT, 'scenarios/provoke', directory);
      return readdirSync(path).flatMap((file) => {
        const parsed = parseScenario(readFileSync(join(path, file), 'utf8'), file);
        if (!parsed.ok) throw new Error(`${file} is no scenario`);
        return expandScenario(parsed.scenario).map(
          (settled) => [goldenName(kernel, settled.name), settled] as const,
        );
      });
    }),
  ),
);

t.test('each log of the pack is of a trial that the pack still has', async (t) => {
  const there = logs.filter((name) =>
    Object.keys(PROVOKE_PACK).some((kernel) => name.startsWith(`${kernel}-`)),
  );
  t.strictSame(
    there.filter((name) => !PACK.has(name)),
    [],
  );
  const missing = [...PACK.keys()].filter((name) => !there.includes(name));
  t.comment(`of ${PACK.size} trials, ${missing.join(', ')} have no log`);
});

t.test('each log of the pack is what its scenario expects, and nothing besides', async (t) => {
  for (const [name, settled] of PACK) {
    if (!logs.includes(name)) continue;
    const splats = scanLog(Buffer.from(readMarkedLog(read(name)).log, 'latin1'));
    t.strictSame(
      compileSplatExpectation(settled)
        .findUnexpected(splats)
        .map((one) => one.title),
      [],
      name,
    );
  }
});

t.test("most logs hold what the self-test of the kernel's own sources wants", async (t) => {
  const held = logs.filter((name) => readMarkedLog(read(name)).control !== null);
  for (const kernel of ['provoke-5.10', 'provoke-6.12'])
    t.ok(held.filter((name) => name.startsWith(`${kernel}-`)).length > 40, kernel);
});

t.test('each way in which a log can differ from its head is reported', async (t) => {
  const log = '[    1.000000][   T50] ------------[ cut here ]------------\n';
  const name = logs.find((one) => one.includes('lkdtm-warning-WARNING.')) ?? '';
  const { head, log: whole } = readMarkedLog(read(name));
  const judge = (lines: readonly string[], text = whole) =>
    judgeMarkedLog('x', writeMarkedLog(lines, text)).length;
  t.equal(judge(head), 0);
  t.ok(judge(head, log) > 0, 'the complaint is gone');
  t.ok(judge(['TITLE:']) > 0, 'a complaint that nobody knows of');
  t.ok(judge([]) > 0, 'no head');
  t.ok(judge(head.map((line) => line.replace('lkdtm_WARNING', 'another'))) > 0, 'another title');
  t.ok(judge([...head, 'ALSO: kernel BUG in another']) > 0, 'one complaint too few');
  t.ok(judge([...head, 'PANICKED: Y']) > 0, 'no panic');
  t.ok(judge([...head, 'CORRUPTED: Y']) > 0, 'not truncated');
  t.ok(judge(head.map((line) => line.replace(/^TYPE: .*/, 'TYPE: LEAK'))) > 0, 'another type');
  t.ok(
    judge([...head.filter((line) => !line.startsWith('CONTROL:')), 'CONTROL: never said']) > 0,
    'the control',
  );
});
