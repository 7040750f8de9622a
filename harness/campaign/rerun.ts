// SPDX-License-Identifier: MIT
import { type CampaignState, DEFAULT_TRIALS, Fault, isGood } from '../model/index.ts';
import { parseSettledScenario } from '../scenario/index.ts';
import type { CampaignRequest } from './request.ts';
import { restoreRequest } from './request-record.ts';
import { readRun, readStoredSeries } from './run.ts';

/** What a new run of an earlier one's request may change. */
export interface RerunOptions {
  /** Only the scenarios that were not good. */
  readonly failedOnly: boolean;
  /** Path of the image recipe. */
  readonly image: string;
  readonly repeatCommand: string;
}

/**
 * The request of an earlier run, to be run again: its series from its directory, its scenarios as they were settled. Faults:
 * `RUN_NOTHING_FAILED` (request), those of `readRun` and `readStoredSeries`.
 */
export async function readRerun(runDirectory: string, options: RerunOptions): Promise<CampaignRequest> {
  const state = readRun(runDirectory);
  const { request, plan } = state;
  const series = request.series && (await readStoredSeries(runDirectory, request.series));
  const chosen = options.failedOnly ? listFailed(state) : plan.scenarios.map((one) => one.name);
  if (chosen.length === 0)
    throw new Fault({
      blame: 'request',
      code: 'RUN_NOTHING_FAILED',
      message: `every scenario of the run ${request.id} came to a good verdict`,
      next: `run all of them again: ktrial rerun ${request.id}`,
    });
  const chosenBefore = request.options as Pick<
    CampaignRequest,
    'repeat' | 'trials' | 'budgetMs' | 'detect' | 'trialsPerBoot' | 'cold' | 'clonesPerControl'
  >;
  const { repeat, cold, clonesPerControl } = chosenBefore;
  return {
    ...restoreRequest(request, series),
    title: request.title,
    scenarios: plan.scenarios
      .filter((one) => chosen.includes(one.name))
      .map((one) => parseSettledScenario(one.settled)),
    knownIssues: plan.knownIssues ?? [],
    image: options.image,
    repeat,
    // Records of earlier versions have a number of trials, and none of the rest.
    trials: chosenBefore.trials ?? DEFAULT_TRIALS.trials,
    budgetMs: chosenBefore.budgetMs ?? DEFAULT_TRIALS.budgetMs,
    detect: chosenBefore.detect ?? DEFAULT_TRIALS.detect,
    trialsPerBoot: chosenBefore.trialsPerBoot ?? DEFAULT_TRIALS.trialsPerBoot,
    seed: request.seed,
    cold,
    clonesPerControl,
    repeatCommand: options.repeatCommand,
  };
}

/** Names of the scenarios that have no good verdict: all of them where the run came to none. Pure. */
export function listFailed({ plan, verdict }: Pick<CampaignState, 'plan' | 'verdict'>): readonly string[] {
  const good = new Set(
    verdict?.scenarios.filter((one) => isGood(one.comparison)).map((one) => one.scenario) ?? [],
  );
  return plan.scenarios.map((one) => one.name).filter((name) => !good.has(name));
}
