// SPDX-License-Identifier: MIT
import type {
  ArmState,
  CampaignState,
  RunEvent,
  RunEventBody,
  TrialResult,
  TrialState,
} from '../model/index.ts';
import { settleReachability } from '../verdict/index.ts';

type Planned = Extract<RunEventBody, { type: 'planned' }>;

/** The state after a journal's first event. */
export function startState(event: RunEvent & Planned): CampaignState {
  const { request, plan } = event;
  return {
    format: 2,
    request,
    plan,
    startedAt: event.at,
    endedAt: null,
    end: null,
    notes: [],
    base: null,
    config: null,
    applied: null,
    rejection: null,
    image: null,
    l2: {},
    arms: plan.arms.map((arm) => ({ ...arm, status: 'planned', build: null, kernel: null })),
    trials: plan.trials.map((trial) => ({ ...trial, status: 'planned', result: null })),
    clones: null,
    verdict: null,
  };
}

/** The state after one more event. Pure and total: an event that changes nothing returns the same state. */
export function fold(state: CampaignState, event: RunEvent): CampaignState {
  switch (event.type) {
    case 'resumed':
      return resume(state, event.lost);
    case 'noted':
      return state.notes.includes(event.text) ? state : { ...state, notes: [...state.notes, event.text] };
    case 'applied':
      return { ...state, base: event.base, config: event.config, applied: event.patches };
    case 'rejected':
      return { ...state, rejection: event.rejection };
    case 'imageReady':
      return { ...state, image: event.image };
    case 'l2Ready':
      return { ...state, l2: { ...state.l2, [event.name]: event.kernel } };
    case 'armBuildStarted':
      return changeArm(state, event.arm, { status: 'building' });
    case 'armBuilt':
      return endBuild(state, event);
    case 'trialStarted':
      return changeTrial(state, event.trial, (trial) => ({
        status: 'running',
        result: didNotFinish(trial, event.kernel, event.at),
      }));
    case 'trialEnded':
      return settleTrials(changeTrial(state, event.trial, () => ({ status: 'done', result: event.result })));
    case 'concluded':
      return { ...state, verdict: event.verdict, clones: event.clones };
    case 'ended':
      return end(state, event);
    default:
      return state;
  }
}

/** A campaign that came to its end did not need the trials that it never started. */
function end(
  state: CampaignState,
  event: RunEvent & Extract<RunEventBody, { type: 'ended' }>,
): CampaignState {
  const { reason, at } = event;
  const trials =
    reason.kind === 'finished' ? state.trials.filter((trial) => trial.status !== 'planned') : state.trials;
  return { ...state, trials, end: reason, endedAt: at };
}

/** The state of a whole journal; null when not even its plan was written. */
export function foldAll(events: readonly RunEvent[]): CampaignState | null {
  const [first, ...rest] = events;
  if (first?.type !== 'planned') return null;
  return rest.reduce(fold, startState(first));
}

/** A guest that never became reachable: whom it counts against depends on what the base did, so all trials are looked at again. */
function settleTrials(state: CampaignState): CampaignState {
  const base = state.plan.arms[0]?.name ?? 'base';
  const done = state.trials.flatMap((trial) =>
    trial.status === 'done' && trial.result ? [trial.result] : [],
  );
  const changed = settleReachability(done, base).filter((result, index) => result !== done[index]);
  return changed.reduce((next, result) => changeTrial(next, result.id, () => ({ result })), state);
}

/** Without the kernel of the last arm, which has the whole series, there is nothing to put on trial. */
function endBuild(state: CampaignState, event: Extract<RunEventBody, { type: 'armBuilt' }>): CampaignState {
  const { arm, build, kernel, logTail } = event;
  const next = changeArm(state, arm, { status: kernel ? 'built' : 'failed', build, kernel });
  if (kernel || arm !== state.arms.at(-1)?.name) return next;
  const diagnostics = build.newDiagnostics.filter((one) => one.severity === 'error');
  const applied = state.applied ?? [];
  return { ...next, rejection: { kind: 'doesNotCompile', diagnostics, logTail, applied } };
}

/**
 * Whatever ran when the campaign was cut off starts again; so does what was interrupted, unless it had shown a fault of the
 * kernel by then, and what lost its files.
 */
function resume(state: CampaignState, lost: readonly string[]): CampaignState {
  const isLost = (digest: string | undefined) => digest !== undefined && lost.includes(digest);
  const unfinished = (trial: TrialState) =>
    trial.status === 'running' ||
    (trial.result?.fault === 'TRIAL_INTERRUPTED' && trial.result.blame !== 'kernel');
  return {
    ...state,
    end: null,
    endedAt: null,
    verdict: null,
    clones: null,
    image: isLost(state.image?.digest) ? null : state.image,
    l2: Object.fromEntries(Object.entries(state.l2).filter(([, kernel]) => !isLost(kernel.digest))),
    arms: state.arms.map((arm) =>
      arm.status === 'building' || isLost(arm.kernel?.digest)
        ? { ...arm, status: 'planned', build: null, kernel: null }
        : arm,
    ),
    trials: state.trials.map((trial) =>
      unfinished(trial) ? { ...trial, status: 'planned', result: null } : trial,
    ),
  };
}

function changeArm(state: CampaignState, name: string, change: Partial<ArmState>): CampaignState {
  return { ...state, arms: state.arms.map((arm) => (arm.name === name ? { ...arm, ...change } : arm)) };
}

function changeTrial(
  state: CampaignState,
  id: string,
  change: (trial: TrialState) => Partial<Pick<TrialState, 'status' | 'result'>>,
): CampaignState {
  // A campaign may plan ten thousand trials and has two events for each.
  const index = state.trials.findIndex((trial) => trial.id === id);
  const trial = state.trials[index];
  return trial ? { ...state, trials: state.trials.with(index, { ...trial, ...change(trial) }) } : state;
}

/** What a trial counts as from its start to its end. */
function didNotFinish(trial: TrialState, kernel: string | null, at: string): TrialResult {
  return { ...emptyResult(trial, at), kernel, outcome: 'failed', blame: 'lab', reason: 'did not finish' };
}

/** The result of a trial that never began. */
export function notRun(trial: Parameters<typeof emptyResult>[0], reason: string, at: string): TrialResult {
  return { ...emptyResult(trial, at), reason };
}

function emptyResult(
  trial: Pick<TrialState, 'id' | 'scenario' | 'arm' | 'attempt' | 'control' | 'widened'>,
  at: string,
): TrialResult {
  const { id, scenario, arm, attempt, control, widened } = trial;
  return {
    format: 1,
    id,
    scenario,
    arm,
    attempt,
    control,
    ...(widened === undefined ? {} : { widened }),
    kernel: null,
    outcome: 'notRun',
    blame: null,
    fault: null,
    reason: '',
    findings: [],
    splats: [],
    splatCount: 0,
    steps: [],
    notes: [],
    startedAt: at,
    durationMs: 0,
    bootMs: null,
    bootMethod: null,
    accelerator: null,
    files: {},
    machineCommand: null,
    confinement: null,
  };
}
