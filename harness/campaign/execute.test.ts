// SPDX-License-Identifier: MIT
import t from 'tap';
import type { LiveEventBody, RunEventBody, TrialRunner } from '../model/index.ts';
import { aTrial } from '../testing/index.ts';
import type { Durations } from './durations.ts';
import { executeTrials } from './execute.ts';
import type { CampaignPlan, PlannedTrial } from './plan.ts';
import type { Prepared } from './prepare.ts';

function planned(scenario: string, arm: string): PlannedTrial {
  return {
    id: `${scenario}.${arm}.1`,
    scenario: {
      name: scenario,
      machine: { cpus: 1, memoryMib: 64, kernelArgs: [] },
      l2: {},
      timeoutMs: 1000,
    } as never,
    arm,
    attempt: 1,
    seed: 1,
    boot: 'clone',
  };
}

const prepared = { kernels: { base: {}, patched: {} }, l2: {}, image: {} } as unknown as Prepared;

function execute(
  trials: readonly PlannedTrial[],
  run: TrialRunner,
  part: { signal?: AbortSignal; jobs?: number; expect?: Durations['expect'] } = {},
) {
  const events: (RunEventBody | LiveEventBody)[] = [];
  const plan: CampaignPlan = { arms: [], l2Kernels: [], trials };
  const durations: Durations = { expect: part.expect ?? (() => null), learn() {}, save: async () => {} };
  const done = executeTrials(
    {
      plan,
      prepared,
      room: { jobs: part.jobs ?? 2, memoryMib: 100_000 },
      durations,
      run,
      listen: (event) => events.push(event),
      signal: part.signal ?? new AbortController().signal,
    },
    trials,
  );
  return { done, events };
}

const passes: TrialRunner = async (spec) => aTrial(spec.id);

t.test('a machine that hangs holds up no other trial', async (t) => {
  const finished: string[] = [];
  let release = () => {};
  const hang = new Promise<void>((resolve) => {
    release = resolve;
  });
  const trials = [planned('hung', 'base'), ...['a', 'b', 'c'].map((name) => planned(name, 'base'))];
  const { done } = execute(trials, async (spec) => {
    if (spec.scenario === 'hung') await hang;
    finished.push(spec.scenario);
    if (finished.length === 3) release();
    return aTrial(spec.id);
  });
  const results = await done;
  t.strictSame(finished, ['a', 'b', 'c', 'hung']);
  t.strictSame(
    results.map((result) => result.id),
    trials.map((trial) => trial.id),
    'results come in the order of the plan',
  );
});

t.test('never more machines at once than jobs', async (t) => {
  let running = 0;
  let most = 0;
  const trials = ['a', 'b', 'c', 'd', 'e'].map((name) => planned(name, 'base'));
  await execute(
    trials,
    async (spec) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
      return aTrial(spec.id);
    },
    { jobs: 3 },
  ).done;
  t.equal(most, 3);
});

t.test('after an abort what has not begun is not run, and says why', async (t) => {
  const controller = new AbortController();
  const trials = ['a', 'b', 'c'].map((name) => planned(name, 'base'));
  const { done } = execute(
    trials,
    async () => {
      controller.abort();
      throw new Error('aborted');
    },
    { signal: controller.signal, jobs: 1 },
  );
  const results = await done;
  t.strictSame(
    results.map((result) => [result.outcome, result.reason]),
    trials.map(() => ['notRun', 'the run was interrupted']),
  );
});

t.test('a runner that throws is a failed trial with its blame, and the others go on', async (t) => {
  const trials = [planned('broken', 'base'), planned('a', 'base')];
  const results = await execute(trials, async (spec, listen, signal) => {
    if (spec.scenario === 'broken') throw new Error('no such file');
    return passes(spec, listen, signal);
  }).done;
  t.match(results[0], { outcome: 'failed', blame: 'harness', reason: 'no such file' });
  t.match(results[1], { outcome: 'passed' });
});

t.test('a trial of a kernel that does not compile is not run', async (t) => {
  const results = await execute([planned('a', '1..2'), planned('a', 'base')], passes).done;
  t.match(results[0], { outcome: 'notRun', reason: 'the kernel of 1..2 does not compile' });
  t.match(results[1], { outcome: 'passed' });
});

t.test('the queue is told as it goes down, and promises nothing that it does not know', async (t) => {
  const trials = ['a', 'b', 'c'].map((name) => planned(name, 'base'));
  const told = async (expect: Durations['expect']) => {
    const { done, events } = execute(trials, passes, { jobs: 1, expect });
    await done;
    return events.flatMap((event) =>
      event.type === 'queueChanged'
        ? [[event.done, event.running, event.waiting, event.remainingMs !== null]]
        : [],
    );
  };
  t.strictSame(await told(() => null), [
    [0, 1, 2, false],
    [1, 1, 1, false],
    [2, 1, 0, false],
    [3, 0, 0, true],
  ]);
  t.strictSame(await told(() => 100), [
    [0, 1, 2, true],
    [1, 1, 1, true],
    [2, 1, 0, true],
    [3, 0, 0, true],
  ]);
});
