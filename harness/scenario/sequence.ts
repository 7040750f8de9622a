// SPDX-License-Identifier: MIT
import { Fault, type Guest, isFailure, isFault, type StepRecord, type Subtest } from '../model/index.ts';
import type { Jobs } from './jobs.ts';
import type { Recorder } from './record.ts';
import type { Snapshot } from './snapshot.ts';
import type { Failure, SettledStep, Stage, StepContext, StepOutcome } from './step.ts';
import { stepKind } from './steps/index.ts';

const POLL_MS = 500;

/** What all lists of one performance share. */
export interface Performer {
  readonly scenario: string;
  readonly stage: Stage;
  readonly guest: Guest;
  readonly jobs: Jobs;
  readonly recorder: Recorder;
  /** Empty until the setup is over. */
  snapshot: Snapshot;
}

/** How the steps of one list are performed. */
export interface Part {
  readonly phase: StepRecord['phase'];
  /** Who answers for a failing step: the kernel by a finding, the scenario by a Fault, or nobody. */
  readonly blame: 'kernel' | 'scenario' | 'nobody';
  /** Ends the step that is performed, and the list with it. */
  readonly signal: AbortSignal;
  /** Variables that every command of the list sees. */
  readonly env: Readonly<Record<string, string>>;
  readonly quiet: boolean;
  readonly silent: boolean;
}

/**
 * Performs steps one after the other; returns whether the list was performed to its end. Rejects with the signal's reason
 * when that aborts, and with a Fault when a step is impossible.
 */
export async function performList(
  performer: Performer,
  steps: readonly SettledStep[],
  part: Part,
): Promise<boolean> {
  for (const step of steps) {
    part.signal.throwIfAborted();
    const passed = await performStep(performer, step, part);
    if (!passed && !step.continue) return false;
  }
  return true;
}

async function performStep(performer: Performer, step: SettledStep, part: Part): Promise<boolean> {
  const { recorder, scenario } = performer;
  const { label, body } = step;
  const kind = stepKind(step.kind);
  const running: Running = { subtest: null, describe: () => ({}) };
  const perform = async () => {
    const startedAt = performer.stage.now();
    const performed = kind.perform(body, makeContext(performer, part, label, running));
    // A step with steps inside ends by them: its record comes after theirs.
    const outcome = await (kind.inner ? performed : untilAborted(performed, part.signal));
    return checkDuration(step, outcome, performer.stage, startedAt);
  };
  const outcome = await recorder
    .record({ ...part, label, kind: kind.kind }, perform, () => running.describe())
    .catch((error: unknown) => {
      if (part.blame === 'kernel') recorder.addSubtests(label, describeCrash(running, error));
      throw error;
    });
  const failed = outcome.subtests?.find((one) => isFailure(one.outcome));
  if (failed && part.blame === 'scenario')
    throw setupFault(scenario, label, { failures: [{ what: 'subtest', title: `${failed.name} failed` }] });
  if (outcome.failures.length === 0) return outcome.stopped !== true;
  if (part.blame === 'kernel') recorder.addFindings(label, outcome.failures);
  if (part.blame === 'scenario') throw setupFault(scenario, label, outcome);
  return false;
}

/** A step that took longer than it may has failed, whatever else came of it. */
function checkDuration(
  { withinMs }: SettledStep,
  outcome: StepOutcome,
  { now, timeouts }: Stage,
  startedAt: number,
): StepOutcome {
  if (withinMs === undefined) return outcome;
  const tookMs = now() - startedAt;
  const limitMs = timeouts.scale(withinMs);
  if (tookMs <= limitMs) return outcome;
  const scaled = limitMs === withinMs ? '' : ` (${secondsOf(withinMs)} on a fast machine)`;
  const late: Failure = {
    what: 'took too long',
    title: `took ${secondsOf(tookMs)}, expected at most ${secondsOf(limitMs)}${scaled}`,
    ...(outcome.details ? { details: outcome.details } : {}),
  };
  return { ...outcome, failures: [...outcome.failures, late] };
}

function secondsOf(ms: number): string {
  return `${Number((ms / 1000).toPrecision(3))} s`;
}

/** What a step that is performed at present has said about itself. */
interface Running {
  /** The test of a suite that it runs. */
  subtest: string | null;
  describe: () => Omit<StepOutcome, 'failures'>;
}

/** Ends of a machine that a test which ran then may have brought about. */
const CRASHES: readonly string[] = [
  'MACHINE_ENDED',
  'GUEST_CONNECTION_LOST',
  'GUEST_SILENT',
  'SCENARIO_TIMEOUT',
];

function describeCrash({ subtest }: Pick<Running, 'subtest'>, error: unknown): readonly Subtest[] {
  if (subtest === null || !isFault(error) || !CRASHES.includes(error.code)) return [];
  const isLate = error.code === 'SCENARIO_TIMEOUT';
  const reason = isLate ? "the scenario's time limit passed" : `while it ran: ${error.message}`;
  return [{ name: subtest, outcome: isLate ? 'timeout' : 'crashed', reason, details: [] }];
}

function makeContext(performer: Performer, part: Part, label: string, running: Running): StepContext {
  const { stage, guest, jobs, recorder, snapshot } = performer;
  return {
    guest,
    stage,
    jobs,
    snapshot,
    env: { KTRIAL_SEED: String(stage.seed), ...jobs.environment(), ...part.env },
    scale: (ms) => stage.timeouts.scale(ms),
    sleep: (ms) => stage.sleep(ms, part.signal),
    performList: (steps, options = {}) =>
      performList(performer, steps, {
        ...part,
        env: { ...part.env, ...options.env },
        quiet: part.quiet || options.quiet === true,
        silent: part.silent || options.silent === true,
      }),
    whenCut(describe) {
      running.describe = describe;
    },
    beginSubtest(name) {
      running.subtest = name;
    },
    endSubtest(subtests) {
      running.subtest = null;
      if (part.blame === 'kernel') recorder.addSubtests(label, subtests);
    },
    async poll(ask, timeoutMs) {
      const end = stage.now() + timeoutMs;
      for (;;) {
        part.signal.throwIfAborted();
        const answer = await ask();
        if (answer !== null || stage.now() >= end) return answer;
        await stage.sleep(POLL_MS, part.signal);
      }
    },
  };
}

function setupFault(scenario: string, label: string, outcome: StepOutcome): Fault {
  const [first] = outcome.failures;
  const details = first?.details ?? outcome.details ?? [];
  // The program's last line mostly says more than its exit code.
  const said = details.findLast((line) => line.startsWith('stderr: '))?.replace('stderr: ', ': ') ?? '';
  return new Fault({
    blame: 'scenario',
    code: 'SCENARIO_SETUP_FAILED',
    message: `${scenario}: the setup step "${label}" failed: ${first?.title}${said}`,
    details,
  });
}

/** The promise's value, or a rejection with the signal's reason as soon as it aborts. */
function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
