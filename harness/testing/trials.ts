// SPDX-License-Identifier: MIT
import type {
  CampaignPlan,
  CampaignVerdict,
  Finding,
  Frame,
  LiveEventBody,
  RunEvent,
  RunEventBody,
  RunRequest,
  ScenarioVerdict,
  SignatureVerdict,
  TrialResult,
  TrialSplat,
} from '../model/index.ts';

/** A reliable frame of a module, with its source line. */
export function aFrame(part: Partial<Frame> = {}): Frame {
  return {
    function: 'sample_remove',
    offset: 0x1c,
    size: 0x80,
    module: 'sample',
    reliable: true,
    inline: false,
    file: 'drivers/sample/sample.c',
    line: 42,
    ...part,
  };
}

/** A whole complaint with two traces; `part` says what differs. */
export function aSplat(part: Partial<TrialSplat> = {}): TrialSplat {
  const frames = part.frames ?? [
    aFrame(),
    aFrame({ function: 'sample_put', offset: null, size: null, inline: true, line: 17 }),
    aFrame({ function: 'device_del', module: null, file: 'drivers/base/core.c', line: 3100 }),
    aFrame({ function: 'stale_word', module: null, reliable: false, file: null, line: null }),
  ];
  return {
    title: 'KASAN: use-after-free Read in sample_remove',
    type: 'kasan',
    culprit: 'sample_remove',
    corrupted: false,
    corruptedReason: null,
    panicked: false,
    seconds: 12.345678,
    comm: 'bash',
    pid: 318,
    cpu: 1,
    taint: 'G B',
    modules: ['sample'],
    pc: null,
    frames,
    traces: [
      { label: 'Call Trace', frames },
      {
        label: 'Freed by task 7',
        frames: [aFrame({ function: 'kfree', module: null, file: null, line: null })],
      },
    ],
    start: 100,
    end: 900,
    text: null,
    follows: null,
    signature: '1:kasan:KASAN: use-after-free Read in sample_remove:sample_remove',
    ...part,
  };
}

/** The finding of a splat, as a trial has it. */
export function aFinding(splat: TrialSplat, index = 0): Finding {
  return {
    kind: 'splat',
    signature: splat.signature,
    title: splat.title,
    step: null,
    details: [],
    splat: index,
  };
}

/** A trial by its id, `scenario.arm.attempt`: passed, or failed by the kernel when it has splats. */
export function aTrial(id: string, part: Partial<TrialResult> = {}): TrialResult {
  const [scenario = 'sample', arm = 'base', attempt = '1'] = id.split('.');
  const splats = part.splats ?? [];
  const bad = splats.length > 0;
  return {
    format: 1,
    id,
    scenario,
    arm,
    attempt: Number(attempt),
    control: false,
    kernel: 'a'.repeat(64),
    fault: null,
    outcome: bad ? 'failed' : 'passed',
    blame: bad ? 'kernel' : null,
    reason: splats[0]?.title ?? 'every expectation was met and the log is clean',
    findings: splats.flatMap((splat, index) => (splat.follows === null ? [aFinding(splat, index)] : [])),
    splats,
    splatCount: splats.length,
    steps: [],
    notes: [],
    startedAt: '2026-01-01T00:01:00.000Z',
    durationMs: 61_000,
    bootMs: 32_000,
    bootMethod: { kind: 'cold', template: null, qmpMs: null, memoryMib: null, fallbackReason: null },
    accelerator: { kind: 'tcg', reason: 'no /dev/kvm' },
    files: { console: { name: 'console.log', digest: 'b'.repeat(64), bytes: 1000 } },
    machineCommand: 'qemu-system-x86_64 -M q35',
    ...part,
  };
}

/** What two arms came to for one signature. */
export function aSignature(splat: TrialSplat, part: Partial<SignatureVerdict> = {}): SignatureVerdict {
  return {
    signature: splat.signature,
    title: splat.title,
    kind: 'splat',
    comparison: 'regressed',
    base: { seen: 0, trials: 1 },
    patched: { seen: 1, trials: 1 },
    trials: [],
    ...part,
  };
}

/** A campaign's verdict over some scenarios; the worst is not computed: give it. */
export function aVerdict(
  scenarios: readonly ScenarioVerdict[],
  part: Partial<CampaignVerdict> = {},
): CampaignVerdict {
  return {
    format: 1,
    comparison: 'clean',
    reason: `${scenarios.length} judged`,
    scenarios,
    perPatch: null,
    exitCode: 0,
    ...part,
  };
}

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
      machine: { cpus: 2, memoryMib: 512, kernelArgs: [] },
      l2: {},
      timeoutMs: 60_000,
      settled: {},
    })),
    trials: trials.map(({ id, scenario, arm, attempt, control }) => ({
      id,
      scenario,
      arm,
      attempt,
      seed: 1,
      boot: 'cold',
      control,
    })),
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
