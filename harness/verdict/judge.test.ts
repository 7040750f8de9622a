// SPDX-License-Identifier: MIT
import t from 'tap';
import { type Blame, Fault, type FaultBlame, type Finding } from '../model/index.ts';
import { aSplat } from '../testing/index.ts';
import { judgeTrial, type TrialEvidence } from './judge.ts';

function aFault(code: string, blame: FaultBlame = 'lab', message = `${code} happened`): Fault {
  return new Fault({ blame, code, message });
}

function aSplatFinding(title = 'KASAN: use-after-free Read in f'): Finding {
  return { kind: 'splat', signature: `2:X:${title}`, title, step: null, details: [], splat: 0 };
}

const splat = aSplatFinding();
const missed: Finding = {
  kind: 'expectation',
  signature: 'expectation:s:create refused',
  title: 'create refused: it succeeded',
  step: 'create refused',
  details: [],
  splat: null,
};
/** A splat that the scenario expects is not in the log. */
const absent: Finding = {
  ...missed,
  signature: 'expectation:s:dmesg:/x/',
  title: 'the expected splat did not come: /x/',
  step: null,
};
const healthy: TrialEvidence = {
  booted: true,
  consoleSpoke: true,
  machine: { kind: 'running' },
  fault: null,
  stoppedIn: null,
  findings: [],
  splats: [],
  expectedEnd: 'running',
};
const ENDED = aFault('MACHINE_ENDED');
const LOST = aFault('GUEST_CONNECTION_LOST');
const UNREACHABLE = aFault('GUEST_UNREACHABLE');
const TIMEOUT = aFault('SCENARIO_TIMEOUT', 'scenario', 'the setup did not finish in 60 s');
const inSteps = (fault: Fault): Partial<TrialEvidence> => ({ fault, stoppedIn: 'steps' });
const noInit = 'kernel panic: Requested init /nowhere failed (error -NUM).';
const unbooted: Partial<TrialEvidence> = { booted: false, ...{ fault: UNREACHABLE } };

interface Row {
  readonly name: string;
  readonly evidence: Partial<TrialEvidence>;
  readonly blame: Blame | null;
  readonly fault?: string;
  readonly reason?: RegExp;
  /** Signatures of the findings beside those that the evidence has. */
  readonly adds?: readonly string[];
}

const ROWS: readonly Row[] = [
  {
    name: 'nothing wrong',
    evidence: {},
    blame: null,
    reason: /^every expectation was met and the log is clean$/,
  },
  {
    name: 'an allowed splat',
    evidence: { splats: [aSplat()] },
    blame: null,
    reason: /only splats that the scenario expects or allows/,
  },
  {
    name: 'a splat',
    evidence: { findings: [splat] },
    blame: 'kernel',
    reason: /^KASAN: use-after-free Read in f$/,
  },
  {
    name: 'a missed expectation',
    evidence: { findings: [missed] },
    blame: 'kernel',
    reason: /^create refused/,
  },
  {
    name: 'a splat after a missed expectation',
    evidence: { findings: [missed, splat] },
    blame: 'kernel',
    reason: /^KASAN: use-after-free Read in f \(and 1 more\)$/,
  },

  // Splats are evidence whatever else went wrong.
  {
    name: 'a splat, then QEMU was killed',
    evidence: {
      machine: { kind: 'labDeath', detail: 'QEMU was killed' },
      findings: [splat],
      ...inSteps(ENDED),
    },
    blame: 'kernel',
    fault: 'MACHINE_ENDED',
    reason: /^QEMU was killed: KASAN/,
  },
  {
    name: 'a splat, then SSH died',
    evidence: { findings: [splat], ...inSteps(LOST) },
    blame: 'kernel',
    fault: 'GUEST_CONNECTION_LOST',
    reason: /^GUEST_CONNECTION_LOST happened: KASAN/,
  },
  {
    name: 'a splat, then the setup failed',
    evidence: { findings: [splat], fault: aFault('SCENARIO_SETUP_FAILED', 'scenario'), stoppedIn: 'setup' },
    blame: 'kernel',
    fault: 'SCENARIO_SETUP_FAILED',
  },
  {
    name: 'a splat, then ktrial failed',
    evidence: { findings: [splat], ...inSteps(aFault('KTRIAL_BUG', 'harness')) },
    blame: 'kernel',
    fault: 'KTRIAL_BUG',
  },
  {
    name: 'a splat, then the user interrupted the trial',
    evidence: { findings: [splat], ...inSteps(aFault('TRIAL_INTERRUPTED')) },
    blame: 'kernel',
    fault: 'TRIAL_INTERRUPTED',
    reason: /^TRIAL_INTERRUPTED happened: KASAN/,
  },
  {
    name: 'a splat, then the guest powered off',
    evidence: { machine: { kind: 'poweredOff' }, findings: [splat], ...inSteps(ENDED) },
    blame: 'kernel',
    reason: /^the guest powered off: KASAN/,
  },
  {
    name: 'a splat during a boot that did not finish',
    evidence: { ...unbooted, findings: [splat] },
    blame: 'kernel',
    reason: /^the guest did not become ready: KASAN/,
  },
  {
    name: 'a splat on a console that is otherwise silent',
    evidence: { ...unbooted, consoleSpoke: false, findings: [splat] },
    blame: 'kernel',
  },

  {
    name: 'a splat, then the guest hung',
    evidence: { machine: { kind: 'hung', detail: 'no answer' }, findings: [splat], ...inSteps(LOST) },
    blame: 'kernel',
    reason: /^the guest hung: no answer: KASAN/,
  },
  {
    name: 'a splat, then the machine reset itself',
    evidence: { machine: { kind: 'reset' }, findings: [splat], ...inSteps(ENDED) },
    blame: 'kernel',
    reason: /^the machine reset itself: KASAN/,
  },
  {
    name: 'a splat, then the kernel did not power off',
    evidence: { machine: { kind: 'stuck', detail: 'waited 15 s' }, findings: [splat] },
    blame: 'kernel',
    reason: /^the machine did not power off: waited 15 s: KASAN/,
  },

  // The machine died of its kernel.
  {
    name: 'a panic',
    evidence: { machine: { kind: 'panicked' }, ...inSteps(ENDED) },
    blame: 'kernel',
    adds: ['death:panic'],
  },
  {
    name: 'a panic that a splat explains',
    evidence: { machine: { kind: 'panicked' }, findings: [splat], ...inSteps(ENDED) },
    blame: 'kernel',
    reason: /^the kernel panicked: KASAN/,
  },
  {
    name: 'a reset',
    evidence: { machine: { kind: 'reset' }, ...inSteps(ENDED) },
    blame: 'kernel',
    adds: ['death:reset'],
  },
  {
    name: 'a hang',
    evidence: { machine: { kind: 'hung', detail: 'no answer' }, ...inSteps(LOST) },
    blame: 'kernel',
    adds: ['death:hang'],
    reason: /^the guest hung: no answer$/,
  },
  {
    name: 'a hang in the setup',
    evidence: { machine: { kind: 'hung', detail: 'no answer' }, fault: TIMEOUT, stoppedIn: 'setup' },
    blame: 'kernel',
    adds: ['death:hang'],
  },
  {
    name: 'a kernel that does not power off',
    evidence: { machine: { kind: 'stuck', detail: 'waited 30 s' } },
    blame: 'kernel',
    adds: ['death:poweroff'],
    reason: /^the machine did not power off: waited 30 s$/,
  },
  {
    name: 'a panic during boot',
    evidence: { booted: false, machine: { kind: 'panicked' }, fault: ENDED },
    blame: 'kernel',
    adds: ['death:panic'],
  },
  {
    name: 'a reset during boot',
    evidence: { booted: false, machine: { kind: 'reset' }, fault: ENDED },
    blame: 'kernel',
    adds: ['death:reset'],
  },

  // Without a word from the kernel there is no evidence against it.
  ...(['panicked', 'reset'] as const).map(
    (kind): Row => ({
      name: `a silent console and a machine that ${kind}`,
      evidence: { consoleSpoke: false, booted: false, machine: { kind }, fault: ENDED },
      blame: 'lab',
      fault: 'CONSOLE_SILENT',
      reason: /^the kernel printed nothing on the console: the /,
    }),
  ),
  {
    name: 'a silent console and a hang',
    evidence: { consoleSpoke: false, machine: { kind: 'hung', detail: 'no answer' }, ...inSteps(LOST) },
    blame: 'lab',
    fault: 'CONSOLE_SILENT',
    reason: /^the kernel printed nothing on the console: the guest hung: no answer$/,
  },
  {
    name: 'a silent console and a guest that is not reachable',
    evidence: { ...unbooted, consoleSpoke: false },
    blame: 'lab',
    fault: 'CONSOLE_SILENT',
    reason: /^the kernel printed nothing on the console$/,
  },
  {
    name: 'a silent console and a scenario that went well: its log is missing',
    evidence: { consoleSpoke: false },
    blame: 'lab',
    fault: 'CONSOLE_SILENT',
  },

  // A guest that never became reachable.
  {
    name: 'a guest that is not reachable',
    evidence: unbooted,
    blame: 'lab',
    fault: 'GUEST_UNREACHABLE',
    reason: /^GUEST_UNREACHABLE happened$/,
  },
  {
    name: 'a guest that is not reachable and hangs',
    evidence: { ...unbooted, machine: { kind: 'hung', detail: 'no answer' } },
    blame: 'lab',
    fault: 'GUEST_UNREACHABLE',
  },
  {
    name: 'a kernel without an init to run',
    evidence: {
      booted: false,
      machine: { kind: 'panicked' },
      fault: ENDED,
      findings: [aSplatFinding(noInit)],
      splats: [aSplat({ title: noInit })],
    },
    blame: 'lab',
    fault: 'GUEST_UNREACHABLE',
    reason: /^the guest did not start: kernel panic: Requested init/,
  },
  {
    name: 'a kernel without an init to run, after another splat',
    evidence: {
      booted: false,
      machine: { kind: 'panicked' },
      fault: ENDED,
      findings: [splat, aSplatFinding(noInit)],
      splats: [aSplat(), aSplat({ title: noInit })],
    },
    blame: 'kernel',
  },
  {
    name: 'the same panic once the guest was up',
    evidence: {
      machine: { kind: 'panicked' },
      findings: [aSplatFinding(noInit)],
      splats: [aSplat({ title: noInit })],
      ...inSteps(ENDED),
    },
    blame: 'kernel',
  },
  ...(
    [
      ['KTRIAL_BUG', 'harness'],
      ['GUEST_WRONG_KEY', 'lab'],
      ['TRIAL_NO_SHELL', 'lab'],
      ['MACHINE_NO_PORT', 'lab'],
      ['HOST_DISK_FULL', 'lab'],
      ['HOST_LIMIT', 'lab'],
      ['TRIAL_INTERRUPTED', 'lab'],
    ] as const
  ).flatMap(([code, blame]) =>
    [true, false].map(
      (consoleSpoke): Row => ({
        name: `${code} during boot, ${consoleSpoke ? 'with' : 'without'} a console`,
        evidence: { booted: false, consoleSpoke, fault: aFault(code, blame) },
        blame,
        fault: code,
        reason: new RegExp(`^${code} happened$`),
      }),
    ),
  ),
  {
    name: 'a disk that ran full while a kernel found no init',
    evidence: {
      booted: false,
      machine: { kind: 'panicked' },
      fault: aFault('HOST_DISK_FULL'),
      splats: [aSplat({ title: noInit })],
    },
    blame: 'lab',
    fault: 'HOST_DISK_FULL',
  },
  {
    name: 'a guest that powers off during boot',
    evidence: { booted: false, machine: { kind: 'poweredOff' }, fault: ENDED },
    blame: 'lab',
    fault: 'MACHINE_ENDED',
    reason: /before it could be reached/,
  },

  {
    name: 'a guest that is not reachable because QEMU is killed',
    evidence: { ...unbooted, machine: { kind: 'labDeath', detail: 'QEMU was killed' } },
    blame: 'lab',
    fault: 'MACHINE_ENDED',
    reason: /^QEMU was killed$/,
  },
  {
    name: 'a hang after an allowed panic over a missing init, once the guest was up',
    evidence: {
      machine: { kind: 'hung', detail: 'no answer' },
      splats: [aSplat({ title: noInit })],
      ...inSteps(LOST),
    },
    blame: 'kernel',
    adds: ['death:hang'],
  },

  // The scenario.
  {
    name: 'an impossible step',
    evidence: inSteps(aFault('SCENARIO_NO_COMMAND', 'scenario')),
    blame: 'scenario',
    fault: 'SCENARIO_NO_COMMAND',
  },
  {
    name: 'an impossible step after a missed expectation',
    evidence: { findings: [missed], ...inSteps(aFault('SCENARIO_NO_COMMAND', 'scenario')) },
    blame: 'scenario',
  },
  {
    name: 'a setup that failed',
    evidence: { fault: aFault('SCENARIO_SETUP_FAILED', 'scenario'), stoppedIn: 'setup' },
    blame: 'scenario',
  },
  {
    name: 'a time limit in the setup',
    evidence: { fault: TIMEOUT, stoppedIn: 'setup' },
    blame: 'scenario',
    fault: 'SCENARIO_TIMEOUT',
    reason: /did not finish in 60 s/,
  },
  {
    name: 'a power-off that nothing explains',
    evidence: { machine: { kind: 'poweredOff' }, ...inSteps(ENDED) },
    blame: 'scenario',
    fault: 'MACHINE_ENDED',
    reason: /^the guest powered off before the scenario was over$/,
  },

  // The lab.
  {
    name: 'a missed expectation that ended the steps',
    evidence: { findings: [missed], stoppedIn: 'steps' },
    blame: 'kernel',
  },
  {
    name: 'SSH died in the setup, after a module that could not be loaded',
    evidence: { findings: [missed], fault: LOST, stoppedIn: 'setup' },
    blame: 'lab',
  },
  {
    name: 'QEMU was killed',
    evidence: { machine: { kind: 'labDeath', detail: 'QEMU was killed' }, ...inSteps(ENDED) },
    blame: 'lab',
    fault: 'MACHINE_ENDED',
    reason: /^QEMU was killed$/,
  },
  {
    name: 'QEMU was killed after a missed expectation of a step that goes on',
    evidence: {
      machine: { kind: 'labDeath', detail: 'QEMU was killed' },
      findings: [missed],
      ...inSteps(ENDED),
    },
    blame: 'lab',
  },
  {
    name: 'QEMU was killed in the cleanup, after a missed expectation',
    evidence: {
      machine: { kind: 'labDeath', detail: 'QEMU was killed' },
      findings: [missed],
      fault: ENDED,
      stoppedIn: 'cleanup',
    },
    blame: 'kernel',
    reason: /^create refused/,
  },
  {
    name: 'QEMU was killed after the cleanup',
    evidence: { machine: { kind: 'labDeath', detail: 'QEMU was killed' }, fault: ENDED },
    blame: 'lab',
  },
  {
    name: 'SSH died while the machine lives',
    evidence: inSteps(LOST),
    blame: 'lab',
    fault: 'GUEST_CONNECTION_LOST',
  },
  {
    name: 'SSH died in the cleanup while the machine lives',
    evidence: { fault: LOST, stoppedIn: 'cleanup' },
    blame: 'lab',
    fault: 'GUEST_CONNECTION_LOST',
  },
  {
    name: 'the disk was full at the end, after a missed expectation',
    evidence: { findings: [missed], fault: aFault('HOST_DISK_FULL') },
    blame: 'kernel',
  },
  { name: 'an expected splat that did not come', evidence: { findings: [absent] }, blame: 'kernel' },
  {
    name: 'an expected splat that did not come, or was lost with the end of the log on a full disk',
    evidence: { findings: [absent], fault: aFault('HOST_DISK_FULL') },
    blame: 'lab',
    fault: 'HOST_DISK_FULL',
  },
  {
    name: 'an expected splat that did not come, on a silent console',
    evidence: { findings: [absent], consoleSpoke: false },
    blame: 'lab',
    fault: 'CONSOLE_SILENT',
  },
  {
    name: 'a missed expectation, on a silent console',
    evidence: { findings: [missed], consoleSpoke: false },
    blame: 'kernel',
  },
  { name: 'the disk was full at the end', evidence: { fault: aFault('HOST_DISK_FULL') }, blame: 'lab' },
  {
    name: 'the user interrupted the trial, and so its machine was stopped',
    evidence: {
      machine: { kind: 'labDeath', detail: 'stopped by ktrial' },
      ...inSteps(aFault('TRIAL_INTERRUPTED')),
    },
    blame: 'lab',
    fault: 'TRIAL_INTERRUPTED',
    reason: /^TRIAL_INTERRUPTED happened$/,
  },
  {
    name: 'a request that only the user can have got wrong',
    evidence: inSteps(aFault('SCENARIO_UNKNOWN_PARAMETER', 'request')),
    blame: 'lab',
  },

  // ktrial itself.
  {
    name: 'a bug in ktrial',
    evidence: inSteps(aFault('KTRIAL_BUG', 'harness')),
    blame: 'harness',
    fault: 'KTRIAL_BUG',
  },
];

for (const { name, evidence, blame, fault, reason, adds = [] } of ROWS)
  t.test(`${name}: ${blame ?? 'passed'}`, async (t) => {
    const given: TrialEvidence = { ...healthy, ...evidence };
    const judged = judgeTrial(given);
    t.equal(judged.outcome, blame === null ? 'passed' : 'failed');
    t.equal(judged.blame, blame);
    if (fault !== undefined || given.fault === null) t.equal(judged.fault, fault ?? null);
    t.match(judged.reason, reason ?? /\w/);
    t.strictSame(judged.findings.slice(0, given.findings.length), given.findings, 'findings are kept');
    t.strictSame(
      judged.findings.slice(given.findings.length).map((one) => one.signature),
      adds,
    );
  });

t.test('a death is a finding of its kind, with the reason as its title', async (t) => {
  const { findings, reason } = judgeTrial({ ...healthy, machine: { kind: 'reset' }, ...inSteps(ENDED) });
  t.strictSame(findings, [
    { kind: 'death', signature: 'death:reset', title: reason, step: null, details: [], splat: null },
  ]);
});

t.test('an end that the scenario asks for is as it should be', async (t) => {
  const ends = [
    ['panicked', { kind: 'panicked' }],
    ['reset', { kind: 'reset' }],
    ['hung', { kind: 'hung', detail: 'no answer' }],
    ['hung', { kind: 'stuck', detail: 'waited 30 s' }],
  ] as const;
  for (const [expectedEnd, machine] of ends) {
    const judged = judgeTrial({ ...healthy, machine, expectedEnd, ...inSteps(ENDED) });
    t.match(judged, { outcome: 'passed', blame: null, fault: null, findings: [] }, machine.kind);
    t.equal(judged.reason, `every expectation was met: the machine ${expectedEnd}`);
  }
});

t.test('an end that the scenario asks for excuses nothing else', async (t) => {
  const asked: TrialEvidence = {
    ...healthy,
    machine: { kind: 'panicked' },
    expectedEnd: 'panicked',
    ...inSteps(ENDED),
  };
  t.match(judgeTrial({ ...asked, findings: [missed] }), {
    outcome: 'failed',
    blame: 'kernel',
    reason: missed.title,
    findings: { length: 1 },
  });
  t.match(judgeTrial({ ...asked, findings: [splat] }), { blame: 'kernel', findings: { length: 1 } });
  t.match(judgeTrial({ ...asked, booted: false }), {
    blame: 'kernel',
    findings: [{ signature: 'death:panic' }],
  });
  t.match(judgeTrial({ ...asked, stoppedIn: 'setup' }), {
    blame: 'kernel',
    findings: [{ signature: 'death:panic' }],
  });
  t.match(judgeTrial({ ...asked, machine: { kind: 'reset' } }), { findings: [{ signature: 'death:reset' }] });
  t.match(judgeTrial({ ...asked, ...inSteps(aFault('SCENARIO_NO_COMMAND', 'scenario')) }), {
    outcome: 'failed',
  });
});

t.test('a machine that lives on where the scenario expects it to die is a missed expectation', async (t) => {
  const title = 'the machine is still running, expected it to have panicked';
  t.match(judgeTrial({ ...healthy, expectedEnd: 'panicked' }), {
    outcome: 'failed',
    blame: 'kernel',
    fault: null,
    reason: title,
    findings: [{ kind: 'expectation', signature: 'expectation:machine:panicked', title }],
  });
});
