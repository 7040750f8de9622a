// SPDX-License-Identifier: MIT
import type {
  CampaignVerdict,
  Frame,
  Kernel,
  ScenarioVerdict,
  TrialResult,
  TrialSplat,
} from '../model/index.ts';
import { openSymbolisers, quoteSource, type SourceText, type Symbolisers } from '../symbol/index.ts';
import { compareScenario, concludeCampaign, gridPatches, isConclusive } from '../verdict/index.ts';
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
  await using symbolisers = openSymbolisers();
  for (const trial of trials) {
    const kernel = kernels[trial.arm];
    const splats = [];
    // A splat without source lines is still evidence.
    for (const splat of trial.splats)
      splats.push(kernel ? await nameLines(symbolisers, splat, kernel, texts.get(trial.arm)) : splat);
    done.push({ ...trial, splats });
  }
  return done;
}

async function nameLines(
  symbolisers: Symbolisers,
  splat: TrialSplat,
  kernel: Kernel,
  text: SourceText | undefined,
): Promise<TrialSplat> {
  const named = await symbolisers.symboliseSplat(splat, kernel);
  if (!text) return named;
  const cover = (frame: Frame) => symbolisers.coveredLines(frame, kernel);
  return quoteSource(named, text, cover).catch(() => named);
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
