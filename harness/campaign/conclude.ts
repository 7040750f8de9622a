// SPDX-License-Identifier: MIT
import type { CampaignVerdict, Kernel, ScenarioVerdict, TrialResult } from '../model/index.ts';
import { closeSymbolisers, symboliseSplat } from '../symbol/index.ts';
import { compareScenario, concludeCampaign, isConclusive } from '../verdict/index.ts';
import type { CampaignPlan } from './plan.ts';

/** Every splat of every trial with file and line, where the kernel's debug information has them. */
export async function symboliseTrials(
  trials: readonly TrialResult[],
  kernels: Readonly<Record<string, Kernel>>,
): Promise<TrialResult[]> {
  const done: TrialResult[] = [];
  try {
    for (const trial of trials) {
      const kernel = kernels[trial.arm];
      const splats = [];
      // A splat without source lines is still evidence.
      for (const splat of trial.splats)
        splats.push(kernel ? await symboliseSplat(splat, kernel).catch(() => splat) : splat);
      done.push({ ...trial, splats });
    }
  } finally {
    await closeSymbolisers();
  }
  return done;
}

/** Compares the arms of a finished campaign. With one arm there is nothing to compare: what it shows is there, or not. */
export function concludeTrials(plan: CampaignPlan, trials: readonly TrialResult[]): CampaignVerdict {
  const names = [...new Set(plan.trials.map((trial) => trial.scenario.name))];
  const verdicts = names.map((name): ScenarioVerdict => {
    const of = (arm: string) => trials.filter((trial) => trial.scenario === name && trial.arm === arm);
    return plan.arms.length > 1
      ? compareScenario(name, of('base'), of('patched'))
      : judgeAlone(name, of('base'));
  });
  return concludeCampaign(verdicts);
}

function judgeAlone(scenario: string, trials: readonly TrialResult[]): ScenarioVerdict {
  const verdict = compareScenario(scenario, trials, trials);
  const conclusive = trials.some(isConclusive);
  const reason = verdict.comparison === 'clean' ? 'no complaint and every expectation met' : verdict.reason;
  const signatures = verdict.signatures.map((one) => ({
    ...one,
    patched: { seen: 0, trials: 0 },
    trials: [...new Set(one.trials)],
  }));
  return { ...verdict, reason: conclusive ? reason : verdict.reason, signatures };
}
