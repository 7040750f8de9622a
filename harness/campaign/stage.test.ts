// SPDX-License-Identifier: MIT
import t from 'tap';
import type { RunEvent } from '../model/index.ts';
import { aCampaignPlan, aSink, stillClock } from '../testing/fast-campaign.ts';
import { aRequest } from '../testing/index.ts';
import { openJournal } from './journal.ts';
import { startRecorder } from './recorder.ts';
import { runStage } from './stage.ts';

/** Runs one stage: what listeners hear of it, without their form, number and time. */
async function run(work: (progress: (text: string) => void) => Promise<unknown>) {
  const events: Partial<RunEvent>[] = [];
  const plan = aCampaignPlan({ scenarios: [], patches: 0, arms: 'pair', repeat: 1 });
  const recorder = startRecorder(
    { type: 'planned', request: aRequest(), plan },
    openJournal(aSink(), 'journal', 0, stillClock),
    ({ format: _format, at: _at, seq: _seq, ...event }) => void events.push(event),
    stillClock,
  );
  const result = await runStage(recorder, 'build-base', 'build the base', work).catch((error) => ({ error }));
  return { result, events: events.slice(1) };
}

t.test('a stage is recorded with its progress, its end and its result', async (t) => {
  const { result, events } = await run(async (progress) => {
    progress('half');
    await new Promise((resolve) => setTimeout(resolve, 30));
    return 7;
  });
  t.equal(result, 7);
  const durationMs = Number((events[2] as { durationMs?: number }).durationMs);
  t.strictSame(events, [
    { type: 'stageStarted', stage: 'build-base', title: 'build the base' },
    { type: 'stageProgress', stage: 'build-base', text: 'half' },
    { type: 'stageEnded', stage: 'build-base', ok: true, text: '', durationMs },
  ]);
  t.ok(Number.isInteger(durationMs) && durationMs >= 25 && durationMs < 10_000, `${durationMs} ms`);
});

t.test('a stage says what its result means for the series', async (t) => {
  for (const [result, text] of [
    [undefined, ''],
    [null, ''],
    ['build', ''],
    [{}, ''],
    [{ build: { built: true, cached: true } }, 'cached'],
    [{ build: { built: true, cached: false } }, ''],
    [{ build: { built: false, cached: false } }, 'failed'],
    [{ ok: true }, ''],
    [{ ok: false }, 'failed'],
    [{ ok: 0 }, ''],
  ] as const)
    t.match((await run(async () => result)).events.at(-1), { ok: true, text }, JSON.stringify(result));
});

t.test('a stage that fails is recorded as failed, and its error is thrown', async (t) => {
  for (const [error, text] of [
    [new Error('the disk is full'), 'the disk is full'],
    ['a text', 'a text'],
  ] as const) {
    const { result, events } = await run(() => Promise.reject(error));
    t.strictSame(result, { error });
    t.match(events.at(-1), { type: 'stageEnded', ok: false, text });
    t.equal(events.length, 2);
  }
});
