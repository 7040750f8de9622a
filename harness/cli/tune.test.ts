// SPDX-License-Identifier: MIT
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { makeScratch } from '../host/index.ts';
import type { StepRecord } from '../model/index.ts';
import { anEventStream, aTrial, aVerdict } from '../testing/index.ts';
import { runShell } from '../testing/program.ts';

t.setTimeout(120_000);

const RACE: StepRecord = {
  label: 'meet',
  kind: 'race',
  phase: 'steps',
  startedAt: '2026-01-01T00:00:00.000Z',
  durationMs: 10_000,
  outcome: 'passed',
  details: [],
  numbers: { seconds: 10 },
  points: [0, 0, 8, 9, 0].map((hits, index) => ({ offsetUs: index * 100, delayUs: null, rounds: 10, hits })),
};

function writeRun(directory: string, steps: readonly StepRecord[]): void {
  mkdirSync(directory);
  const events = anEventStream([aTrial('swept.base.1', { steps })], aVerdict([]));
  const kept = events.filter((one) => !['stageProgress', 'stepStarted', 'queueChanged'].includes(one.type));
  const lines = kept.map((one, index) => `${JSON.stringify({ ...one, seq: index + 1 })}\n`);
  writeFileSync(join(directory, 'journal.ndjson'), lines.join(''));
}

t.test('tune prints the best offsets of a run’s race, and refuses a run without one', async (t) => {
  await using scratch = await makeScratch('tune');
  writeRun(join(scratch.path, 'raced'), [RACE]);
  writeRun(join(scratch.path, 'plain'), []);
  const raced = await runShell('ktrial tune raced', { cwd: scratch.path });
  t.equal(raced.exitCode, 0, raced.stderr);
  t.match(raced.stdout, /^# swept, base: meet\n {2}\|\.\.89\.\|$/m);
  t.match(raced.stdout, /^offset: \{from: 200us, to: 300us, step: 6us\}$/m);
  const plain = await runShell('ktrial tune plain', { cwd: scratch.path });
  t.equal(plain.exitCode, 2);
  t.match(plain.stderr, /CLI_NO_RACE/);
});
