// SPDX-License-Identifier: MIT
import {
  type CampaignState,
  Fault,
  identifyKernel,
  type RunEmitter,
  type TrialResult,
  type TrialSpec,
  type TrialState,
  toFault,
  trialBlameOf,
} from '../model/index.ts';
import type { Execution } from './execution.ts';
import { notRun } from './state.ts';

/** Runs one planned trial and records it. Rejects only when the journal does. */
export async function performTrial(id: string, execution: Execution, signal: AbortSignal): Promise<void> {
  const { recorder, performer, clock, durations } = execution;
  const trial = recorder.state.trials.find((one) => one.id === id);
  if (!trial)
    throw new Fault({
      blame: 'harness',
      code: 'CAMPAIGN_NO_TRIAL',
      message: `got trial ${id}, expected one of the plan`,
    });
  const { scenario, arm } = trial;
  const start = (kernel: string) =>
    recorder.append({ type: 'trialStarted', trial: id, scenario, arm, kernel });
  const { state } = recorder;
  const isStatic = state.plan.scenarios.find((one) => one.name === scenario)?.static === true;
  const spec = isStatic ? null : specifyTrial(trial, state);
  const kernel = spec?.kernel ?? state.arms.find((one) => one.name === arm)?.kernel;
  await performer.clearTrial(id);
  start(kernel?.digest ?? '');
  const run = spec ? runGuarded(spec, execution, signal) : performer.runStatic(trial, state, signal);
  const result = await run.catch(
    (error: unknown): TrialResult => failedBy(error, trial, clock().toISOString()),
  );
  durations.learn(result);
  recorder.append({ type: 'trialEnded', trial: id, result });
}

/** Runs a trial and names the source lines of its complaints. A journal that cannot be written ends the trial. */
async function runGuarded(spec: TrialSpec, execution: Execution, signal: AbortSignal): Promise<TrialResult> {
  const { recorder, performer } = execution;
  const broken = new AbortController();
  const emit: RunEmitter = (body) => {
    if (body.type === 'stageProgress' || body.type === 'queueChanged') return recorder.emitLive(body);
    // A callback of a running machine is no place to throw.
    try {
      recorder.append(body);
    } catch (error) {
      broken.abort(toFault(error));
    }
  };
  const result = await performer.runTrial(spec, emit, AbortSignal.any([signal, broken.signal]));
  broken.signal.throwIfAborted();
  return performer.nameLines(result, recorder.state);
}

function failedBy(error: unknown, trial: TrialState, at: string): TrialResult {
  const fault = toFault(error);
  return {
    ...notRun(trial, fault.message, at),
    outcome: fault.code === 'TRIAL_INTERRUPTED' ? 'notRun' : 'failed',
    blame: fault.code === 'TRIAL_INTERRUPTED' ? null : trialBlameOf(fault),
    fault: fault.code,
  };
}

/** The attempt whose guests count what ran: probes and the taint of a module from outside stay out of all others. */
const COUNTED_ATTEMPT = 1;

/** A planned trial as a value that any computer with its kernel and image can run. */
function specifyTrial(trial: TrialState, state: CampaignState): TrialSpec {
  const { id, scenario, arm, attempt, control, seed, boot, template, widened } = trial;
  const { kernel, build } = state.arms.find((one) => one.name === arm) ?? {};
  const coverage = attempt === COUNTED_ATTEMPT && !control ? build?.coverage : undefined;
  const settled = state.plan.scenarios.find((one) => one.name === scenario);
  if (!kernel || !settled || !state.image)
    throw new Fault({
      blame: 'harness',
      code: 'CAMPAIGN_NOT_READY',
      message: `${id} cannot start: its kernel, scenario or image is missing`,
    });
  return {
    format: 1,
    id,
    scenario,
    arm,
    attempt,
    control,
    seed,
    kernel: identifyKernel(kernel),
    image: state.image,
    settled: settled.settled,
    l2: Object.fromEntries(
      Object.entries(settled.l2).map(([name, wanted]) => [name, requireL2(state, wanted.kernel)]),
    ),
    boot,
    ...(template === undefined ? {} : { template }),
    ...(widened === undefined ? {} : { widened }),
    ...(coverage && coverage.notMeasured === null ? { coverage: coverage.functions } : {}),
  };
}

function requireL2(state: CampaignState, name: string) {
  const kernel = Object.hasOwn(state.l2, name) ? state.l2[name] : undefined;
  if (kernel) return kernel;
  throw new Fault({
    blame: 'harness',
    code: 'CAMPAIGN_NOT_READY',
    message: `the kernel ${name} for a VM inside the guest was not built`,
  });
}
