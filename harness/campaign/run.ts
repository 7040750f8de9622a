// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { takeFreeLock, writeFileAtomic } from '../host/index.ts';
import {
  type CampaignPlan,
  type CampaignState,
  Fault,
  formatJson,
  type RunListener,
  type Series,
  type TrialRunner,
} from '../model/index.ts';
import { readSeries, writeSeries } from '../series/index.ts';
import { openDurations } from './durations.ts';
import { executeCampaign, isOver, resumeExecution } from './execute.ts';
import { createJournal, readJournal, reopenJournal } from './journal.ts';
import { openLocalPerformer } from './local.ts';
import { planCampaign } from './plan.ts';
import { policyOf } from './policy/choose.ts';
import { type Recorder, resumeRecorder, startRecorder } from './recorder.ts';
import type { CampaignRequest, Place } from './request.ts';
import { type ResumedRequest, recordRequest, restoreRequest } from './request-record.ts';
import { JOURNAL_FILE, RECORD_FILE, SERIES_FILE } from './run-directory.ts';
import { measureCapacity } from './schedule.ts';
import { foldAll } from './state.ts';

/** What a campaign on this computer needs beside its request. */
export interface RunSetup {
  readonly place: Place;
  readonly runDirectory: string;
  readonly ktrialVersion: string;
  readonly runTrial: TrialRunner;
  readonly listen: RunListener;
  /** Aborted by the user's interruption. */
  readonly signal: AbortSignal;
  /** Opens what performs the campaign; `openLocalPerformer` when absent. */
  readonly openPerformer?: typeof openLocalPerformer;
}

const clock = () => new Date();

/** Plans a campaign with what earlier runs of the kernel taught about its length. */
export async function planRun(request: CampaignRequest, cacheDirectory: string): Promise<CampaignPlan> {
  const durations = await openDurations(cacheDirectory, request.kernel.name);
  return planCampaign(request, durations.expect);
}

/**
 * Runs a campaign from its request to its last event. Faults of lab, request or ktrial reject, after the journal has them;
 * what the series does is in the state.
 */
export async function runCampaign(request: CampaignRequest, setup: RunSetup): Promise<CampaignState> {
  const { runDirectory, place, listen } = setup;
  await using _lock = await lockRun(runDirectory);
  if (request.series) await writeFile(join(runDirectory, SERIES_FILE), writeSeries(request.series));
  const plan = await planRun(request, place.cacheDirectory);
  const record = await recordRequest(request, basename(runDirectory), setup.ktrialVersion);
  const journal = createJournal(join(runDirectory, JOURNAL_FILE), clock);
  try {
    const recorder = startRecorder({ type: 'planned', request: record, plan }, journal, listen, clock);
    return await execute(recorder, request, setup);
  } finally {
    journal.close();
  }
}

/**
 * Finishes a campaign that was cut off, without repeating what is done. One that has finished already is returned as it is.
 * Faults: `RUN_NOT_STARTED` (request), those of `runCampaign`.
 */
export async function resumeCampaign(setup: RunSetup): Promise<CampaignState> {
  const { runDirectory, listen } = setup;
  await using _lock = await lockRun(runDirectory);
  const { events, journal } = reopenJournal(join(runDirectory, JOURNAL_FILE), clock);
  try {
    const recorder = resumeRecorder(events, journal, listen, clock);
    if (!recorder) throw notStarted(runDirectory);
    const { request } = recorder.state;
    if (isOver(recorder.state)) return recorder.state;
    for (const event of events) listen(event);
    const series = request.series && (await readStoredSeries(runDirectory, request.series));
    return await execute(recorder, restoreRequest(request, series), setup, true);
  } finally {
    journal.close();
  }
}

/** The state of a run, whether or not it is finished. */
export function readRun(runDirectory: string): CampaignState {
  const path = join(runDirectory, JOURNAL_FILE);
  const state = foldAll(readJournal(path));
  if (state) return state;
  throw notStarted(runDirectory);
}

function notStarted(runDirectory: string): Fault {
  return new Fault({
    blame: 'request',
    code: 'RUN_NOT_STARTED',
    message: `the run in ${runDirectory} was cut off before its plan was written`,
    next: 'nothing is lost: start it again',
  });
}

async function execute(
  recorder: Recorder,
  request: ResumedRequest,
  setup: RunSetup,
  resumed = false,
): Promise<CampaignState> {
  const { place, runDirectory, runTrial, signal, openPerformer = openLocalPerformer } = setup;
  const lab = { place, image: request.image, runDirectory, runTrial, signal };
  await using performer = openPerformer(request, lab);
  const durations = await openDurations(place.cacheDirectory, request.kernel.name);
  const capacity = await measureCapacity(request.jobs);
  try {
    const policy = policyOf(recorder.state.plan);
    const execution = { recorder, policy, performer, capacity, durations, clock, signal };
    return await (resumed ? resumeExecution(execution) : executeCampaign(execution));
  } finally {
    await durations.save();
    // For programs; the journal has the same.
    const record = `${formatJson(recorder.state, 2)}\n`;
    await writeFileAtomic(join(runDirectory, RECORD_FILE), record).catch(() => {});
  }
}

/** The series of a run, from its directory. Fault `RUN_SERIES_CHANGED` (lab). */
export async function readStoredSeries(
  runDirectory: string,
  record: { readonly digest: string },
): Promise<Series> {
  const path = join(runDirectory, SERIES_FILE);
  const series = await readSeries({ kind: 'file', path }, { isOwn: true });
  if (series.digest === record.digest) return series;
  throw new Fault({
    blame: 'lab',
    code: 'RUN_SERIES_CHANGED',
    message: `${path} is not the series that this run began with: got digest ${series.digest.slice(0, 12)}, expected ${record.digest.slice(0, 12)}`,
    next: 'start a new run',
  });
}

async function lockRun(runDirectory: string) {
  const lock = await takeFreeLock(join(runDirectory, 'lock'));
  if (lock) return lock;
  throw new Fault({
    blame: 'request',
    code: 'RUN_IN_USE',
    message: `another ktrial is working on the run in ${runDirectory}`,
    next: `wait for it, or read it: ktrial report ${runDirectory}`,
  });
}
