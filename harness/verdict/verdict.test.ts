// SPDX-License-Identifier: MIT
import t from 'tap';
import { Fault, type Finding, type TrialResult } from '../model/index.ts';
import { compareScenario, concludeCampaign, judgeTrial, type TrialEvidence } from './index.ts';

const splatFinding: Finding = {
  kind: 'splat',
  signature: '1:kasan:f',
  title: 'KASAN: use-after-free Read in f',
  step: null,
  details: [],
  splat: 0,
};
const missed: Finding = {
  kind: 'expectation',
  signature: 'expectation:s:create refused',
  title: 'create refused: it succeeded',
  step: 'create refused',
  details: [],
  splat: null,
};
const healthy: TrialEvidence = {
  booted: true,
  consoleSpoke: true,
  machine: { kind: 'running' },
  fault: null,
  findings: [],
  splats: [],
};

function aTrial(arm: string, attempt: number, change: Partial<TrialResult> = {}): TrialResult {
  const findings = change.findings ?? [];
  return {
    format: 1,
    id: `s.${arm}.${attempt}`,
    scenario: 's',
    arm,
    attempt,
    control: false,
    kernel: null,
    fault: null,
    outcome: findings.length > 0 ? 'failed' : 'passed',
    blame: findings.length > 0 ? 'kernel' : null,
    reason: '',
    findings,
    splats: [],
    splatCount: 0,
    steps: [],
    notes: [],
    startedAt: '1970-01-01T00:00:00.000Z',
    durationMs: 1,
    bootMs: 1,
    bootMethod: null,
    accelerator: { kind: 'tcg', reason: 'no /dev/kvm' },
    files: {},
    machineCommand: null,
    ...change,
  };
}

t.test('each way for a trial to end has its own blame', async (t) => {
  const cases: readonly [string, Partial<TrialEvidence>, string, string | null][] = [
    ['nothing wrong', {}, 'passed', null],
    ['a splat', { findings: [splatFinding] }, 'failed', 'kernel'],
    ['a missed expectation', { findings: [missed] }, 'failed', 'kernel'],
    [
      'a missed expectation in the setup',
      { findings: [{ ...missed, signature: 'setup:s:load' }] },
      'failed',
      'scenario',
    ],
    ['a panic', { machine: { kind: 'panicked' } }, 'failed', 'kernel'],
    ['a hang', { machine: { kind: 'hung', detail: 'no answer' } }, 'failed', 'kernel'],
    ['a triple fault', { machine: { kind: 'reset' } }, 'failed', 'kernel'],
    ['a power-off that nothing explains', { machine: { kind: 'poweredOff' } }, 'failed', 'scenario'],
    [
      'a power-off after a splat',
      { machine: { kind: 'poweredOff' }, findings: [splatFinding] },
      'failed',
      'kernel',
    ],
    ['QEMU killed', { machine: { kind: 'labDeath', detail: 'QEMU was killed' } }, 'failed', 'lab'],
    [
      'QEMU killed after a splat',
      { machine: { kind: 'labDeath', detail: 'QEMU was killed' }, findings: [splatFinding] },
      'failed',
      'lab',
    ],
    ['a silent console', { booted: false, consoleSpoke: false }, 'failed', 'lab'],
    ['a kernel that spoke and never became ready', { booted: false }, 'failed', 'kernel'],
    [
      'a lost connection on a healthy machine',
      { fault: new Fault({ blame: 'lab', code: 'GUEST_CONNECTION_LOST', message: 'lost' }) },
      'failed',
      'lab',
    ],
    [
      'a bad step',
      { fault: new Fault({ blame: 'scenario', code: 'STEP_BAD', message: 'bad' }) },
      'failed',
      'scenario',
    ],
  ];
  for (const [name, change, outcome, blame] of cases) {
    const judged = judgeTrial({ ...healthy, ...change });
    t.equal(judged.outcome, outcome, name);
    t.equal(judged.blame, blame, name);
    t.not(judged.reason, '', `${name} has a reason`);
  }
});

t.test(
  'a death that no splat explains is a finding, and one that a splat explains is not counted twice',
  async (t) => {
    t.equal(judgeTrial({ ...healthy, machine: { kind: 'panicked' } }).findings[0]?.signature, 'death:panic');
    t.strictSame(
      judgeTrial({ ...healthy, machine: { kind: 'panicked' }, findings: [splatFinding] }).findings,
      [splatFinding],
    );
  },
);

t.test('an end that the scenario asks for is as it should be, if all else is', async (t) => {
  const panicked = { ...healthy, machine: { kind: 'panicked' }, expectedEnd: 'panicked' } as const;
  const stopped = new Fault({ blame: 'lab', code: 'SCENARIO_ABORTED', message: 'stopped' });
  t.match(judgeTrial({ ...panicked, fault: stopped }), { outcome: 'passed', blame: null, findings: [] });
  t.match(judgeTrial({ ...panicked, findings: [splatFinding] }), { outcome: 'failed', blame: 'kernel' });
  t.match(judgeTrial({ ...panicked, booted: false }), { outcome: 'failed', blame: 'kernel' });
  t.match(judgeTrial({ ...healthy, expectedEnd: 'panicked' }), {
    outcome: 'failed',
    blame: 'kernel',
    findings: [{ kind: 'expectation', signature: 'expectation:machine:panicked' }],
  });
  t.match(judgeTrial({ ...panicked, machine: { kind: 'reset' } }), {
    outcome: 'failed',
    findings: [{ signature: 'death:reset' }],
  });
});

t.test('two arms are compared signature by signature and the worst decides', async (t) => {
  const bad = (arm: string) => aTrial(arm, 1, { findings: [splatFinding] });
  const good = (arm: string) => aTrial(arm, 1);
  t.equal(compareScenario('s', [bad('base')], [good('patched')]).comparison, 'fixed');
  t.equal(compareScenario('s', [bad('base')], [bad('patched')]).comparison, 'notFixed');
  t.equal(compareScenario('s', [good('base')], [bad('patched')]).comparison, 'regressed');
  t.equal(compareScenario('s', [good('base')], [good('patched')]).comparison, 'clean');
  const other = aTrial('base', 1, { findings: [missed] });
  const mixed = compareScenario('s', [other], [bad('patched')]);
  t.equal(mixed.comparison, 'regressed');
  t.strictSame(
    mixed.signatures.map((one) => one.comparison),
    ['fixed', 'regressed'],
  );
});

t.test('a lab fault decides nothing, and never counts as passed', async (t) => {
  const lost = aTrial('patched', 1, {
    outcome: 'failed',
    blame: 'lab',
    reason: 'QEMU was killed',
    findings: [],
  });
  const verdict = compareScenario('s', [aTrial('base', 1)], [lost]);
  t.equal(verdict.comparison, 'inconclusive');
  t.match(verdict.reason, /QEMU was killed/);
  t.equal(concludeCampaign([verdict], 2).exitCode, 69);
  t.equal(compareScenario('s', [aTrial('base', 1)], []).comparison, 'inconclusive');
  t.equal(concludeCampaign([], 2).comparison, 'inconclusive');
});

t.test('one sighting in several trials is a sighting, with its count', async (t) => {
  const verdict = compareScenario(
    's',
    [aTrial('base', 1), aTrial('base', 2, { findings: [splatFinding] })],
    [aTrial('patched', 1), aTrial('patched', 2)],
  );
  t.equal(verdict.comparison, 'fixed');
  t.strictSame(verdict.signatures[0]?.base, { seen: 1, trials: 2 });
  t.equal(concludeCampaign([verdict], 2).exitCode, 0);
});
