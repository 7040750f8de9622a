// SPDX-License-Identifier: MIT
import { type CampaignState, Fault, toFault } from '../model/index.ts';
import { concludeState } from './conclude.ts';
import type { Execution, Running } from './execution.ts';
import { performTrial } from './perform-trial.ts';
import type { Action, Policy } from './policy/policy.ts';
import { emitQueue } from './queue.ts';
import { chooseNext, needsOf } from './schedule.ts';
import { runStage } from './stage.ts';
import { notRun } from './state.ts';

/**
 * Does what the policy asks for until it says stop: as many trials at once as cores and memory allow, everything else one at a
 * time. Appends what happened and judges nothing again. A fault of lab, request or ktrial ends the campaign: it is the last
 * event, and is thrown. An interruption lets what runs come to its own end and is the last event, too.
 */
export async function executeCampaign(given: Execution): Promise<CampaignState> {
  const execution = { ...given, policy: rememberLast(given.policy) };
  const { recorder, policy, signal } = execution;
  const running = new Map<string, Running>();
  const halt = new AbortController();
  let fault: Fault | null = null;
  const fail = (error: unknown) => {
    fault ??= toFault(error);
    halt.abort(fault);
  };
  const stopped = AbortSignal.any([signal, halt.signal]);
  while (!stopped.aborted) {
    const actions = policy(recorder.state).filter((action) => !running.has(keyOf(action)));
    const stop = actions.find((action) => action.type === 'stop');
    if (stop) break;
    const next = chooseAction(actions, running, execution);
    if (next) {
      start(next);
      continue;
    }
    if (running.size === 0) {
      fail(
        new Fault({
          blame: 'harness',
          code: 'CAMPAIGN_STUCK',
          message: 'nothing runs and nothing can start',
        }),
      );
      break;
    }
    await Promise.race([...running.values()].map((one) => one.ended));
  }
  await Promise.all([...running.values()].map((one) => one.ended));
  return finish();

  function start(action: Action): void {
    const key = keyOf(action);
    const ended = perform(action, execution, stopped)
      .catch(fail)
      .finally(() => {
        running.delete(key);
        if (action.type === 'runTrial') emitQueue(execution, running);
      });
    running.set(key, { action, startedAt: performance.now(), ended });
    if (action.type === 'runTrial') emitQueue(execution, running);
  }

  function finish(): CampaignState {
    try {
      conclude();
    } catch (error) {
      fail(error);
    }
    if (fault) throw fault;
    return recorder.state;
  }

  function conclude(): void {
    if (fault) {
      const { blame, code, message } = fault;
      // The journal itself may be what failed; then there is no last event, and none is missed.
      if (code !== 'JOURNAL_NOT_WRITTEN')
        recorder.append({ type: 'ended', reason: { kind: 'fault', blame, code, message } });
      return;
    }
    if (signal.aborted || recorder.state.rejection) {
      const kind = signal.aborted ? 'interrupted' : 'rejected';
      recorder.append({ type: 'ended', reason: { kind } });
      return;
    }
    const { verdict, clones } = concludeState(recorder.state);
    recorder.append({ type: 'concluded', verdict, clones });
    recorder.append({ type: 'ended', reason: { kind: 'finished' } });
  }
}

/** Caches a policy's answer for the latest state: the executor and the queue display both ask for it. */
function rememberLast(policy: Policy): Policy {
  let last: { readonly state: CampaignState; readonly actions: readonly Action[] } | null = null;
  return (state) => {
    if (last?.state !== state) last = { state, actions: policy(state) };
    return last.actions;
  };
}

/** Whether a campaign came to its own end: nothing is left to do. */
export function isOver({ end }: CampaignState): boolean {
  return end?.kind === 'finished' || end?.kind === 'rejected';
}

/** Finishes a campaign that was cut off, without repeating what is done. */
export async function resumeExecution(execution: Execution): Promise<CampaignState> {
  const { recorder, performer } = execution;
  if (isOver(recorder.state)) return recorder.state;
  recorder.append({ type: 'resumed', lost: await performer.findLost(recorder.state) });
  return executeCampaign(execution);
}

function keyOf(action: Action): string {
  switch (action.type) {
    case 'buildArm':
      return `buildArm ${action.arm}`;
    case 'buildL2':
      return `buildL2 ${action.name}`;
    case 'runTrial':
    case 'skipTrial':
      return `trial ${action.trial}`;
    default:
      return action.type;
  }
}

/** The next action that fits beside what runs: trials beside trials, anything else alone. */
function chooseAction(
  actions: readonly Action[],
  running: ReadonlyMap<string, Running>,
  { capacity, recorder }: Execution,
): Action | null {
  const first = actions[0];
  if (!first) return null;
  if (first.type !== 'runTrial') return running.size === 0 ? first : null;
  const trials = actions.filter((action) => action.type === 'runTrial');
  const active = [...running.values()].flatMap(({ action }) => (action.type === 'runTrial' ? [action] : []));
  if (active.length < running.size) return null;
  const needs = (action: { readonly trial: string }) => needsOf(action.trial, recorder.state);
  return chooseNext(trials, active.map(needs), capacity, needs);
}

async function perform(action: Action, execution: Execution, signal: AbortSignal): Promise<void> {
  const { recorder, performer, clock } = execution;
  const stage = <Result>(
    name: string,
    title: string,
    work: (progress: (text: string) => void) => Promise<Result>,
  ) => runStage(recorder, name, title, work);
  switch (action.type) {
    case 'apply': {
      const outcome = await stage('apply', 'prepare the source and apply the series', (progress) =>
        performer.apply(progress, signal),
      );
      for (const text of outcome.notes) recorder.append({ type: 'noted', text });
      const { base, config, patches } = outcome.ok ? outcome : { base: '', config: '', patches: [] };
      return recorder.append(
        outcome.ok
          ? { type: 'applied', base, config, patches }
          : { type: 'rejected', rejection: outcome.rejection },
      );
    }
    case 'buildArm':
      return buildArm(action.arm, execution, signal);
    case 'buildL2': {
      const { name } = action;
      const kernel = await stage(
        `l2-${name}`,
        `build the kernel ${name} for VMs inside the guest`,
        (progress) => performer.buildL2(name, progress, signal),
      );
      return recorder.append({ type: 'l2Ready', name, kernel });
    }
    case 'makeImage': {
      const image = await stage('image', 'make the root file system', (progress) =>
        performer.makeImage(progress, signal),
      );
      return recorder.append({ type: 'imageReady', image });
    }
    case 'skipTrial': {
      const trial = recorder.state.trials.find((one) => one.id === action.trial);
      if (!trial) return;
      const { outcome } = action;
      const result = { ...notRun(trial, action.reason, clock().toISOString()), outcome };
      return recorder.append({ type: 'trialEnded', trial: trial.id, result });
    }
    case 'runTrial':
      return performTrial(action.trial, execution, signal);
    case 'stop':
      return;
  }
}

/** Builds one arm. */
async function buildArm(name: string, execution: Execution, signal: AbortSignal): Promise<void> {
  const { recorder, performer } = execution;
  const arm = recorder.state.arms.find((one) => one.name === name);
  if (!arm)
    throw new Fault({
      blame: 'harness',
      code: 'CAMPAIGN_NO_ARM',
      message: `got arm ${name}, expected one of the plan`,
    });
  recorder.append({ type: 'armBuildStarted', arm: name });
  const { build, kernel, logTail, notes } = await runStage(
    recorder,
    `build-${name}`,
    `build the kernel of ${arm.title}`,
    (progress) => performer.buildArm(arm, recorder.state, progress, signal),
  );
  for (const text of notes) recorder.append({ type: 'noted', text });
  recorder.append({ type: 'armBuilt', arm: name, build, kernel, logTail });
}
