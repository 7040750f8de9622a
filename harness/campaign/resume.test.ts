// SPDX-License-Identifier: MIT
import t from 'tap';
import { checkCuts, cutsOf, outcomeOf } from '../testing/cut-campaigns.ts';
import { aCampaignPlan, aSink, eventsOf, resumeFast, runFast } from '../testing/fast-campaign.ts';
import { aPerformer } from '../testing/index.ts';

// kill.test.ts makes ten thousand of these cuts.
t.test('a campaign that is cut off and resumed is the one that was not', (t) => checkCuts(t, 150));

t.test('two cuts in a row are no worse than one', async (t) => {
  const plan = aCampaignPlan({ scenarios: ['a', 'b'], patches: 1, arms: 'pair', repeat: 2 });
  const world = { result: outcomeOf };
  const whole = aSink();
  const expected = await runFast(plan, aPerformer(world), { sink: whole });
  for (const first of cutsOf(whole.bytes)) {
    if (eventsOf(whole.bytes.subarray(0, first)).length === 0) continue;
    const cut = whole.bytes.subarray(0, whole.bytes.lastIndexOf(0x0a, first - 1) + 1);
    const second = aSink(cut);
    await resumeFast(cut, aPerformer(world), { sink: second });
    const shorter = second.bytes.subarray(0, Math.floor((cut.length + second.bytes.length) / 2));
    const last = await resumeFast(shorter, aPerformer(world));
    if (JSON.stringify(last) !== JSON.stringify(expected)) t.strictSame(last, expected, `cut at ${first}`);
  }
  t.equal(expected.end?.kind, 'finished');
});
