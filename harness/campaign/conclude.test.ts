// SPDX-License-Identifier: MIT
import t from 'tap';
import type { CampaignState, EndReason, FaultBlame, TrialResult, TrialSpec } from '../model/index.ts';
import { aCampaignPlan, runFast } from '../testing/fast-campaign.ts';
import { aFinding, aPerformer, aSplat } from '../testing/index.ts';
import { concludeState, exitCodeOfState } from './conclude.ts';

const splat = aSplat();
const bad = { splats: [splat], findings: [aFinding(splat)], outcome: 'failed', blame: 'kernel' } as const;

/** The state of a campaign on scenarios `s` and `other` in which trials come to what `result` says. */
function run(
  arms: 'pair' | 'per-patch',
  patches: number,
  result: (spec: TrialSpec) => Partial<TrialResult> = () => ({}),
): Promise<CampaignState> {
  const plan = aCampaignPlan({ scenarios: ['s', 'other'], patches, arms, repeat: 5 });
  return runFast(plan, aPerformer({ patches, result }));
}

t.test('the last arm is compared with the base, scenario by scenario', async (t) => {
  const state = await run('pair', 1, ({ scenario, arm }) =>
    scenario === 's' && arm === 'patched' ? bad : {},
  );
  const { verdict } = concludeState(state);
  t.match(verdict, {
    comparison: 'regressed',
    scenarios: [
      { scenario: 's', comparison: 'regressed' },
      { scenario: 'other', comparison: 'clean' },
    ],
    perPatch: null,
    exitCode: 1,
  });
  const both = await run('pair', 1, ({ scenario }) => (scenario === 's' ? bad : {}));
  t.equal(concludeState(both).verdict.comparison, 'notFixed', 'the base has it, too');
});

t.test('with one arm what it shows is there or not, and nothing is compared', async (t) => {
  for (const arms of ['pair', 'per-patch'] as const) {
    const { verdict } = concludeState(await run(arms, 0, ({ scenario }) => (scenario === 's' ? bad : {})));
    t.match(verdict, { scenarios: [{ scenario: 's', comparison: 'faulty' }, { comparison: 'clean' }] });
    t.equal(verdict.perPatch, null);
  }
});

t.test('per patch, the grid says which patch brought it', async (t) => {
  const state = await run('per-patch', 2, ({ arm }) => (arm === '1..2' ? bad : {}));
  t.match(concludeState(state).verdict, {
    comparison: 'regressed',
    perPatch: {
      arms: ['base', '1', '1..2'],
      rows: [
        { scenario: 's', brokenBy: 2 },
        { scenario: 'other', brokenBy: 2 },
      ],
    },
  });
});

t.test('what was neither built nor run counts for nothing', async (t) => {
  const state = await run('per-patch', 2);
  const arms = state.arms.map((arm) => (arm.name === '1' ? { ...arm, build: null } : arm));
  const trials = state.trials.map((trial) => (trial.arm === '1' ? { ...trial, result: null } : trial));
  const { verdict } = concludeState({ ...state, arms, trials });
  t.strictSame(verdict.perPatch?.arms, ['base', '1..2']);
  t.strictSame(verdict.perPatch?.rows[0]?.states, ['good', 'good']);
});

t.test('controls are compared with their clones and count in no verdict', async (t) => {
  const state = await run('pair', 1, ({ control }) => (control ? bad : {}));
  const { verdict, clones } = concludeState(state);
  t.equal(verdict.comparison, 'clean');
  t.equal(clones?.compared, 1);
  t.equal(concludeState({ ...state, trials: [] }).clones, null, 'without trials there is nothing to say');
  const controls = state.trials.filter((trial) => trial.control);
  t.equal(concludeState({ ...state, trials: controls }).clones, null, 'nor with controls alone');
});

t.test('the exit code of a campaign follows from how it ended', async (t) => {
  const state = await run('pair', 1);
  const code = (end: EndReason | null, part: Partial<CampaignState> = {}) =>
    exitCodeOfState({ ...state, end, ...part });
  t.equal(code(null), 69);
  t.equal(code({ kind: 'interrupted' }), 130);
  const applied: [] = [];
  const conflict = { number: 1, subject: '', file: null, hunk: null, words: '' };
  t.equal(code({ kind: 'rejected' }, { rejection: { kind: 'conflict', conflict, applied } }), 2);
  t.equal(code({ kind: 'rejected' }, { rejection: null }), 2);
  t.equal(
    code(
      { kind: 'rejected' },
      { rejection: { kind: 'doesNotCompile', diagnostics: [], logTail: [], applied } },
    ),
    1,
  );
  const fault = (blame: FaultBlame) => code({ kind: 'fault', blame, code: 'X', message: '' });
  t.strictSame((['request', 'scenario', 'harness', 'lab', 'kernel'] as const).map(fault), [2, 2, 70, 69, 69]);
  t.equal(code({ kind: 'finished' }), 0);
  t.equal(code({ kind: 'finished' }, { verdict: state.verdict && { ...state.verdict, exitCode: 1 } }), 1);
  t.equal(code({ kind: 'finished' }, { verdict: null }), 70, 'an end without a verdict is a bug');
});
