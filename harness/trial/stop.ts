// SPDX-License-Identifier: MIT
import { pause } from '../host/index.ts';
import { Fault, isFault } from '../model/index.ts';

/** Why a trial's machine must be stopped before the trial is over. The first reason stays. */
export interface TrialStop extends Disposable {
  /** Aborts with a Fault as its reason. */
  readonly signal: AbortSignal;
  /** The reason; null as long as there is none. */
  reason(): Fault | null;
  /** Stops the trial, unless it is stopped already. */
  stop(fault: Fault): void;
}

/** Stops a trial when its runner's signal aborts, and when its time is over. */
export function createTrialStop(outer: AbortSignal, limitMs: number): TrialStop {
  const controller = new AbortController();
  const { signal } = controller;
  const interrupt = () => controller.abort(isFault(outer.reason) ? outer.reason : interrupted());
  const over = new AbortController();
  void pause(limitMs, over.signal).then(() => {
    if (!over.signal.aborted) controller.abort(overdue(limitMs));
  });
  if (outer.aborted) interrupt();
  else outer.addEventListener('abort', interrupt, { once: true });
  return {
    signal,
    reason: () => (signal.aborted ? (signal.reason as Fault) : null),
    stop: (fault) => controller.abort(fault),
    [Symbol.dispose]() {
      over.abort();
      outer.removeEventListener('abort', interrupt);
    },
  };
}

function interrupted(): Fault {
  return new Fault({ blame: 'lab', code: 'TRIAL_INTERRUPTED', message: 'the trial was interrupted' });
}

/** Every part of a trial has a limit of its own, so only a bug in ktrial gets here. */
function overdue(limitMs: number): Fault {
  return new Fault({
    blame: 'harness',
    code: 'TRIAL_OVERDUE',
    message: `the trial did not end within ${Math.round(limitMs / 60_000)} min and was stopped`,
  });
}
