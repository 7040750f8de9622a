// SPDX-License-Identifier: MIT
import type {
  ArmsChoice,
  CampaignPlan,
  PlannedArm,
  PlannedScenario,
  PlannedTrial,
  PolicyChoice,
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
  | 'series'
  | 'arms'
  | 'scenarios'
  | 'knownIssues'
  | 'repeat'
  | 'trials'
  | 'budgetMs'
  | 'detect'
  | 'trialsPerBoot'
  | 'seed'
  | 'cold'
  | 'clonesPerControl'
>;

/** The number of trials that a plan of the request has, without its controls; nothing is made for it. */
export function countTrials(request: PlanRequest): number {
  const arms = countArms(request);
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
      for (const arm of arms) trials.push(...planAttempt(request, scenario, arm.name, attempt));
    }
  }
  const l2Kernels = request.scenarios.flatMap((one) => Object.values(one.l2).map((l2) => l2.kernel));
  const policy = choosePolicy(request, arms.length);
  // Of very many attempts only the first are sure to be made.
  const sure = policy.kind === 'fixed' ? trials : trials.filter((trial) => trial.attempt <= SURE_ATTEMPTS);
  return {
    arms,
    comparison: request.arms,
    policy,
    ...(request.knownIssues.length > 0 ? { knownIssues: request.knownIssues } : {}),
    l2Kernels: [...new Set(l2Kernels)].sort(),
    scenarios: request.scenarios.map(planScenario),
    trials: orderTrials([...trials, ...chooseControls(sure, request.seed, request.clonesPerControl)], expect),
  };
}

/** A scenario that delays the kernel also runs 1 in N attempts without delays. */
const ATTEMPTS_PER_UNWIDENED = 4;

/** One trial; of a scenario that delays the kernel also one that does not, to see whether the fault shows by itself. */
function planAttempt(
  request: PlanRequest,
  scenario: SettledScenario,
  arm: string,
  attempt: number,
): PlannedTrial[] {
  const trial: PlannedTrial = {
    id: `${scenario.name}.${arm}.${attempt}`,
    scenario: scenario.name,
    arm,
    attempt,
    seed: seedOf(request.seed, scenario.name, attempt),
    boot: request.cold || !canBeCloned(scenario) ? 'cold' : 'clone',
    control: false,
    template: Math.floor((attempt - 1) / request.trialsPerBoot),
  };
  if (!hasWiden(scenario)) return [trial];
  const widened = { ...trial, widened: true };
  if ((attempt - 1) % ATTEMPTS_PER_UNWIDENED !== 0) return [widened];
  return [widened, { ...trial, id: `${trial.id}.unwidened`, widened: false }];
}

/** A real device cannot be frozen with a machine. */
function canBeCloned({ clone, static: checks, needs }: SettledScenario): boolean {
  return clone !== 'never' && !checks && (needs?.pci ?? null) === null;
}

/** Attempts that a sequential campaign makes of nearly every scenario. */
const SURE_ATTEMPTS = 3;

/** What is not compared is run as often as was asked for. */
function choosePolicy({ repeat, detect, budgetMs }: PlanRequest, arms: number): PolicyChoice {
  return repeat === null && arms >= 2 ? { kind: 'sequential', detect, budgetMs } : { kind: 'fixed' };
}

function planScenario(settled: SettledScenario): PlannedScenario {
  const { name, description, machine, l2, timeoutMs, repeats, needs } = settled;
  const selftests = listSelftests(settled);
  const guestModules = listGuestModules(settled);
  return {
    name,
    description,
    machine,
    l2,
    ...(selftests.length > 0 ? { selftests } : {}),
    ...(guestModules.length > 0 ? { guestModules } : {}),
    ...(settled.static ? { static: true as const } : {}),
    ...(needs ? { needs } : {}),
    timeoutMs,
    ...(repeats > 1 ? { repeats } : {}),
    settled,
  };
}

/** The command line may ask for more trials than the scenario does, never for fewer. */
function countRepeats(request: PlanRequest, scenario: SettledScenario): number {
  // The same tree and objects are checked: a second look shows nothing new.
  if (scenario.static) return 1;
  const isSequential = choosePolicy(request, countArms(request)).kind === 'sequential';
  return Math.max(isSequential ? request.trials : (request.repeat ?? 1), scenario.repeats);
}

function countArms({ series, arms }: PlanRequest): number {
  const patches = series?.patches.length ?? 0;
  return patches === 0 ? 1 : arms === 'pair' ? 2 : patches + 1;
}
