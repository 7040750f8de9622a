// SPDX-License-Identifier: MIT
import type { Execution, Running } from './execution.ts';
import { estimateRemainingMs } from './schedule.ts';

/** Tells listeners how the queue of trials stands. Promises nothing where the length of any trial is unknown. */
export function emitQueue(
  {
    recorder,
    policy,
    durations,
    capacity,
  }: Pick<Execution, 'recorder' | 'policy' | 'durations' | 'capacity'>,
  running: ReadonlyMap<string, Running>,
): void {
  const { trials } = recorder.state;
  const now = performance.now();
  const active = [...running.values()].flatMap(({ action, startedAt }) => {
    const trial = action.type === 'runTrial' && trials.find((one) => one.id === action.trial);
    return trial ? [{ trial, startedAt }] : [];
  });
  // A policy may run fewer trials than are planned.
  const wanted = new Set(
    policy(recorder.state).flatMap((action) => (action.type === 'runTrial' ? [action.trial] : [])),
  );
  const waiting = trials.filter(
    (trial) => wanted.has(trial.id) && !active.some((one) => one.trial.id === trial.id),
  );
  const expected = active.map((one) => durations.expect(one.trial));
  const rest = active.map((one, index) => Math.max(0, (expected[index] ?? 0) - (now - one.startedAt)));
  const remainingMs = expected.includes(null)
    ? null
    : estimateRemainingMs(rest, waiting.map(durations.expect), capacity.jobs);
  recorder.emitLive({
    type: 'queueChanged',
    done: trials.filter((trial) => trial.status === 'done').length,
    running: active.length,
    waiting: waiting.length,
    remainingMs,
  });
}
