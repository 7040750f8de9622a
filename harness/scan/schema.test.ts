// SPDX-License-Identifier: MIT
import t from 'tap';
import type { Splat } from '../model/index.ts';
import { createScanner, scanLog } from '../splat/index.ts';
import { aSplat } from '../testing/index.ts';
import { readPublishedSchema } from '../testing/published-schema.ts';
import { readGoldenLogs } from '../testing/transports.ts';
import { complaintJson, scanJson } from './index.ts';

const { accepts, problemsOf } = readPublishedSchema('scan.schema.json');

/** What is read of a log while it comes. */
function follow(log: Buffer): readonly Splat[] {
  const splats: Splat[] = [];
  const scanner = createScanner({ live: true, onSplat: (splat) => splats.push(splat) });
  scanner.push(log);
  scanner.end();
  return splats;
}

t.test('the published schema describes every key of all that is printed, and no other', async (t) => {
  const logs = [...readGoldenLogs().values()].map((log) => Buffer.from(log, 'latin1'));
  let count = 0;
  for (const log of logs) {
    const splats = scanLog(log);
    count += splats.length;
    const problems = problemsOf(scanJson('a.log', { splats, lines: 1, dropped: 0 }));
    if (problems !== '') t.fail(`${splats[0]?.title}: ${problems}`);
    for (const splat of follow(log)) t.equal(problemsOf(complaintJson('-', splat, false)), '', splat.title);
  }
  t.ok(count > 50, `${count} complaints`);
});

t.test('quoted source is described too', async (t) => {
  const lines = [{ number: 9, text: 'x', change: null }];
  const source = { function: 'f', file: 'a.c', line: 9, lines, merged: [{ line: 9, lines }] };
  t.equal(problemsOf(scanJson('a.log', { splats: [aSplat({ source })], lines: 1, dropped: 0 })), '');
});

t.test('what is not so printed is refused', async (t) => {
  const log = JSON.parse(JSON.stringify(scanJson('a.log', { splats: [aSplat({})], lines: 1, dropped: 0 })));
  t.equal(problemsOf(log), '');
  const [splat] = log.splats;
  const wrong: readonly object[] = [
    {},
    { ...log, format: 2 },
    { ...log, lines: -1 },
    { ...log, more: 1 },
    { ...log, dropped: undefined },
    { ...log, splats: [{ ...splat, title: null }] },
    { ...log, splats: [{ ...splat, frames: [{}] }] },
    { ...log, splats: [{ ...splat, follows: undefined }] },
    { format: 1, file: '-', splat },
  ];
  for (const value of wrong) t.not(problemsOf(value), '', JSON.stringify(value).slice(0, 80));
  t.ok(accepts({ ...log, more: 1 }), 'a new key breaks no reader');
});
