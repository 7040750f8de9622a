// SPDX-License-Identifier: MIT
import { isFault, quoteArg } from '../model/index.ts';
import { CUT_SHORT } from './record.ts';
import { type Part, type Performer, performList } from './sequence.ts';
import type { SettledStep } from './step.ts';

const EVIDENCE_BYTES = 256 * 1024;
const EVIDENCE_MS = 20_000;

/** How long a cleanup may take, in milliseconds of the guest. */
export interface CleanupLimits {
  /** All cleanup steps together. */
  readonly stepsMs: number;
  /** Each job, from SIGKILL to its end. */
  readonly killMs: number;
}

/**
 * Performs the cleanup, each step even when another failed; then ends the jobs that still run and collects their files.
 * The cleanup steps together get `stepsMs`; what is not done by then is cut short. The scenario's own time limit does not
 * end a cleanup, every other reason of the stage's signal does. Returns texts to keep, by file name.
 */
export async function cleanUp(
  performer: Performer,
  steps: readonly SettledStep[],
  { stepsMs, killMs }: CleanupLimits,
): Promise<Readonly<Record<string, string>>> {
  const { stage } = performer;
  const stop = new AbortController();
  const done = new AbortController();
  const onAbort = () => {
    if (!isFault(stage.signal.reason, 'SCENARIO_TIMEOUT')) stop.abort(stage.signal.reason);
  };
  if (stage.signal.aborted) onAbort();
  stage.signal.addEventListener('abort', onAbort, { once: true });
  void stage.sleep(stepsMs, done.signal).then(() => stop.abort(CUT_SHORT));
  const part: Part = {
    phase: 'cleanup',
    blame: 'nobody',
    signal: stop.signal,
    env: {},
    quiet: false,
    silent: false,
  };
  try {
    await performList(
      performer,
      steps.map((step) => ({ ...step, continue: true })),
      part,
    );
  } catch (error) {
    if (error !== CUT_SHORT) throw error;
  } finally {
    done.abort();
    stage.signal.removeEventListener('abort', onAbort);
  }
  await endJobs(performer, killMs);
  return collectEvidence(performer, Math.min(stepsMs, stage.timeouts.scale(EVIDENCE_MS)));
}

/** A job that outlives its scenario would keep the kernel in a state that the power-off is not meant to meet. */
async function endJobs({ jobs, recorder, stage }: Performer, killMs: number): Promise<void> {
  const left = jobs.all().filter((job) => !job.hasEnded());
  if (left.length === 0) return;
  const step = {
    phase: 'cleanup',
    label: 'kill the remaining jobs',
    kind: 'kill',
    quiet: false,
    silent: false,
    signal: stage.signal,
  } as const;
  await recorder.record(step, async () => {
    const details = await Promise.all(
      left.map(async (job) => {
        await job.kill('KILL');
        await job.wait(killMs);
        return `${job.name}: ${job.hasEnded() ? 'killed' : 'SIGKILL does not end it'}`;
      }),
    );
    return { failures: [], details };
  });
}

async function collectEvidence(
  { jobs, guest }: Performer,
  timeoutMs: number,
): Promise<Readonly<Record<string, string>>> {
  const texts: [name: string, text: string][] = [];
  for (const { traits } of jobs.all()) {
    if (!traits.evidence) continue;
    const { path, name } = traits.evidence;
    const result = await guest.run(`tail -c ${EVIDENCE_BYTES} ${quoteArg(path)}`, { timeoutMs });
    if (result.exitCode === 0) texts.push([name, result.stdout]);
  }
  return Object.fromEntries(texts);
}
