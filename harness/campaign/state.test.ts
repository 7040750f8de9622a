// SPDX-License-Identifier: MIT
import t from 'tap';
import type { CampaignState, RunEventBody } from '../model/index.ts';
import { aCampaignPlan, stillClock } from '../testing/fast-campaign.ts';
import { aBuild, aRequest, aTrial } from '../testing/index.ts';
import { foldAll, notRun } from './state.ts';

const plan = aCampaignPlan({ scenarios: ['s'], patches: 1, arms: 'pair', repeat: 1 });

function stateAfter(...bodies: readonly RunEventBody[]): CampaignState {
  const at = stillClock().toISOString();
  const all: RunEventBody[] = [{ type: 'planned', request: aRequest(), plan }, ...bodies];
  const state = foldAll(all.map((body, index) => ({ format: 1, seq: index + 1, at, ...body })));
  if (!state) throw new Error('there is a plan');
  return state;
}

const started = (trial: string): RunEventBody => ({
  type: 'trialStarted',
  trial,
  scenario: 's',
  arm: 'base',
  kernel: 'k',
});
const ended = (id: string, part = {}): RunEventBody => ({
  type: 'trialEnded',
  trial: id,
  result: aTrial(id, part),
});
const trialOf = (state: CampaignState, id: string) => state.trials.find((trial) => trial.id === id);

t.test('without a plan there is no state', async (t) => {
  t.equal(foldAll([]), null);
  t.equal(foldAll([{ format: 1, seq: 1, at: '', type: 'noted', text: 'x' }]), null);
});

t.test('a trial is planned, then running as failed by the lab, then what it came to', async (t) => {
  t.match(trialOf(stateAfter(), 's.base.1'), { status: 'planned', result: null });
  t.match(trialOf(stateAfter(started('s.base.1')), 's.base.1'), {
    status: 'running',
    result: { outcome: 'failed', blame: 'lab', reason: 'did not finish', kernel: 'k' },
  });
  const done = stateAfter(started('s.base.1'), ended('s.base.1'));
  t.match(trialOf(done, 's.base.1'), { status: 'done', result: { outcome: 'passed' } });
  t.match(trialOf(done, 's.patched.1'), { status: 'planned' });
});

t.test('a note that is said twice is one note', async (t) => {
  const note = { type: 'noted', text: 'the base is old' } as const;
  t.strictSame(stateAfter(note, note, { ...note, text: 'another' }).notes, ['the base is old', 'another']);
});

t.test('a resume starts again what ran or was interrupted, and keeps what is done', async (t) => {
  const state = stateAfter(
    { type: 'armBuildStarted', arm: 'base' },
    started('s.base.1'),
    ended('s.base.1'),
    ended('s.patched.1', { outcome: 'notRun', fault: 'TRIAL_INTERRUPTED' }),
    started('s.base.1.control'),
    { type: 'ended', reason: { kind: 'interrupted' } },
    { type: 'resumed', lost: [] },
  );
  t.strictSame(
    state.trials.map((trial) => [trial.status, trial.result?.outcome]),
    [
      ['done', 'passed'],
      ['planned', undefined],
      ['planned', undefined],
    ],
  );
  t.match(state.arms, [{ status: 'planned' }, { status: 'planned' }]);
  t.equal(state.end, null);
  t.equal(state.endedAt, null);
});

t.test('a fault of the kernel that an interrupted trial had shown is kept', async (t) => {
  const state = stateAfter(
    ended('s.patched.1', { outcome: 'failed', blame: 'kernel', fault: 'TRIAL_INTERRUPTED' }),
    { type: 'resumed', lost: [] },
  );
  t.match(trialOf(state, 's.patched.1'), { status: 'done', result: { blame: 'kernel' } });
});

t.test('a resume builds again what is no longer in the cache', async (t) => {
  const kernel = (digest: string) =>
    ({ digest, name: 'k', arch: 'x86_64', release: '', bootDigest: '', compiler: '', commit: '' }) as const;
  const build = (arm: string) =>
    ({
      type: 'armBuilt',
      arm,
      build: {
        arm,
        patches: 0,
        subject: null,
        built: true,
        cached: false,
        durationMs: 1,
        newDiagnostics: [],
        sameBoot: false,
      },
      kernel: kernel(arm),
      logTail: [],
    }) as const;
  const state = stateAfter(
    build('base'),
    build('patched'),
    { type: 'imageReady', image: { digest: 'i', name: 'guest' } },
    { type: 'l2Ready', name: 'tiny', kernel: kernel('l') },
    { type: 'resumed', lost: ['patched', 'i', 'l'] },
  );
  t.match(state.arms, [
    { status: 'built', kernel: { digest: 'base' } },
    { status: 'planned', build: null, kernel: null },
  ]);
  t.equal(state.image, null);
  t.strictSame(state.l2, {});
});

t.test('whom an unreachable guest counts against is decided again with every result', async (t) => {
  const dead = {
    outcome: 'failed',
    blame: 'lab',
    fault: 'GUEST_UNREACHABLE',
    bootMs: null,
    reason: 'no session',
  };
  const alone = stateAfter(ended('s.patched.1', dead));
  t.equal(trialOf(alone, 's.patched.1')?.result?.blame, 'lab', 'the base was not tried');
  const compared = stateAfter(ended('s.patched.1', dead), ended('s.base.1'));
  t.equal(trialOf(compared, 's.patched.1')?.result?.blame, 'kernel', 'the base came up');
  const both = stateAfter(ended('s.patched.1', dead), ended('s.base.1', dead));
  t.equal(trialOf(both, 's.patched.1')?.result?.blame, 'lab', 'the base came up no more than it');
});

t.test('only finished trials say what the base did', async (t) => {
  const dead = { outcome: 'failed', blame: 'lab', fault: 'GUEST_UNREACHABLE', bootMs: null } as const;
  const state = stateAfter(started('s.base.1'), ended('s.patched.1', dead));
  t.match(trialOf(state, 's.base.1')?.result, { reason: 'did not finish' });
  t.equal(trialOf(state, 's.patched.1')?.result?.blame, 'lab');
  const before = stateAfter(ended('s.base.1'));
  const after = stateAfter(ended('s.base.1'), ended('s.patched.1'));
  t.strictSame(trialOf(after, 's.base.1'), trialOf(before, 's.base.1'));
  t.match(trialOf(after, 's.base.1.control'), { status: 'planned' });
  t.equal(trialOf(after, 's.base.1.control')?.result, null);
});

t.test('without the kernel of the last arm the series is rejected, with the errors alone', async (t) => {
  const diagnostic = (severity: 'warning' | 'error') =>
    ({ severity, file: 'a.c', line: 1, column: null, message: severity, option: null, patch: 1 }) as const;
  const failed = (arm: string) =>
    ({
      type: 'armBuilt',
      arm,
      build: aBuild(arm, 1, {
        built: false,
        newDiagnostics: [diagnostic('warning'), diagnostic('error')],
      }),
      kernel: null,
      logTail: ['make: *** Error'],
    }) as const;
  t.strictSame(stateAfter(failed('patched')).rejection, {
    kind: 'doesNotCompile',
    diagnostics: [diagnostic('error')],
    logTail: ['make: *** Error'],
    applied: [],
  });
  const patch = { number: 1, subject: 'x', commit: 'c', how: 'plain', files: [] } as const;
  const applied = { type: 'applied', base: 'b', config: 'c', patches: [patch] } as const;
  t.match(stateAfter(applied, failed('patched')).rejection, { applied: [patch] });
  const earlier = stateAfter(failed('base'));
  t.equal(earlier.rejection, null);
  t.match(earlier.arms, [{ status: 'failed' }, { status: 'planned' }]);
});

t.test('a trial that never began has its reason and nothing else', async (t) => {
  const trial = plan.trials[0];
  if (!trial) throw new Error('there is a trial');
  t.strictSame(notRun(trial, 'no kernel', 'now'), {
    format: 1,
    id: 's.base.1',
    scenario: 's',
    arm: 'base',
    attempt: 1,
    control: false,
    kernel: null,
    outcome: 'notRun',
    blame: null,
    fault: null,
    reason: 'no kernel',
    findings: [],
    splats: [],
    splatCount: 0,
    steps: [],
    notes: [],
    startedAt: 'now',
    durationMs: 0,
    bootMs: null,
    bootMethod: null,
    accelerator: null,
    files: {},
    machineCommand: null,
    confinement: null,
  });
});
