// SPDX-License-Identifier: MIT
import type {
  CampaignVerdict,
  Finding,
  Frame,
  ScenarioVerdict,
  SignatureVerdict,
  TrialResult,
  TrialSplat,
} from '../model/index.ts';
import { signSplat } from '../splat/signature.ts';
import { typeOfTitle } from '../splat/title.ts';

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

/** A whole complaint with two traces; `part` says what differs. Type and signature are those of its title and culprit. */
export function aSplat(part: Partial<TrialSplat> = {}): TrialSplat {
  const title = part.title ?? 'KASAN: use-after-free Read in sample_remove';
  const type = part.type ?? typeOfTitle(title);
  const culprit = part.culprit === undefined ? (/ in ([\w.]+)$/.exec(title)?.[1] ?? null) : part.culprit;
  const frames = part.frames ?? [
    aFrame(),
    aFrame({ function: 'sample_put', offset: null, size: null, inline: true, line: 17 }),
    aFrame({ function: 'device_del', module: null, file: 'drivers/base/core.c', line: 3100 }),
    aFrame({ function: 'stale_word', module: null, reliable: false, file: null, line: null }),
  ];
  return {
    title,
    alternatives: [],
    type,
    culprit,
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
    signature: signSplat(type, title, culprit),
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
    confinement: 'user 65521 without capabilities',
    ...part,
  };
}

/** The same trial again and again, each in a boot of its own: as often as decides any difference between two arms. */
export function oftenTrial(trial: TrialResult, times = 7): TrialResult[] {
  return Array.from({ length: times }, (_, index) => ({
    ...trial,
    id: `${trial.scenario}.${trial.arm}.${index + 1}`,
    attempt: index + 1,
  }));
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
