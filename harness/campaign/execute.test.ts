// SPDX-License-Identifier: MIT
import t from 'tap';
import { Fault, type RunEvent } from '../model/index.ts';
import { aCampaignPlan, aSink, eventsOf, resumeFast, runFast } from '../testing/fast-campaign.ts';
import { aPerformer, type FakeWorld } from '../testing/index.ts';
import { exitCodeOfState } from './conclude.ts';
import { fixedPolicy } from './policy/fixed.ts';
import type { Policy } from './policy/policy.ts';
import { foldAll } from './state.ts';

const plan = (scenarios: readonly string[], repeat = 1) =>
  aCampaignPlan({ scenarios, patches: 1, arms: 'pair', repeat });

/** Runs to its end, whatever that is: the fault, and what the journal says. */
async function run(world: FakeWorld, scenarios: readonly string[] = ['a'], options = {}) {
  const sink = aSink();
  const performer = aPerformer(world);
  const fault = await runFast(plan(scenarios), performer, { sink, ...options }).then(
    () => null,
    (error: unknown) => error as Fault,
  );
  const events = eventsOf(sink.bytes);
  const state = foldAll(events);
  if (!state) throw new Error('no plan was written');
  return { fault, events, state, asked: performer.asked };
}

t.test('a campaign applies, builds, makes the image and runs its trials, in that order', async (t) => {
  const { state, asked } = await run({}, ['a'], { capacity: { jobs: 1, l2Jobs: 1, memoryMib: 100_000 } });
  t.strictSame(asked, [
    'apply',
    'build base',
    'build patched',
    'image',
    'trial a.base.1',
    'trial a.patched.1',
    'trial a.base.1.control',
  ]);
  t.strictSame(state.end, { kind: 'finished' });
  t.equal(state.verdict?.comparison, 'clean');
  t.equal(state.clones?.compared, 1, 'the control was compared and is no trial of the verdict');
  t.equal(exitCodeOfState(state), 0);
});

t.test('a trial is on disk as failed, lab, did not finish before its machine starts', async (t) => {
  const sink = aSink();
  const seen: unknown[] = [];
  const world: FakeWorld = {
    delay: async (spec) => {
      const trial = foldAll(eventsOf(sink.bytes))?.trials.find((one) => one.id === spec.id);
      seen.push([trial?.status, trial?.result?.outcome, trial?.result?.blame, trial?.result?.reason]);
    },
  };
  await runFast(plan(['a']), aPerformer(world), { sink });
  t.strictSame(seen, Array(3).fill(['running', 'failed', 'lab', 'did not finish']));
});

t.test('a machine that hangs holds up no other trial, and never more machines than jobs run', async (t) => {
  const finished: string[] = [];
  let [running, most] = [0, 0];
  let release = () => {};
  const hang = new Promise<void>((resolve) => {
    release = resolve;
  });
  const world: FakeWorld = {
    delay: async (spec) => {
      running += 1;
      most = Math.max(most, running);
      if (spec.id === 'hung.base.1') await hang;
      running -= 1;
      finished.push(spec.id);
      if (finished.length === 6) release();
    },
  };
  const { state } = await run(world, ['hung', 'a', 'b'], {
    capacity: { jobs: 2, l2Jobs: 2, memoryMib: 100_000 },
  });
  t.equal(finished.at(-1), 'hung.base.1');
  t.equal(most, 2);
  t.equal(state.end?.kind, 'finished');
});

t.test('an interruption starts nothing more and says so last', async (t) => {
  const stop = new AbortController();
  const world: FakeWorld = {
    delay: async () => stop.abort(),
    result: () => ({ outcome: 'notRun', fault: 'TRIAL_INTERRUPTED', reason: 'interrupted' }),
  };
  const options = { signal: stop.signal, capacity: { jobs: 1, l2Jobs: 1, memoryMib: 100_000 } };
  const { state, fault, asked } = await run(world, ['a', 'b'], options);
  t.equal(fault, null);
  t.strictSame(state.end, { kind: 'interrupted' });
  t.equal(asked.filter((one) => one.startsWith('trial')).length, 1);
  t.equal(state.verdict, null, 'no verdict rests on half a campaign');
  t.equal(exitCodeOfState(state), 130);
});

t.test('a runner that throws is a failed trial with its blame, and the others go on', async (t) => {
  const throwing = (error: unknown): FakeWorld => ({
    delay: async (spec) => {
      if (spec.id === 'a.base.1') throw error;
    },
  });
  for (const [error, blame] of [
    [new Error('no such thing'), 'harness'],
    [Object.assign(new Error('full'), { code: 'ENOSPC' }), 'lab'],
    [new Fault({ blame: 'request', code: 'X', message: 'x' }), 'lab'],
  ] as const) {
    const { state } = await run(throwing(error), ['a', 'b']);
    const [first, ...rest] = state.trials;
    t.match(first?.result, { outcome: 'failed', blame });
    t.ok(rest.every((trial) => trial.result?.outcome === 'passed'));
    t.equal(state.end?.kind, 'finished');
  }
});

t.test('a series that does not apply, and one that does not compile, are values', async (t) => {
  const conflict = await run({ conflict: true });
  t.equal(conflict.fault, null);
  t.strictSame(conflict.state.end, { kind: 'rejected' });
  t.equal(exitCodeOfState(conflict.state), 2);
  t.strictSame(conflict.asked, ['apply'], 'nothing is built');
  const broken = await run({ broken: ['patched'] });
  t.match(broken.state.rejection, { kind: 'doesNotCompile', diagnostics: [{ message: 'expected ;' }] });
  t.equal(exitCodeOfState(broken.state), 1);
  t.notOk(broken.asked.includes('image'), 'no machine is prepared');
});

t.test('trials of a prefix that does not compile are not run, the others are', async (t) => {
  const performer = aPerformer({ broken: ['1'], patches: 2 });
  const state = await runFast(
    aCampaignPlan({ scenarios: ['a'], patches: 2, arms: 'per-patch', repeat: 1 }),
    performer,
  );
  const results = Object.fromEntries(state.trials.map((trial) => [trial.id, trial.result]));
  t.match(results['a.1.1'], { outcome: 'notRun', reason: 'the kernel of 1 does not compile' });
  t.match(results['a.1..2.1'], { outcome: 'passed' });
  t.strictSame(state.verdict?.perPatch?.notBisectableAt, [1]);
});

t.test('a fault of the lab ends the campaign, is its last event and is thrown', async (t) => {
  const full = new Fault({ blame: 'lab', code: 'HOST_DISK_FULL', message: 'the disk is full' });
  const performer = { ...aPerformer(), makeImage: () => Promise.reject(full) };
  const sink = aSink();
  await t.rejects(runFast(plan(['a']), performer, { sink }), { code: 'HOST_DISK_FULL' });
  const state = foldAll(eventsOf(sink.bytes));
  t.match(state?.end, { kind: 'fault', code: 'HOST_DISK_FULL' });
  t.equal(state && exitCodeOfState(state), 69);
});

t.test('a journal that cannot be written stops the campaign as a fault of the lab', async (t) => {
  for (let limit = 1; limit < 20; limit += 1) {
    let written = 0;
    const sink = {
      write() {
        written += 1;
        if (written > limit) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
      },
      sync() {},
      close() {},
    };
    await t.rejects(
      runFast(plan(['a']), aPerformer(), { sink }),
      { code: 'JOURNAL_NOT_WRITTEN', blame: 'lab' },
      `after ${limit} events`,
    );
  }
});

t.test('the queue says how it stands and promises nothing that it does not know', async (t) => {
  const seen = async (expect: () => number | null) => {
    const queue: unknown[] = [];
    const listen = (event: RunEvent) => {
      if (event.type === 'queueChanged')
        queue.push([event.done, event.running, event.waiting, event.remainingMs !== null]);
    };
    const durations = { expect, learn() {}, save: async () => {} };
    await run({}, ['a'], { listen, durations, capacity: { jobs: 1, l2Jobs: 1, memoryMib: 100_000 } });
    return queue;
  };
  const counts = [
    [0, 1, 2],
    [1, 0, 2],
    [1, 1, 1],
    [2, 0, 1],
    [2, 1, 0],
    [3, 0, 0],
  ];
  t.strictSame(
    await seen(() => 100),
    counts.map((one) => [...one, true]),
  );
  t.strictSame(
    await seen(() => null),
    counts.map((one) => [...one, one[0] === 3]),
  );
});

t.test('every stage has a name and a title, and its progress is passed on', async (t) => {
  const stages: unknown[] = [];
  const listen = (event: RunEvent) => {
    if (event.type === 'stageStarted') stages.push([event.stage, event.title]);
    if (event.type === 'stageProgress') stages.push([event.stage, event.text]);
  };
  const fake = aPerformer({ notes: ['a note'] });
  const performer = {
    ...fake,
    apply: (progress: (text: string) => void, signal: AbortSignal) => {
      progress('half');
      return fake.apply(progress, signal);
    },
  };
  const shape = { scenarios: ['a'], patches: 1, arms: 'pair', repeat: 1, l2: ['tiny'] } as const;
  const state = await runFast(aCampaignPlan(shape), performer, { listen });
  t.strictSame(stages, [
    ['apply', 'prepare the source and apply the series'],
    ['apply', 'half'],
    ['build-base', 'build the kernel of the base'],
    ['build-patched', 'build the kernel of the series'],
    ['l2-tiny', 'build the kernel tiny for VMs inside the guest'],
    ['image', 'make the root file system'],
  ]);
  t.match(state, { base: 'c0', config: 'cf', notes: ['a note'], applied: [{ number: 1 }] });
  t.match(state.l2, { tiny: { commit: 'tiny' } });
});

t.test('a policy that asks for nothing, or for an arm that there is not, is a bug in ktrial', async (t) => {
  const stuck = await run({}, ['a'], { policy: () => [] });
  t.match(stuck.fault, {
    blame: 'harness',
    code: 'CAMPAIGN_STUCK',
    message: 'nothing runs and nothing can start',
  });
  t.match(stuck.state.end, { kind: 'fault', blame: 'harness', code: 'CAMPAIGN_STUCK' });
  t.equal(exitCodeOfState(stuck.state), 70);
  const lost = await run({}, ['a'], { policy: () => [{ type: 'buildArm', arm: 'absent' }] });
  t.match(lost.fault, {
    blame: 'harness',
    code: 'CAMPAIGN_NO_ARM',
    message: 'got arm absent, expected one of the plan',
  });
});

t.test('nothing else starts beside a trial, and no trial beside anything else', async (t) => {
  const log: string[] = [];
  const fake = aPerformer();
  const wait = () => new Promise<void>((resolve) => setTimeout(resolve, 10));
  const around = async <Result>(name: string, work: () => Promise<Result>) => {
    log.push(`${name} begins`);
    await wait();
    const result = await work();
    log.push(`${name} ends`);
    return result;
  };
  const performer: typeof fake = {
    ...fake,
    makeImage: (...args) => around('image', () => fake.makeImage(...args)),
    runTrial: (...args) => around('trial', () => fake.runTrial(...args)),
  };
  let asked = 0;
  // A policy that wants the image again while trials run.
  const policy: Policy = (state) => {
    const actions = fixedPolicy(state);
    const running = state.trials.some((trial) => trial.status === 'running');
    asked += running ? 1 : 0;
    return running && asked === 1 ? [{ type: 'makeImage' }, ...actions] : actions;
  };
  const capacity = { jobs: 1, l2Jobs: 1, memoryMib: 100_000 };
  const state = await runFast(plan(['a']), performer, { policy, capacity });
  t.equal(state.end?.kind, 'finished');
  for (const [index, line] of log.entries())
    if (line.endsWith('begins')) t.equal(log[index + 1], line.replace('begins', 'ends'));
});

t.test('a trial waits until there is memory for its guest', async (t) => {
  let [running, most] = [0, 0];
  const world: FakeWorld = {
    delay: async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
    },
  };
  await run(world, ['a', 'b'], { capacity: { jobs: 4, l2Jobs: 4, memoryMib: 3000 } });
  t.equal(most, 2, 'two guests of 512 MiB, with 700 each for QEMU');
});

t.test(
  'a fault while trials run ends them with its reason, and is thrown when they have ended',
  async (t) => {
    const full = new Fault({ blame: 'lab', code: 'HOST_DISK_FULL', message: 'the disk is full' });
    let reason: unknown;
    const world: FakeWorld = {
      delay: async (_, signal) => {
        if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
        reason = signal.reason;
      },
    };

    const fake = aPerformer(world);
    const clearTrial = async (id: string) => {
      if (id === 'a.base.1') throw full;
    };
    const sink = aSink();
    await t.rejects(runFast(plan(['a']), { ...fake, clearTrial }, { sink }), { code: 'HOST_DISK_FULL' });
    t.equal(reason, full);
    const events = eventsOf(sink.bytes);
    t.match(events.at(-1), {
      type: 'ended',
      reason: { kind: 'fault', blame: 'lab', code: 'HOST_DISK_FULL', message: 'the disk is full' },
    });
  },
);

t.test('a campaign that has ended is not resumed', async (t) => {
  for (const world of [{}, { conflict: true }]) {
    const sink = aSink();
    const state = await runFast(plan(['a']), aPerformer(world), { sink });
    const performer = aPerformer(world);
    t.strictSame(await resumeFast(sink.bytes, performer), state);
    t.strictSame(performer.asked, []);
  }
});

t.test('what is lost is made again after a resume', async (t) => {
  const sink = aSink();
  await runFast(plan(['a']), aPerformer(), { sink });
  const lines = Buffer.from(sink.bytes).toString().trimEnd().split('\n');
  const at = lines.findIndex((line) => line.includes('"type":"imageReady"'));
  const cut = Buffer.from(`${lines.slice(0, at + 1).join('\n')}\n`);
  const fake = aPerformer();
  const state = await resumeFast(cut, { ...fake, findLost: async () => ['image', 'kernel-base'] });
  t.equal(state?.end?.kind, 'finished');
  t.strictSame(fake.asked.slice(0, 2), ['build base', 'image']);
});
