// SPDX-License-Identifier: MIT
import { Fault, type Finding, isFault, type StepRecord } from '../model/index.ts';
import type { SettledScenario } from './expand.ts';
import { Jobs } from './jobs.ts';
import { consolePathOf } from './l2.ts';
import { kindOf, labelOf } from './language.ts';
import { Notes } from './notes.ts';
import type { Stage, StepContext, StepOutcome, StepText } from './step.ts';
import { toMs } from './words.ts';

/** What performing a scenario came to. */
export interface Performance {
  readonly steps: readonly StepRecord[];
  /** What the guest did against the scenario's word, one for each signature. */
  readonly findings: readonly Finding[];
  /** Why the scenario could not be performed to its end, or null. */
  readonly fault: Fault | null;
  /** Texts out of the guest that are worth a file of their own, by file name: consoles of VMs inside it. */
  readonly evidence?: Readonly<Record<string, string>>;
}

const POLL_MS = 500;
const EVIDENCE_BYTES = 256 * 1024;

/** Who answers for a failing step: the kernel by a finding, the scenario by a fault, or nobody. */
type Judge = 'kernel' | 'scenario' | 'nobody';

interface Part {
  readonly phase: StepRecord['phase'];
  readonly judge: Judge;
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string>>;
  readonly quiet: boolean;
}

/**
 * Performs a settled scenario: modules, setup, steps, expected state, and then always the cleanup, as far as the guest
 * lives. Never rejects: what stops it is the performance's `fault`.
 */
export async function performScenario(settled: SettledScenario, stage: Stage): Promise<Performance> {
  const jobs = new Jobs();
  const notes = new Notes(settled.name, stage);
  let fault: Fault | null = null;
  const part: Part = { phase: 'steps', judge: 'kernel', signal: stage.signal, env: {}, quiet: false };
  try {
    stage.consoleMark();
    const modules = settled.modules.map((insmod) => ({ insmod }));
    const state = settled.expect.state.map((read) => ({
      label: `expect ${read.file}`,
      read,
      continue: true,
    }));
    if (
      (await performList(modules, { ...part, phase: 'setup' })) &&
      (await performList(settled.setup, { ...part, phase: 'setup', judge: 'scenario' })) &&
      (await performList(settled.steps, part))
    )
      await performList(state, part);
  } catch (error) {
    fault = toFault(error);
  }
  const evidence: Record<string, string> = {};
  try {
    if (await guestLives()) await cleanUp();
  } catch (error) {
    // A first fault is the reason for what comes after it.
    fault ??= toFault(error);
  }
  return { steps: notes.records, findings: notes.findings, fault, evidence };

  async function guestLives(): Promise<boolean> {
    if (isFault(fault, 'GUEST_CONNECTION_LOST')) return false;
    if (!stage.signal.aborted) return true;
    const answer = await stage.guest.run('true', { timeoutMs: stage.timeouts.aliveMs }).catch(() => null);
    return answer?.exitCode === 0;
  }

  async function cleanUp(): Promise<void> {
    const deadline = stage.now() + stage.timeouts.cleanupMs;
    const cleanup: Part = {
      ...part,
      phase: 'cleanup',
      judge: 'nobody',
      signal: new AbortController().signal,
    };
    for (const step of settled.cleanup) {
      if (stage.now() > deadline) break;
      await performList([{ ...step, continue: true }], cleanup);
    }
    await endJobs();
    for (const job of jobs.all()) {
      if (job.kind !== 'l2') continue;
      const path = consolePathOf(job.name);
      const shown = await stage.guest.run(`tail -c ${EVIDENCE_BYTES} ${path}`, {
        timeoutMs: stage.timeouts.scale(toMs('20s')),
      });
      if (shown.exitCode === 0) evidence[`${job.name}.console`] = shown.stdout;
    }
  }

  /** What the scenario left running would hold the kernel in a state that nobody asked for. */
  async function endJobs(): Promise<void> {
    const left = jobs.running();
    if (left.length === 0) return;
    await notes.record('cleanup', 'end the jobs left over', 'kill', false, async () => {
      const details = await Promise.all(
        left.map(async (job) => {
          await job.guestJob.kill('KILL');
          job.ended = (await job.guestJob.wait(stage.timeouts.aliveMs)) !== null;
          return `${job.name}: ${job.ended ? 'ended' : 'cannot be ended'}`;
        }),
      );
      return { failures: [], details };
    });
  }

  /** Whether the list was done to its end. */
  async function performList(steps: readonly StepText[], part: Part): Promise<boolean> {
    for (const step of steps) {
      part.signal.throwIfAborted();
      const went = await performStep(step, part);
      if (!went && step.continue !== true) return false;
    }
    return true;
  }

  async function performStep(step: StepText, part: Part): Promise<boolean> {
    const { kind, body } = kindOf(step);
    const label = labelOf(step);
    const outcome = await notes.record(part.phase, label, kind.kind, part.quiet, () =>
      untilAborted(kind.perform(body, contextFor(part)), part.signal),
    );
    if (outcome.failures.length === 0) return outcome.stopped !== true;
    if (part.judge === 'kernel') notes.find(label, outcome.failures);
    if (part.judge === 'scenario') throw setupFailed(settled.name, label, outcome);
    return false;
  }

  function contextFor(part: Part): StepContext {
    return {
      guest: stage.guest,
      stage,
      jobs,
      env: { ...jobs.environment(), ...part.env },
      scale: (duration) => stage.timeouts.scale(toMs(duration)),
      performList: (steps, options = {}) =>
        performList(steps, {
          ...part,
          env: { ...part.env, ...options.env },
          quiet: part.quiet || options.quiet === true,
        }),
      async poll(ask, timeoutMs) {
        const end = stage.now() + timeoutMs;
        for (;;) {
          part.signal.throwIfAborted();
          const answer = await ask();
          if (answer !== null || stage.now() >= end) return answer;
          await stage.sleep(POLL_MS);
        }
      },
    };
  }
}

function setupFailed(scenario: string, label: string, outcome: StepOutcome): Fault {
  const [first] = outcome.failures;
  return new Fault({
    blame: 'scenario',
    code: 'SCENARIO_SETUP_FAILED',
    message: `${scenario}: setup step "${label}": ${first?.title}`,
    details: first?.details ?? outcome.details ?? [],
  });
}

function toFault(error: unknown): Fault {
  if (isFault(error)) return error;
  if (error instanceof Error && error.name === 'AbortError')
    return new Fault({
      blame: 'lab',
      code: 'SCENARIO_ABORTED',
      message: 'it was stopped from outside',
      cause: error,
    });
  return new Fault({
    blame: 'harness',
    code: 'SCENARIO_STEP_CRASHED',
    message: `a step threw: ${error instanceof Error ? error.message : String(error)}`,
    cause: error,
  });
}

/** The promise's value, or the signal's reason as soon as it aborts. */
function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
