// SPDX-License-Identifier: MIT
import type { CampaignVerdict, Kernel, ScenarioVerdict, TrialResult, TrialSplat } from '../model/index.ts';
import {
  closeSymbolisers,
  coveredLines,
  quoteSource,
  type SourceText,
  symboliseSplat,
} from '../symbol/index.ts';
import { compareScenario, concludeCampaign, gridPatches, judgeAlone } from '../verdict/index.ts';
import type { Arms } from './arms.ts';
import type { ArmsChoice, CampaignPlan } from './plan.ts';
import { openSourceTexts } from './quote.ts';

/** Every splat of every trial with file, line and source text, where the kernel's debug information has them. */
export async function symboliseTrials(
  trials: readonly TrialResult[],
  kernels: Readonly<Record<string, Kernel>>,
): Promise<TrialResult[]> {
  const done: TrialResult[] = [];
  const texts = openSourceTexts(kernels);
  try {
    for (const trial of trials) {
      const kernel = kernels[trial.arm];
      const splats = [];
      // A splat without source lines is still evidence.
      for (const splat of trial.splats)
        splats.push(kernel ? await nameLines(splat, kernel, texts.get(trial.arm)) : splat);
      done.push({ ...trial, splats });
    }
  } finally {
    await closeSymbolisers();
  }
  return done;
}

async function nameLines(
  splat: TrialSplat,
  kernel: Kernel,
  text: SourceText | undefined,
): Promise<TrialSplat> {
  const named = await symboliseSplat(splat, kernel).catch(() => splat);
  if (!text) return named;
  return quoteSource(named, text, (frame) => coveredLines(frame, kernel)).catch(() => named);
}

/** Compares the arms of a finished campaign. With one arm there is nothing to compare: what it shows is there, or not. */
export function concludeTrials(
  choice: ArmsChoice,
  plan: CampaignPlan,
  arms: Pick<Arms, 'builds'>,
  trials: readonly TrialResult[],
): CampaignVerdict {
  const names = [...new Set(plan.trials.map((trial) => trial.scenario.name))];
  const [base, tip] = [plan.arms[0]?.name ?? 'base', plan.arms.at(-1)?.name ?? 'base'];
  const verdicts = names.map((name): ScenarioVerdict => {
    const of = (arm: string) => trials.filter((trial) => trial.scenario === name && trial.arm === arm);
    return base === tip ? judgeAlone(name, of(base)) : compareScenario(name, of(base), of(tip));
  });
  const perPatch = choice === 'per-patch' && base !== tip ? gridPatches(names, arms.builds, trials) : null;
  return concludeCampaign(verdicts, plan.arms.length, perPatch);
}
