// SPDX-License-Identifier: MIT
import { findStoredKernel } from '../kernel/index.ts';
import { type CampaignState, DEFAULT_TRIALS, Fault, type Kernel, type RunListener } from '../model/index.ts';
import { executeCampaign } from './execute.ts';
import { forgetfulJournal } from './journal.ts';
import { openLocalPerformer } from './local.ts';
import { planCampaign } from './plan.ts';
import { fixedPolicy } from './policy/fixed.ts';
import { startRecorder } from './recorder.ts';
import type { ArmsRequest, CampaignRequest, Place } from './request.ts';
import { recordRequest } from './request-record.ts';
import { measureCapacity } from './schedule.ts';

const clock = () => new Date();

export interface BuildSetup {
  readonly place: Place;
  readonly image: string;
  readonly ktrialVersion: string;
  readonly listen: RunListener;
  readonly signal: AbortSignal;
}

/** Builds every arm and runs nothing: a campaign without trials, whose journal is kept nowhere. */
export async function buildArms(request: ArmsRequest, setup: BuildSetup): Promise<CampaignState> {
  const { place, image, listen, signal } = setup;
  const whole: CampaignRequest = {
    ...request,
    title: request.series?.title ?? `${request.kernel.name} alone`,
    scenarios: [],
    knownIssues: [],
    image,
    repeat: 0,
    ...DEFAULT_TRIALS,
    seed: 0,
    cold: true,
    clonesPerControl: 0,
    jobs: null,
    repeatCommand: '',
  };
  const record = await recordRequest(whole, 'build', setup.ktrialVersion);
  const journal = forgetfulJournal(clock);
  const planned = { type: 'planned', request: record, plan: planCampaign(whole) } as const;
  const recorder = startRecorder(planned, journal, listen, clock);
  const noTrials = () => Promise.reject(new Error('got a trial, expected a plan without any'));
  await using performer = openLocalPerformer(request, {
    place,
    image,
    runDirectory: null,
    runTrial: noTrials,
    signal,
  });
  return executeCampaign({
    recorder,
    policy: fixedPolicy,
    performer,
    capacity: await measureCapacity(null),
    durations: { expect: () => null, learn() {}, save: async () => {} },
    clock,
    signal,
  });
}

/** The kernel of an arm on this computer; null where it was not built. */
export async function findArmKernel(state: CampaignState, arm: string, place: Place): Promise<Kernel | null> {
  const kernel = state.arms.find((one) => one.name === arm)?.kernel;
  if (!kernel) return null;
  const stored = await findStoredKernel(place.cacheDirectory, kernel.digest);
  if (stored) return stored;
  throw new Fault({
    blame: 'lab',
    code: 'KERNEL_GONE',
    message: `the kernel ${kernel.digest.slice(0, 12)} was built and is no longer in the cache`,
    next: 'run it again',
  });
}
