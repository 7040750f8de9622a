// SPDX-License-Identifier: MIT
import type { CampaignState, CampaignVerdict, CloneSummary, TrialResult } from '../model/index.ts';
import {
  compareClones,
  compareScenarios,
  concludeCampaign,
  gridPatches,
  judgeAlone,
} from '../verdict/index.ts';

/** The verdict on a campaign, from its state alone. With one arm nothing is compared: what it shows is there, or not. Pure. */
export function concludeState(state: CampaignState): {
  readonly verdict: CampaignVerdict;
  readonly clones: CloneSummary | null;
} {
  const results = state.trials.flatMap((trial) => (trial.result ? [trial.result] : []));
  const trials = results.filter((trial) => !trial.control);
  const [base, tip] = [state.arms[0]?.name ?? 'base', state.arms.at(-1)?.name ?? 'base'];
  const names = state.plan.scenarios.map((one) => one.name);
  const own = (scenario: string, arm: string): readonly TrialResult[] =>
    trials.filter((trial) => trial.scenario === scenario && trial.arm === arm);
  const { knownIssues } = state.plan;
  const design = state.plan.policy?.kind === 'sequential' ? 'sequential' : 'fixed';
  const verdicts =
    base === tip
      ? names.map((name) => judgeAlone(name, own(name, base), knownIssues))
      : compareScenarios(
          names.map((name) => ({ scenario: name, base: own(name, base), patched: own(name, tip) })),
          design,
          knownIssues,
        );
  const builds = state.arms.flatMap((arm) => (arm.build ? [arm.build] : []));
  const perPatch =
    state.plan.comparison === 'per-patch' && base !== tip ? gridPatches(names, builds, trials) : null;
  return {
    verdict: concludeCampaign(verdicts, state.arms.length, perPatch, state.arms.at(-1)?.build?.code ?? null),
    clones: trials.length === 0 ? null : compareClones(results),
  };
}

/**
 * The exit code of a campaign: 0 as it should be, 1 negative, 2 bad request or series, 69 lab, 70 a bug in ktrial, 130
 * interrupted. 1 comes from a verdict, or from a series that does not compile.
 */
export function exitCodeOfState(state: CampaignState): number {
  const { end, rejection, verdict } = state;
  if (end === null) return 69;
  switch (end.kind) {
    case 'interrupted':
      return 130;
    case 'rejected':
      return rejection?.kind === 'doesNotCompile' ? 1 : 2;
    case 'fault':
      return end.blame === 'request' || end.blame === 'scenario' ? 2 : end.blame === 'harness' ? 70 : 69;
    case 'finished':
      return verdict?.exitCode ?? 70;
  }
}
