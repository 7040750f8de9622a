// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import type { Test } from 'tap';
import type { CampaignState, PolicyChoice, TrialResult, TrialSpec } from '../model/index.ts';
import { REPORTERS } from '../report/index.ts';
import { aCampaignPlan, aSink, type CampaignShape, eventsOf, resumeFast, runFast } from './fast-campaign.ts';
import { aPerformer, type FakeWorld } from './performer.ts';
import { aFinding, aSplat } from './trials.ts';

const splat = aSplat({ signature: '3:KASAN:race:race', title: 'race' });

/** What a trial comes to, from its id alone. */
export function outcomeOf(spec: TrialSpec): Partial<TrialResult> {
  const kind = [...spec.id].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1009, 7) % 5;
  if (kind === 0)
    return {
      splats: [splat],
      findings: [aFinding(splat)],
      outcome: 'failed',
      blame: 'kernel',
      splatCount: 1,
    };
  if (kind === 1)
    return {
      outcome: 'failed',
      blame: 'lab',
      fault: 'GUEST_UNREACHABLE',
      reason: 'no session',
      bootMs: null,
    };
  return {};
}

interface Sample {
  readonly shape: CampaignShape;
  readonly world: FakeWorld;
  readonly jobs: number;
  readonly policy: PolicyChoice;
}

const samples: fc.Arbitrary<Sample> = fc
  .record({
    scenarios: fc.integer({ min: 1, max: 3 }),
    patches: fc.integer({ min: 0, max: 3 }),
    arms: fc.constantFrom('pair' as const, 'per-patch' as const),
    repeat: fc.integer({ min: 1, max: 2 }),
    l2: fc.boolean(),
    jobs: fc.integer({ min: 1, max: 3 }),
    sequential: fc.boolean(),
    conflict: fc.nat(9),
    broken: fc.nat(3),
    notes: fc.array(fc.constantFrom('one note', 'another'), { maxLength: 2 }),
  })
  .map(({ scenarios, patches, arms, repeat, l2, jobs, sequential, conflict, broken, notes }) => ({
    shape: {
      scenarios: ['a', 'b', 'c'].slice(0, scenarios),
      patches,
      arms: sequential ? ('pair' as const) : arms,
      repeat: sequential ? 3 * repeat : repeat,
      l2: l2 ? ['tiny'] : [],
    },
    world: {
      patches,
      notes,
      conflict: conflict === 0,
      broken: broken === 0 ? ['1'] : broken === 1 ? ['patched'] : [],
      result: outcomeOf,
    },
    // Of several at once any may be the first to end, and so decide which are worth running: then no two runs are the same.
    jobs: sequential ? 1 : jobs,
    policy: sequential
      ? ({ kind: 'sequential', detect: 0.65, budgetMs: null } as const)
      : ({ kind: 'fixed' } as const),
  }));

/** Every report of a state, as one text. */
function reportsOf(state: CampaignState): string {
  const options = { runDirectory: '/runs/1', color: false, columns: 100, verbose: false };
  return Object.values(REPORTERS)
    .map((report) => report(state, options))
    .join('\n=====\n');
}

/** Trials that a journal says are over. */
function endedIn(bytes: Uint8Array): Set<string> {
  return new Set(eventsOf(bytes).flatMap((event) => (event.type === 'trialEnded' ? [event.trial] : [])));
}

/** Byte offsets just after each event, and one inside each. */
export function cutsOf(bytes: Uint8Array): number[] {
  const cuts: number[] = [];
  let start = 0;
  for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, start)) {
    cuts.push(start + 1 + ((start * 7) % Math.max(1, end - start)), end + 1);
    start = end + 1;
  }
  return cuts;
}

/**
 * Runs random campaigns, cuts each journal after any event and inside one, and resumes it: the state and every report must be
 * those of the campaign that was not cut. Stops after `wanted` cuts.
 */
export async function checkCuts(t: Test, wanted: number): Promise<void> {
  let cuts = 0;
  for (let seed = 1; cuts < wanted; seed += 1) {
    const [sample] = fc.sample(samples, { seed, numRuns: 1 }) as [Sample];
    const plan = { ...aCampaignPlan(sample.shape), policy: sample.policy };
    const capacity = { jobs: sample.jobs, l2Jobs: sample.jobs, memoryMib: 100_000 };
    const sink = aSink();
    const whole = await runFast(plan, aPerformer(sample.world), { sink, capacity });
    const expected = reportsOf(whole);
    const { bytes } = sink;
    for (const cut of cutsOf(bytes)) {
      cuts += 1;
      const prefix = bytes.subarray(0, cut);
      const performer = aPerformer(sample.world);
      const resumed = await resumeFast(prefix, performer, { capacity });
      const context = `seed ${seed}, cut after ${cut} of ${bytes.length} bytes`;
      if (resumed === null) {
        if (eventsOf(prefix).length > 0) t.fail(`${context}: there was a plan`);
        continue;
      }
      // One assertion a cut would be ten thousand lines of output.
      if (JSON.stringify(resumed) !== JSON.stringify(whole)) {
        t.strictSame(resumed, whole, `${context}: the same state`);
        return;
      }
      if (reportsOf(resumed) !== expected)
        t.equal(reportsOf(resumed), expected, `${context}: the same reports`);
      const again = performer.asked.filter((one) => endedIn(prefix).has(one.replace(/^trial /, '')));
      if (again.length > 0) t.strictSame(again, [], `${context}: no finished trial runs again`);
    }
  }
  t.ok(cuts >= wanted, `${cuts} cuts`);
}
