// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Splat } from '../model/index.ts';
import { GOLDEN_LOGS } from '../testing/index.ts';
import { scanLog } from './index.ts';

/**
 * Logs made up for single rules (`rules`) and for forms in which logs reach people (`field`). Each folder's expected.tsv
 * says what must be read from them; several titles that are right are separated by `||`.
 */
const CASES = join(GOLDEN_LOGS, 'cases');

type Row = Readonly<Record<string, string>>;

function readRows(folder: string): readonly Row[] {
  const lines = readFileSync(join(CASES, folder, 'expected.tsv'), 'utf8')
    .trimEnd()
    .split('\n');
  const [head = '', ...rows] = lines.filter((line) => !line.startsWith('#'));
  const keys = head.split('\t');
  return rows.map((row) =>
    Object.fromEntries(row.split('\t').map((value, index) => [keys[index] ?? '', value])),
  );
}

function readCase(folder: string, file = ''): readonly Splat[] {
  return scanLog(readFileSync(join(CASES, folder, file)));
}

/** Whether a title is one of those that are right; `*` stands for anything. */
function isRight(title: string | undefined, expected: string): boolean {
  return expected.split(' || ').some((one) => {
    const parts = one.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\/]/g, '\\$&'));
    return title !== undefined && new RegExp(`^${parts.join('.*')}$`).test(title);
  });
}

for (const folder of ['rules', 'field'])
  t.test(`${folder}: every log has its row`, async (t) => {
    const logs = readdirSync(join(CASES, folder)).filter((name) => name.endsWith('.log'));
    t.strictSame(
      readRows(folder).map((row) => row.file),
      logs.sort(),
    );
  });

for (const { file, title = '', culprit, type, corrupted, quiet, note = '' } of readRows('rules'))
  t.test(`rules/${file}: ${quiet === 'yes' ? 'nothing is found' : title}`, async (t) => {
    const splats = readCase('rules', file);
    if (quiet === 'yes') {
      t.strictSame(
        splats.map((splat) => splat.title),
        [],
      );
      return;
    }
    const [first] = splats;
    t.equal(first?.title, title);
    t.equal(first?.culprit ?? '', culprit);
    t.equal(first?.type, type);
    t.equal(first?.corrupted, corrupted === 'yes', first?.corruptedReason ?? 'whole');
    if (note.startsWith('one complaint')) t.equal(splats.length, 1);
    const frames = /frames = (\d+)/.exec(note)?.[1];
    if (frames !== undefined) t.equal(first?.frames.length, Number(frames));
    const second = /second(?: title)?: (.*)/.exec(note)?.[1];
    if (second !== undefined) t.equal(splats[1]?.title, second);
  });

for (const { file, title = '', roots, also = '', fault } of readRows('field'))
  t.test(`field/${file}: ${fault}`, async (t) => {
    const splats = readCase('field', file);
    const [first] = splats;
    t.ok(isRight(first?.title, title), `${first?.title ?? 'nothing'}: expected ${title}`);
    t.equal(splats.filter((splat) => splat.follows === null).length, Number(roots));
    const [key = '', value = ''] = also.split('=');
    if (key === 'corrupted') t.equal(first?.corrupted, value === 'yes', first?.corruptedReason ?? 'whole');
    if (key === 'frame') t.ok(first?.frames.some((frame) => frame.function === value));
    if (key === 'splats') t.equal(splats.length, Number(value));
    if (key === 'culprit') t.equal(first?.culprit, value);
  });
