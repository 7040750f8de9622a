// SPDX-License-Identifier: MIT
import type {
  ArmBuild,
  ArmState,
  CampaignPlan,
  CampaignState,
  CampaignVerdict,
  Diagnostic,
  LiveEventBody,
  RunEvent,
  RunEventBody,
  RunRequest,
  TrialResult,
} from '../model/index.ts';

/** Dates events that were given as pairs of seconds since the start and content. */
export function dateEvents(events: readonly (readonly [number, RunEventBody | LiveEventBody])[]): RunEvent[] {
  const start = Date.parse('2026-01-01T00:00:00.000Z');
  return events.map(([seconds, body], index) => ({
    format: 1,
    seq: index + 1,
    at: new Date(start + seconds * 1000).toISOString(),
    ...body,
  }));
}

/** A request for a sample series. */
export function aRequest(part: Partial<RunRequest> = {}): RunRequest {
  return {
    id: '1',
    title: 'a sample series',
    series: null,
    kernel: { name: 'smoke-5.10' },
    options: {},
    seed: 1,
    repeat: 'ktrial run sample.mbox',
    versions: {},
    host: { arch: 'x64', kernel: '6.1.0', cpus: 2, memoryMib: 24_000 },
    ...part,
  };
}

/** A plan of these trials, on the arms and for the scenarios that they name. */
export function aPlan(trials: readonly TrialResult[]): CampaignPlan {
  const unique = (names: readonly string[]) => [...new Set(names)];
  return {
    arms: unique(trials.map((trial) => trial.arm)).map((name, patches) => ({ name, title: name, patches })),
    comparison: 'pair',
    l2Kernels: [],
    scenarios: unique(trials.map((trial) => trial.scenario)).map((name) => ({
      name,
      description: name,
      machine: { cpus: 2, memoryMib: 512, kernelArgs: [], network: false },
      l2: {},
      timeoutMs: 60_000,
      settled: {},
    })),
    trials: trials.map(({ id, scenario, arm, attempt, control, widened }) => ({
      id,
      scenario,
      arm,
      attempt,
      seed: 1,
      boot: 'cold',
      control,
      ...(widened === undefined ? {} : { widened }),
    })),
  };
}

/** A kernel of a plan as it was built; `part` says what differs. */
export function aBuild(arm: string, patches: number, part: Partial<ArmBuild> = {}): ArmBuild {
  return {
    arm,
    patches,
    subject: patches === 0 ? null : `sample: change ${patches}`,
    built: true,
    cached: false,
    durationMs: 8400,
    newDiagnostics: [],
    sameBoot: patches > 0,
    ...part,
  };
}

/** A warning of the compiler. */
export function aWarning(message: string): Diagnostic {
  return {
    severity: 'warning',
    file: 'a.c',
    line: 1,
    column: null,
    message,
    option: null,
    patch: null,
  };
}

/** An arm as a campaign has it: built, unless its build says that it does not compile. */
export function anArm(arm: string, patches: number, build: Partial<ArmBuild> = {}): ArmState {
  return {
    name: arm,
    title: arm,
    patches,
    status: build.built === false ? 'failed' : 'built',
    build: aBuild(arm, patches, build),
    kernel: null,
  };
}

/** The state of a campaign whose trials have these results: finished, with this verdict; `part` says what differs. */
export function aState(
  results: readonly TrialResult[],
  verdict: CampaignVerdict | null,
  part: Partial<CampaignState> = {},
): CampaignState {
  const plan = part.plan ?? aPlan(results);
  return {
    format: 2,
    request: aRequest(),
    plan,
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T01:00:00.000Z',
    end: { kind: 'finished' },
    notes: [],
    config: null,
    base: 'c0ffee',
    applied: [],
    rejection: null,
    image: null,
    l2: {},
    arms: plan.arms.map(({ name, patches }) => anArm(name, patches)),
    trials: plan.trials.map((trial) => {
      const result = results.find((one) => one.id === trial.id) ?? null;
      return { ...trial, status: result ? 'done' : 'planned', result };
    }),
    clones: null,
    verdict,
    ...part,
  };
}

/** The events of a campaign that builds one kernel for half a minute and then runs these trials one after another. */
export function anEventStream(trials: readonly TrialResult[], verdict: CampaignVerdict): RunEvent[] {
  const stage = 'build-base';
  const events: [number, RunEventBody | LiveEventBody][] = [
    [0, { type: 'planned', request: aRequest(), plan: aPlan(trials) }],
    [0, { type: 'stageStarted', stage, title: 'build the base kernel' }],
  ];
  for (let second = 1; second < 30; second += 1)
    events.push([second, { type: 'stageProgress', stage, text: `CC file${second}.o` }]);
  events.push([30, { type: 'stageEnded', stage, ok: true, text: '', durationMs: 30_000 }]);
  let now = 30;
  for (const trial of trials) {
    const { id, scenario, arm, kernel, bootMs, accelerator, bootMethod } = trial;
    events.push([now, { type: 'trialStarted', trial: id, scenario, arm, kernel }]);
    if (bootMs !== null && accelerator && bootMethod)
      events.push([now + 32, { type: 'machineBooted', trial: id, bootMs, accelerator, bootMethod }]);
    events.push([now + 33, { type: 'stepStarted', trial: id, phase: 'setup', label: 'load the modules' }]);
    for (const splat of trial.splats)
      events.push([now + 40, { type: 'splatSeen', trial: id, title: splat.title }]);
    now += 61;
    events.push([now, { type: 'trialEnded', trial: id, result: trial }]);
  }
  events.push([now, { type: 'concluded', verdict, clones: null }]);
  return dateEvents(events);
}
