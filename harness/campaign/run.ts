// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { writeFileAtomic } from '../host/index.ts';
import type { CampaignVerdict, CloneSummary, RunEmitter, TrialResult, TrialRunner } from '../model/index.ts';
import { compareClones } from '../verdict/index.ts';
import type { Rejection } from './arms.ts';
import { concludeTrials, symboliseTrials } from './conclude.ts';
import { openDurations } from './durations.ts';
import { executeTrials, measureRoom } from './execute.ts';
import { type CampaignPlan, planCampaign } from './plan.ts';
import { type Prepared, prepareCampaign } from './prepare.ts';
import type { CampaignPlace, CampaignRequest } from './request.ts';
import { orderTrials } from './schedule.ts';
import { emitStages } from './stages.ts';

/** All that a campaign came to. `rejection` is set when the series ended it before a machine was started. */
export interface CampaignOutcome {
  readonly plan: CampaignPlan;
  readonly prepared: Prepared | null;
  readonly rejection: Rejection | null;
  readonly notes: readonly string[];
  readonly trials: readonly TrialResult[];
  /** Trials in booted machines that clones were held against; they count in no verdict. */
  readonly controls: readonly TrialResult[];
  readonly clones: CloneSummary | null;
  readonly verdict: CampaignVerdict | null;
  readonly startedAt: string;
  readonly durationMs: number;
}

/** Runs a campaign from request to verdict. Faults of lab or request reject; what the series does is in the outcome. */
export async function runCampaign(
  request: CampaignRequest,
  place: CampaignPlace,
  run: TrialRunner,
  listen: RunEmitter,
  signal: AbortSignal,
): Promise<CampaignOutcome> {
  const startedAt = new Date().toISOString();
  const begun = performance.now();
  const plan = planCampaign(request);
  const stages = emitStages(listen);
  const finish = (part: Omit<CampaignOutcome, 'plan' | 'startedAt' | 'durationMs'>): CampaignOutcome => ({
    plan,
    startedAt,
    durationMs: Math.round(performance.now() - begun),
    ...part,
  });
  const preparation = await prepareCampaign(request, plan, place, stages, signal);
  if (!preparation.ok)
    return finish({
      prepared: null,
      rejection: preparation.rejection,
      notes: preparation.notes,
      trials: [],
      controls: [],
      clones: null,
      verdict: null,
    });
  const { prepared } = preparation;
  const durations = await openDurations(place.cacheDirectory, request.kernel.name);
  const order = orderTrials(plan.trials, durations.expect);
  const room = await measureRoom(request.jobs);
  const raw = await executeTrials({ plan, prepared, room, durations, run, listen, signal }, order);
  await durations.save();
  const all = await stages.run('symbols', 'name source lines', () => symboliseTrials(raw, prepared.kernels));
  for (const trial of all)
    await writeFileAtomic(
      join(place.runDirectory, trial.id, 'trial.json'),
      `${JSON.stringify(trial, null, 2)}\n`,
    );
  const isControl = (_: TrialResult, index: number) => plan.trials[index]?.boot === 'control';
  const controls = all.filter(isControl);
  const trials = all.filter((trial, index) => !isControl(trial, index));
  const clones = compareClones([...trials, ...controls]);
  const verdict = concludeTrials(request.arms, plan, prepared, trials);
  listen({ type: 'concluded', verdict, clones });
  return finish({ prepared, rejection: null, notes: prepared.notes, trials, controls, clones, verdict });
}
