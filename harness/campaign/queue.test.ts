// SPDX-License-Identifier: MIT
import t from 'tap';
import type { LiveEventBody, TrialState } from '../model/index.ts';
import { aState, aTrial } from '../testing/index.ts';
import type { Running } from './execution.ts';
import { emitQueue } from './queue.ts';

const ids = ['a.base.1', 'b.base.1', 'c.base.1', 'd.base.1'];
const state = aState(
  ids.map((id) => aTrial(id)),
  null,
);
const withStatus = (...statuses: readonly TrialState['status'][]) => ({
  ...state,
  trials: state.trials.map((trial, index) => ({ ...trial, status: statuses[index] ?? 'planned' })),
});

/** What listeners hear when these trials have run for so many milliseconds. */
function heard(
  statuses: readonly TrialState['status'][],
  running: Readonly<Record<string, number>>,
  expect: (id: string) => number | null,
  jobs = 1,
): LiveEventBody | undefined {
  const events: LiveEventBody[] = [];
  const entries = Object.entries(running).map(([trial, ms]): [string, Running] => [
    trial,
    {
      action: trial === 'image' ? { type: 'makeImage' } : { type: 'runTrial', trial },
      startedAt: performance.now() - ms,
      ended: Promise.resolve(),
    },
  ]);
  emitQueue(
    {
      recorder: {
        state: withStatus(...statuses),
        append: () => t.fail('an estimate is no event of the journal'),
        emitLive: (event) => void events.push(event),
      },
      policy: ({ trials }) =>
        trials.filter((one) => one.status !== 'done').map((one) => ({ type: 'runTrial', trial: one.id })),
      durations: { expect: (trial) => expect(trial.id), learn() {}, save: async () => {} },
      capacity: { jobs, l2Jobs: jobs, memoryMib: 1000 },
    },
    new Map(entries),
  );
  t.equal(events.length, 1);
  return events[0];
}

t.test('trials are done, running or waiting', async (t) => {
  const counts = { type: 'queueChanged', done: 1, running: 1, waiting: 2 };
  t.match(
    heard(['done', 'running'], { 'b.base.1': 0 }, () => null),
    { ...counts, remainingMs: null },
  );
  t.match(
    heard(['done'], { 'b.base.1': 0 }, () => null),
    counts,
    'one that starts just now runs',
  );
  t.match(
    heard(['done', 'planned', 'done'], { image: 10 }, () => 10),
    { done: 2, running: 0, waiting: 2, remainingMs: 20 },
    'what is no trial is not counted',
  );
});

t.test('what remains is the rest of what runs and all that waits, by machine', async (t) => {
  const remaining = (...args: Parameters<typeof heard>) => {
    const event = heard(...args);
    return event?.type === 'queueChanged' ? event.remainingMs : null;
  };
  const rest = remaining(['done', 'running'], { 'b.base.1': 40_000 }, (id) =>
    id === 'b.base.1' ? 100_000 : 1000,
  );
  t.ok(rest !== null && rest > 60_000 && rest <= 62_000, `${rest}`);
  t.equal(
    remaining(['running'], { 'a.base.1': 500 }, () => 100),
    300,
    'a trial that takes longer than expected has nothing left',
  );
  t.equal(
    remaining(['running'], { 'a.base.1': 500 }, () => 100, 2),
    200,
  );
  t.equal(
    remaining(['running'], { 'a.base.1': 1 }, (id) => (id === 'a.base.1' ? null : 5)),
    null,
  );
  t.equal(
    remaining(['running'], { 'a.base.1': 1 }, (id) => (id === 'd.base.1' ? null : 5)),
    null,
  );
});
