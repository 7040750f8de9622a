// SPDX-License-Identifier: MIT
import type {
  ArmsChoice,
  CampaignPlan,
  PlannedArm,
  PlannedScenario,
  PlannedTrial,
  Series,
} from '../model/index.ts';
import { hasWiden, listGuestModules, listSelftests, type SettledScenario } from '../scenario/index.ts';
import { chooseControls } from './control.ts';
import type { CampaignRequest } from './request.ts';
import { type Expectation, orderTrials } from './schedule.ts';
import { seedOf } from './seed.ts';

/** The arms of a series: `base` and `patched`, or `base`, `1`, `1..2` … `1..n`; without a series the base alone. */
export function planArms(series: Pick<Series, 'patches'> | null, choice: ArmsChoice): PlannedArm[] {
  const base = { name: 'base', title: 'the base', patches: 0 };
  const count = series?.patches.length ?? 0;
  if (count === 0) return [base];
  if (choice === 'pair') return [base, { name: 'patched', title: 'the series', patches: count }];
  const prefixes = Array.from({ length: count }, (_, index) => {
    const patches = index + 1;
    return patches === 1
      ? { name: '1', title: `patch 1 of ${count}`, patches }
      : { name: `1..${patches}`, title: `patches 1 to ${patches} of ${count}`, patches };
  });
  return [base, ...prefixes];
}

/** What a plan is made of, beside the arms. */
export type PlanRequest = Pick<
  CampaignRequest,
  'series' | 'arms' | 'scenarios' | 'repeat' | 'seed' | 'cold' | 'clonesPerControl'
>;

/** The number of trials that a plan of the request has, without its controls; nothing is made for it. */
export function countTrials(request: PlanRequest): number {
  const arms = request.series === null ? 1 : request.arms === 'pair' ? 2 : request.series.patches.length + 1;
  return request.scenarios.reduce((sum, scenario) => sum + countRepeats(request, scenario) * arms, 0);
}

/**
 * Plans a campaign. Pure: the same request and expectations give the same plan. Arms are interleaved, so that all see the
 * same conditions; `expect` puts the longest scenarios first.
 */
export function planCampaign(request: PlanRequest, expect: Expectation = () => null): CampaignPlan {
  const arms = planArms(request.series, request.arms);
  const trials: PlannedTrial[] = [];
  const most = Math.max(0, ...request.scenarios.map((scenario) => countRepeats(request, scenario)));
  for (let attempt = 1; attempt <= most; attempt += 1) {
    for (const scenario of request.scenarios) {
      if (attempt > countRepeats(request, scenario)) continue;
      for (const arm of arms) {
        trials.push({
          id: `${scenario.name}.${arm.name}.${attempt}`,
          scenario: scenario.name,
          arm: arm.name,
          attempt,
          seed: seedOf(request.seed, scenario.name, attempt),
          boot: request.cold || scenario.clone === 'never' ? 'cold' : 'clone',
          control: false,
          ...(hasWiden(scenario) ? { widened: true } : {}),
        });
      }
    }
  }
  const l2Kernels = request.scenarios.flatMap((one) => Object.values(one.l2).map((l2) => l2.kernel));
  return {
    arms,
    comparison: request.arms,
    l2Kernels: [...new Set(l2Kernels)].sort(),
    scenarios: request.scenarios.map(planScenario),
    trials: orderTrials(
      [...trials, ...chooseControls(trials, request.seed, request.clonesPerControl)],
      expect,
    ),
  };
}

function planScenario(settled: SettledScenario): PlannedScenario {
  const { name, description, machine, l2, timeoutMs } = settled;
  const selftests = listSelftests(settled);
  const guestModules = listGuestModules(settled);
  return {
    name,
    description,
    machine,
    l2,
    ...(selftests.length > 0 ? { selftests } : {}),
    ...(guestModules.length > 0 ? { guestModules } : {}),
    timeoutMs,
    settled,
  };
}

/** The command line may ask for more trials than the scenario does, never for fewer. */
function countRepeats(request: PlanRequest, scenario: SettledScenario): number {
  return Math.max(request.repeat, scenario.repeats);
}
