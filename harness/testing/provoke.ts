// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { gradeLog, scanLog } from '../splat/index.ts';
import { readMarkedLog, writeMarkedLog } from './marked.ts';
import { PROJECT_ROOT } from './root.ts';

/** The kernels of the pack, and the directories of scenarios/provoke that each is put through. */
export const PROVOKE_PACK: Readonly<Record<string, readonly string[]>> = {
  'provoke-5.10': ['lkdtm', 'lkdtm-5.10', 'detector-5.10'],
  'provoke-6.12': ['lkdtm', 'lkdtm-6.12', 'detector-6.12'],
  'provoke-kasan-5.10': ['kasan', 'kasan-5.10'],
  'provoke-kasan-6.12': ['kasan', 'kasan-6.12'],
  'provoke-kcsan-6.12': ['module'],
  'smoke-arm64-5.10': ['arm64'],
};

/** Where the logs of the pack lie. */
export const GOLDEN_LOGS: string = join(PROJECT_ROOT, 'harness/splat/testdata');

/** The file of one trial's log, by kernel and settled scenario (`lkdtm-write@type=WRITE_RO`). */
export function goldenName(kernel: string, scenario: string): string {
  return `${kernel}-${scenario.replace(/@\w+=/g, '-')}.log`;
}

/** What a marked log's head says and the scanner does not, or the kernel's own self-test would miss: nothing, if all is well. */
export function judgeMarkedLog(name: string, text: string): string[] {
  const { head, titles, control, log } = readMarkedLog(text);
  const row = gradeLog(name, text);
  const roots = scanLog(Buffer.from(log, 'latin1')).filter((splat) => splat.follows === null);
  const wrong: string[] = [];
  const say = (what: string, expected: unknown, found: unknown) => {
    if (expected !== found) wrong.push(`${what}: ${found}, and its head says ${expected}`);
  };
  if (!head.some((line) => line.startsWith('TITLE:')))
    wrong.push('it has no head: nobody has said what is in it');
  say('titles', titles.join(' | '), [...new Set(roots.map((splat) => splat.title))].join(' | '));
  if (titles.length > 0) say('type', row.typeExpected, row.typeGot);
  if (row.culpritExpected !== null) say('culprit', row.culpritExpected, row.culpritGot);
  say('corrupted', row.corruptedExpected, row.corruptedGot);
  say('panicked', row.panickedExpected, row.panickedGot);
  if (control !== null && !new RegExp(control, 'i').test(log)) wrong.push(`it lacks /${control}/`);
  return wrong;
}

/** A marked log with the head that the scanner would write; notes and the control stay. A person must read the difference. */
export function rewriteHead(name: string, text: string): string {
  const { head, log } = readMarkedLog(text);
  const kept = head.filter((line) => /^(?:FRAME|CONTROL|NOTE):/.test(line));
  const roots = scanLog(Buffer.from(log, 'latin1')).filter((splat) => splat.follows === null);
  const [first, ...others] = [...new Set(roots.map((splat) => splat.title))];
  const row = gradeLog(name, text);
  const lines = [
    `TITLE: ${first ?? ''}`.trim(),
    ...(row.typeGot === null ? [] : [`TYPE: ${row.typeGot}`]),
    ...others.map((title) => `ALSO: ${title}`),
    ...(row.corruptedGot ? ['CORRUPTED: Y'] : []),
    ...(row.panickedGot ? ['PANICKED: Y'] : []),
    ...kept,
  ];
  return writeMarkedLog(lines, log);
}
