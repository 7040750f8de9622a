// SPDX-License-Identifier: MIT
import { delay } from '../host/index.ts';
import { Fault, type Guest, type RunEmitter, type Timeouts, type TrialSpec } from '../model/index.ts';
import { type Performance, performScenario, type SettledScenario } from '../scenario/index.ts';
import { readKmsg, scanLog } from '../splat/index.ts';
import type { Machine } from '../vm/index.ts';
import type { TrialStop } from './stop.ts';
import type { ConsoleWatch } from './watch.ts';

/** What the steps of a trial run against. */
export interface PerformContext {
  readonly spec: TrialSpec;
  readonly settled: SettledScenario;
  readonly machine: Machine;
  readonly guest: Guest;
  readonly timeouts: Timeouts;
  readonly watch: ConsoleWatch;
  readonly stop: TrialStop;
  /** Settles with the first splat that the scenario neither expects nor allows. */
  readonly firstFinding: Promise<void>;
  /** How many such splats there were so far. */
  readonly countFindings: () => number;
  readonly emit: RunEmitter;
}

/**
 * Performs the scenario until it is over, its machine ends, its own time limit passes or the trial is stopped. Which of these
 * came first is the reason of the signal that the steps see.
 */
export async function performTrial(context: PerformContext): Promise<Performance> {
  const { spec, settled, machine, guest, timeouts, watch, stop, firstFinding, countFindings, emit } = context;
  const own = new AbortController();
  const signal = AbortSignal.any([stop.signal, own.signal]);
  void machine.ended.then((end) => own.abort(machineEnded(end.detail)));
  const over = new AbortController();
  void delay(timeouts.scenarioMs, over.signal).then(() => {
    if (!over.signal.aborted) own.abort(timedOut(settled));
  });
  try {
    return await performScenario(settled, {
      guest,
      consoleMark: () => watch.mark(),
      waitForConsole: (pattern, timeoutMs) => watch.waitFor(pattern, timeoutMs, stop.signal),
      now: () => Date.now(),
      sleep: delay,
      signal,
      timeouts,
      consoleSilentMs: () => watch.silentMs(),
      findSplats: (records) => scanLog(readKmsg(records).log).map((splat) => splat.title),
      firstFinding,
      splatsSeen: countFindings,
      seed: spec.seed,
      widened: spec.widened ?? false,
      onStepStarted: (phase, label) => emit({ type: 'stepStarted', trial: spec.id, phase, label }),
      onStepEnded: (step) => emit({ type: 'stepEnded', trial: spec.id, step }),
    });
  } finally {
    over.abort();
  }
}

function machineEnded(detail: string): Fault {
  return new Fault({ blame: 'lab', code: 'MACHINE_ENDED', message: detail });
}

/** In the setup this is the scenario's mistake. In the steps it is no fault but a missed expectation, which the steps report. */
function timedOut({ name, timeoutMs }: SettledScenario): Fault {
  return new Fault({
    blame: 'scenario',
    code: 'SCENARIO_TIMEOUT',
    message: `${name}: the setup did not finish within the scenario's time limit of ${Math.round(timeoutMs / 1000)} s`,
    next: 'give the scenario more time: timeout: 20m',
  });
}
