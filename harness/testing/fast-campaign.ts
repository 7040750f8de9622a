// SPDX-License-Identifier: MIT
import { executeCampaign, resumeExecution } from '../campaign/execute.ts';
import type { Execution } from '../campaign/execution.ts';
import { type JournalSink, openJournal, parseJournal } from '../campaign/journal.ts';
import type { Performer } from '../campaign/performer.ts';
import { planArms } from '../campaign/plan.ts';
import { policyOf } from '../campaign/policy/choose.ts';
import { resumeRecorder, startRecorder } from '../campaign/recorder.ts';
import type { CampaignPlan, CampaignState, PlannedTrial, RunEvent, RunListener } from '../model/index.ts';
import { aRequest } from './campaign.ts';

/** A clock that stands still: a state says nothing of how many processes made it. */
export const stillClock = () => new Date('2026-01-01T00:00:00.000Z');

/** What a fast campaign consists of. */
export interface CampaignShape {
  readonly scenarios: readonly string[];
  readonly patches: number;
  readonly arms: 'pair' | 'per-patch';
  readonly repeat: number;
  readonly l2?: readonly string[];
}

/** The plan of a shape: each scenario on each arm, `repeat` times, all of it cold but for one control of the first clone. */
export function aCampaignPlan(shape: CampaignShape): CampaignPlan {
  const arms = planArms({ patches: Array.from({ length: shape.patches }) as never }, shape.arms);
  const trials: PlannedTrial[] = [];
  for (let attempt = 1; attempt <= shape.repeat; attempt += 1)
    for (const scenario of shape.scenarios)
      for (const { name: arm } of arms) {
        const id = `${scenario}.${arm}.${attempt}`;
        trials.push({ id, scenario, arm, attempt, seed: attempt, boot: 'clone', control: false });
      }
  const [first] = trials;
  if (first) trials.push({ ...first, id: `${first.id}.control`, boot: 'cold', control: true });
  const l2Kernels = shape.l2 ?? [];
  return {
    arms,
    comparison: shape.arms,
    l2Kernels,
    scenarios: shape.scenarios.map((name, index) => ({
      name,
      description: name,
      machine: { cpus: 1, memoryMib: 512, kernelArgs: [], network: false },
      l2: index === 0 ? Object.fromEntries(l2Kernels.map((kernel) => [kernel, { kernel, image: 'l2' }])) : {},
      timeoutMs: 60_000,
      settled: { name },
    })),
    trials,
  };
}

/** A journal in memory. Like a file it has whole writes only, one after another. */
export interface MemorySink extends JournalSink {
  readonly bytes: Uint8Array;
}

/** A sink that begins with these bytes. */
export function aSink(begin: Uint8Array = new Uint8Array()): MemorySink {
  const chunks = [Buffer.from(begin)];
  return {
    get bytes() {
      return Buffer.concat(chunks);
    },
    write: (bytes) => void chunks.push(Buffer.from(bytes)),
    sync() {},
    close() {},
  };
}

export type ExecutionOptions = Partial<Pick<Execution, 'capacity' | 'durations' | 'signal' | 'policy'>> & {
  readonly listen?: RunListener;
  readonly sink?: JournalSink;
};

function executionOf(
  recorder: Execution['recorder'],
  performer: Performer,
  options: ExecutionOptions,
): Execution {
  return {
    recorder,
    policy: options.policy ?? policyOf(recorder.state.plan),
    performer,
    capacity: options.capacity ?? { jobs: 2, l2Jobs: 2, memoryMib: 100_000 },
    durations: options.durations ?? { expect: () => null, learn() {}, save: async () => {} },
    clock: stillClock,
    signal: options.signal ?? new AbortController().signal,
  };
}

/** Runs a whole campaign on a performer that takes no time. */
export function runFast(
  plan: CampaignPlan,
  performer: Performer,
  options: ExecutionOptions = {},
): Promise<CampaignState> {
  const journal = openJournal(options.sink ?? aSink(), 'journal', 0, stillClock);
  const planned = { type: 'planned', request: aRequest(), plan } as const;
  const recorder = startRecorder(planned, journal, options.listen ?? (() => {}), stillClock);
  return executeCampaign(executionOf(recorder, performer, options));
}

/** Goes on from the bytes of a journal that was cut off; null when not even the plan is in it. */
export async function resumeFast(
  bytes: Uint8Array,
  performer: Performer,
  options: ExecutionOptions = {},
): Promise<CampaignState | null> {
  const parsed = parseJournal(bytes, 'journal');
  const sink = options.sink ?? aSink(bytes.subarray(0, parsed.bytes));
  const journal = openJournal(sink, 'journal', parsed.events.length, stillClock);
  const recorder = resumeRecorder(parsed.events, journal, options.listen ?? (() => {}), stillClock);
  return recorder && resumeExecution(executionOf(recorder, performer, options));
}

/** The events of a journal's bytes. */
export function eventsOf(bytes: Uint8Array): readonly RunEvent[] {
  return parseJournal(bytes, 'journal').events;
}
