// SPDX-License-Identifier: MIT
import t from 'tap';
import type { TrialResult, TrialSpec } from '../model/index.ts';
import { aCampaignPlan, runFast } from '../testing/fast-campaign.ts';
import { aFinding, aPerformer, aSplat } from '../testing/index.ts';
import { readPublishedSchema } from '../testing/published-schema.ts';

const { problemsOf } = readPublishedSchema('verdict.schema.json');

const splat = aSplat();
const bad = { splats: [splat], findings: [aFinding(splat)], outcome: 'failed', blame: 'kernel' } as const;

async function verdictOf(
  arms: 'pair' | 'per-patch',
  patches: number,
  result: (spec: TrialSpec) => Partial<TrialResult>,
  known = false,
) {
  const plan = aCampaignPlan({ scenarios: ['s', 'other'], patches, arms, repeat: 3 });
  const { signature } = splat;
  const issue = { signature, reason: 'r', link: 'https://e.org', expires: '2027-01-31', rate: 0.1 };
  const whole = known ? { ...plan, knownIssues: [issue] } : plan;
  return (await runFast(whole, aPerformer({ patches, result }))).verdict;
}

t.test('the published schema describes every key of a verdict, and no other', async (t) => {
  const onPatched = ({ arm, scenario }: TrialSpec) => (scenario === 's' && arm !== 'base' ? bad : {});
  const widened = (spec: TrialSpec) => ({ ...onPatched(spec), widened: true });
  const lost = () => ({ outcome: 'failed', blame: 'lab', reason: 'x' }) as const;
  const tested = () => ({ subtests: [{ name: 'a', outcome: 'ok', reason: null, details: [] }] }) as const;
  for (const [arms, patches, result, known] of [
    ['pair', 1, onPatched, false],
    ['pair', 1, onPatched, true],
    ['pair', 1, widened, false],
    ['pair', 1, lost, false],
    ['pair', 1, tested, false],
    ['pair', 0, () => bad, false],
    ['per-patch', 3, onPatched, false],
  ] as const)
    t.equal(problemsOf(await verdictOf(arms, patches, result, known)), '', `${arms} ${patches}`);
});

t.test('what is no verdict is refused', async (t) => {
  const verdict = JSON.parse(JSON.stringify(await verdictOf('pair', 1, () => bad)));
  for (const wrong of [
    {},
    { ...verdict, format: 2 },
    { ...verdict, comparison: 'good' },
    { ...verdict, exitCode: 3 },
    { ...verdict, more: 1 },
    { ...verdict, scenarios: [{}] },
  ])
    t.not(problemsOf(wrong), '');
});
