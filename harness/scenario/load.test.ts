// SPDX-License-Identifier: MIT
import t from 'tap';
import { Fault, makeTimeouts } from '../model/index.ts';
import { aGuest, type FakeClock, type Replies } from '../testing/index.ts';
import { playScenario } from '../testing/play.ts';

/** Steps that are performed under load, again and again, or against a clock. */

/** Steps whose rounds fail as given, from 1. Each takes 100 ms. */
function failsIn(rounds: readonly number[]): Replies {
  let round = 0;
  return (command) => {
    if (command !== 'work') return {};
    round += 1;
    return { exitCode: rounds.includes(round) ? 1 : 0, durationMs: 100 };
  };
}

/** A stage with a log that gets a splat every so often. */
function splatsAt(times: readonly number[]) {
  return (clock: FakeClock) => ({ splatsSeen: () => times.filter((at) => at <= clock.now()).length });
}

function loop(more: string): string {
  return `steps: [{label: l, loop: {${more}, steps: [{label: w, run: work}]}}, {run: after}]\ngrace: 10m\n`;
}

t.test('a loop says how many of its rounds hit', async (t) => {
  const { performance, found, guest } = await playScenario(loop('count: 20, until: end'), failsIn([2, 5, 7]));
  t.strictSame(found, ['w:exit code'], 'once, whichever rounds it was');
  const record = performance.steps.find((one) => one.label === 'l');
  t.match(record, {
    outcome: 'failed',
    numbers: { rounds: 20, hits: 3, hitsPerSecond: 1.5 },
    details: ['3 of 20 rounds hit, the first was round 2'],
  });
  t.equal(
    performance.steps.filter((one) => one.label === 'w').length,
    3,
    'rounds that passed are not recorded',
  );
  t.notOk(guest.log.includes('run after'), 'the steps after it are not performed');
});

t.test('without until a round that fails is the last, and a splat does not end the loop', async (t) => {
  const { performance } = await playScenario(loop('count: 20'), failsIn([5]), splatsAt([150]));
  t.match(performance.steps.at(-1), { label: 'l', numbers: { rounds: 5, hits: 2 } });
});

t.test('until hit, the first splat ends the loop, and the steps after it are performed', async (t) => {
  const { performance, guest } = await playScenario(
    loop('count: 20, until: hit'),
    failsIn([5]),
    splatsAt([150]),
  );
  const record = performance.steps.find((one) => one.label === 'l');
  t.match(record, { outcome: 'passed', numbers: { rounds: 2, hits: 1 } });
  t.ok(guest.log.includes('run after'));
});

t.test('until hit, the first failing step ends the loop', async (t) => {
  const { performance } = await playScenario(loop('time: 1m, until: hit'), failsIn([3]), splatsAt([]));
  t.match(performance.steps.at(-1), { label: 'l', outcome: 'failed', numbers: { rounds: 3, hits: 1 } });
});

t.test('a splat that comes a moment after the last round is one of that round', async (t) => {
  const { performance } = await playScenario(loop('count: 2'), failsIn([]), splatsAt([250]));
  t.match(performance.steps[0], { numbers: { rounds: 2, hits: 1 }, details: [/the first was round 2/] });
});

t.test('of very many rounds that fail only the first are recorded, and all are counted', async (t) => {
  const all = Array.from({ length: 50 }, (_, index) => index + 1);
  const { performance } = await playScenario(loop('count: 50, until: end'), failsIn(all));
  t.equal(performance.steps.filter((one) => one.label === 'w').length, 5);
  t.match(performance.steps.at(-1), {
    numbers: { rounds: 50, hits: 50 },
    details: [/the steps of 45 rounds that failed are left out/],
  });
});

t.test('a step that takes longer than it may has failed', async (t) => {
  const steps = 'steps: [{label: l, run: work, within: 3s}, {run: after}]\n';
  const slow = await playScenario(steps, () => ({ durationMs: 5100, stdout: 'done\n' }));
  t.strictSame(slow.found, ['l:took too long']);
  t.match(slow.performance.findings, [
    { title: 'l: took 5.1 s, expected at most 3 s', details: ['stdout: done'] },
  ]);
  t.match(slow.performance.steps, [{ outcome: 'failed' }]);
  const quick = await playScenario(steps, () => ({ durationMs: 2900 }));
  t.strictSame(quick.found, []);
});

t.test('the limit is scaled, and the message has both', async (t) => {
  const timeouts = makeTimeouts({ accelerator: 'kvm', measuredBootMs: 8_000, scenarioMs: 600_000 });
  const play = (durationMs: number) =>
    playScenario(
      'steps: [{label: l, run: work, within: 3s}]\n',
      () => ({ durationMs }),
      () => ({ timeouts }),
    );
  t.strictSame((await play(5900)).found, []);
  t.match((await play(7000)).performance.findings, [
    { title: 'l: took 7 s, expected at most 6 s (3 s on a fast machine)' },
  ]);
});

t.test('a list of steps has a limit like any other step', async (t) => {
  const steps = 'steps: [{label: l, within: 1s, parallel: [[{run: work}], [{run: more}]]}]\n';
  const { found } = await playScenario(steps, () => ({ durationMs: 1500 }));
  t.strictSame(found, ['l:took too long']);
});

/** A guest in which a load is there until it is told to end. */
function underLoad(replies: Replies = () => ({})) {
  return () => {
    const guest = aGuest((command, options) =>
      command.startsWith('exec stress') ? null : replies(command, options),
    );
    const start: typeof guest.start = async (command, options) => {
      const job = await guest.start(command, options);
      const output = () => ({ stdout: 'started\n', stderr: '' });
      const wait: typeof job.wait = async (timeoutMs) => {
        const result = await job.wait(timeoutMs);
        return result && { ...result, stdout: 'started\ncpu=12 memory=3 interrupts=456 \n' };
      };
      return { ...job, output, wait };
    };
    return { guest: { ...guest, start } };
  };
}

const LOAD =
  'steps: [{label: l, stress: {cpu: 2, memoryMib: 64, interrupts: 1, steps: [{label: w, run: work}]}}]\n';

t.test('steps are performed under load, and the load says how much it was', async (t) => {
  const { performance, guest, found } = await playScenario(LOAD, undefined, underLoad());
  t.strictSame(found, []);
  t.strictSame(guest.log, ['start exec stress -c 2 -m 64 -i 1', 'run work', 'kill 100 TERM']);
  t.match(performance.steps, [
    { label: 'w', outcome: 'passed' },
    { label: 'l', numbers: { cpuLoops: 12, memoryLoops: 3, interrupts: 456 } },
  ]);
});

t.test('steps that fail under load are reported by themselves, and the load is taken away', async (t) => {
  const { performance, guest, found } = await playScenario(
    LOAD,
    undefined,
    underLoad((command) => (command === 'work' ? { exitCode: 1 } : {})),
  );
  t.strictSame(found, ['w:exit code']);
  t.equal(guest.log.at(-1), 'kill 100 TERM');
  t.match(performance.steps.at(-1), { label: 'l', outcome: 'failed' });
});

t.test('a load that ends by itself is the scenario’s mistake', async (t) => {
  const { performance } = await playScenario(LOAD, (command) =>
    command.startsWith('exec stress') ? { exitCode: 1, stderr: 'process 7 died' } : {},
  );
  t.match(performance.fault, {
    blame: 'scenario',
    code: 'SCENARIO_STRESS_ENDED',
    details: [/process 7 died/],
  });
});

t.test('an image without the program is the scenario’s mistake', async (t) => {
  const { performance } = await playScenario(LOAD, () => ({ exitCode: 127 }));
  t.match(performance.fault, { code: 'SCENARIO_NO_COMMAND' });
});

t.test('when the machine ends under load, that is what counts', async (t) => {
  const replies: Replies = (command) => {
    if (command === 'work') throw new Fault({ blame: 'lab', code: 'MACHINE_ENDED', message: 'gone' });
    return {};
  };
  const { performance } = await playScenario(LOAD, undefined, underLoad(replies));
  t.match(performance.fault, { code: 'MACHINE_ENDED' });
});

t.test('a load of nothing is refused', async (t) => {
  await t.rejects(playScenario('steps: [{stress: {steps: [{run: a}]}}]\n'));
});
