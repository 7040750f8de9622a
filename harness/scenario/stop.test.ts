// SPDX-License-Identifier: MIT
import t from 'tap';
import { Fault, makeTimeouts } from '../model/index.ts';
import { aClock, aGuest, type FakeClock, type FakeGuest, type Replies } from '../testing/index.ts';
import { expandScenario, type Performance, parseScenario, performScenario } from './index.ts';
import type { Stage } from './step.ts';

/** What ends a performance early, and who answers for it. All times are those of a fake clock. */

interface Play {
  readonly performance: Performance;
  readonly guest: FakeGuest;
  readonly clock: FakeClock;
}

interface Stop {
  readonly atMs: number;
  readonly code: string;
}

function stopFault(code: string): Fault {
  return new Fault({ blame: code === 'SCENARIO_TIMEOUT' ? 'scenario' : 'lab', code, message: code });
}

async function play(
  body: string,
  replies: Replies,
  stops: readonly Stop[],
  more: Partial<Stage> | ((clock: FakeClock) => Partial<Stage>) = {},
): Promise<Play> {
  const parsed = parseScenario(`name: x\ndescription: d\n${body}`, 'x');
  if (!parsed.ok) throw new Error(parsed.diagnostics.map((one) => one.message).join('\n'));
  const [settled] = expandScenario(parsed.scenario);
  if (!settled) throw new Error('no scenario');
  const clock = aClock();
  const changed = typeof more === 'function' ? more(clock) : more;
  const guest = (changed.guest as FakeGuest | undefined) ?? aGuest(replies, clock);
  const over = new AbortController();
  const stop = new AbortController();
  for (const { atMs, code } of stops)
    void clock.sleep(atMs, over.signal).then(() => over.signal.aborted || stop.abort(stopFault(code)));
  const performance = await performScenario(settled, {
    guest,
    waitForConsole: async () => false,
    consoleMark: () => {},
    now: clock.now,
    sleep: clock.sleep,
    signal: stop.signal,
    timeouts: makeTimeouts({
      accelerator: 'kvm',
      measuredBootMs: 4_000,
      scenarioMs: settled.timeoutMs,
    }),
    consoleSilentMs: () => 0,
    findSplats: () => [],
    firstFinding: new Promise(() => {}),
    seed: 1,
    onStepStarted: () => {},
    onStepEnded: () => {},
    ...changed,
  });
  over.abort();
  return { performance, guest, clock };
}

const ENDLESS: Replies = (command) => (command.startsWith('endless') ? { durationMs: 1e9 } : {});
const DEAD: Replies = (command) =>
  command.startsWith('endless') ? { durationMs: 1e9 } : command === 'true' ? null : {};
const STEPS =
  'timeout: 60s\nsteps: [{label: l, run: {command: endless, timeout: 10m}}, {run: b}]\ncleanup: [{run: c}]\n';

t.test(
  'the scenario’s limit, passed in steps of a guest that answers, is a missed expectation',
  async (t) => {
    const { performance, guest } = await play(STEPS, ENDLESS, [{ atMs: 60_000, code: 'SCENARIO_TIMEOUT' }]);
    t.equal(performance.fault, null);
    t.equal(performance.stoppedIn, 'steps');
    t.match(performance.findings, [
      {
        kind: 'expectation',
        signature: 'expectation:x:timeout',
        title: 'the scenario did not finish within its limit of 60 s',
        step: 'l',
      },
    ]);
    t.match(performance.steps, [
      { label: 'l', outcome: 'cut' },
      { phase: 'cleanup', outcome: 'passed' },
    ]);
    t.strictSame(guest.log, ['run endless', 'run true', 'run c'], 'and the cleanup is performed');
  },
);

t.test('its signature does not depend on the step that the limit was met in', async (t) => {
  for (const step of [
    '{label: a, run: endless1}',
    '{label: b, loop: {time: 5m, steps: [{label: c, run: endless2}]}}',
  ]) {
    const { performance } = await play(`timeout: 30s\nsteps: [${step}]\n`, ENDLESS, [
      { atMs: 30_000, code: 'SCENARIO_TIMEOUT' },
    ]);
    t.strictSame(
      performance.findings.map((one) => one.signature),
      ['expectation:x:timeout'],
    );
    t.equal(performance.findings[0]?.step, /label: (\w)/.exec(step)?.[1], 'the outermost step is named');
  }
});

t.test('the scenario’s limit, passed in the setup, is a fault and no finding', async (t) => {
  const { performance } = await play(
    'timeout: 60s\nsetup: [{run: {command: endless, timeout: 10m}}]\nsteps: [{run: b}]\n',
    ENDLESS,
    [{ atMs: 60_000, code: 'SCENARIO_TIMEOUT' }],
  );
  t.match(performance.fault, { blame: 'scenario', code: 'SCENARIO_TIMEOUT' });
  t.equal(performance.stoppedIn, 'setup');
  t.strictSame(performance.findings, []);
});

t.test('a guest that does not answer when the limit passes is not called late', async (t) => {
  const { performance, guest } = await play(STEPS, DEAD, [{ atMs: 60_000, code: 'SCENARIO_TIMEOUT' }]);
  t.match(performance.fault, {
    blame: 'lab',
    code: 'GUEST_SILENT',
    message: /^SCENARIO_TIMEOUT, and the guest did not answer .* within 5 s$/,
  });
  t.equal(performance.stoppedIn, 'steps');
  t.strictSame(performance.findings, []);
  t.strictSame(guest.log, ['run endless', 'run true'], 'and no cleanup is tried');
});

t.test('an interrupt and the machine’s end are the fault, whatever comes after them', async (t) => {
  for (const code of ['TRIAL_INTERRUPTED', 'MACHINE_ENDED']) {
    const { performance, guest } = await play(STEPS, ENDLESS, [
      { atMs: 20_000, code },
      { atMs: 20_001, code: 'SCENARIO_TIMEOUT' },
    ]);
    t.match(performance.fault, { code });
    t.equal(performance.stoppedIn, 'steps');
    t.strictSame(performance.findings, []);
    t.match(performance.steps, [{ label: 'l', outcome: 'cut', details: [`cut short: ${code}`] }]);
    t.strictSame(guest.log, ['run endless']);
  }
});

t.test('the scenario’s limit does not end its cleanup; an interrupt does', async (t) => {
  const cleanup = 'timeout: 10s\nsteps: []\ncleanup: [{run: {command: endless, timeout: 40s}}, {run: c}]\n';
  const late = await play(cleanup, ENDLESS, [{ atMs: 10_000, code: 'SCENARIO_TIMEOUT' }]);
  t.equal(late.performance.fault, null);
  t.equal(late.performance.stoppedIn, null);
  t.strictSame(late.guest.log, ['run endless', 'run c']);
  const interrupted = await play(cleanup, ENDLESS, [{ atMs: 10_000, code: 'TRIAL_INTERRUPTED' }]);
  t.match(interrupted.performance, { fault: { code: 'TRIAL_INTERRUPTED' }, stoppedIn: 'cleanup' });
  t.equal(interrupted.clock.now(), 10_000);
});

t.test('a cleanup sleeps and polls also after the scenario’s limit', async (t) => {
  const { guest, performance } = await play(
    'timeout: 10s\nsteps: [{run: endless}]\ncleanup: [{sleep: 3s}, {waitForFile: {path: /f, timeout: 2s}}]\n',
    (command) => (command.startsWith('[') ? { exitCode: 1 } : ENDLESS(command)),
    [{ atMs: 10_000, code: 'SCENARIO_TIMEOUT' }],
  );
  t.strictSame(
    performance.steps.map((one) => one.durationMs),
    [10_000, 3_000, 2_000],
  );
  t.equal(guest.log.filter((line) => line.startsWith('run [')).length, 5);
});

t.test('all of the cleanup together has a limit, and what runs then is cut', async (t) => {
  const { performance, clock, guest } = await play(
    'steps: []\ncleanup: [{run: {command: endless, timeout: 10m}}, {run: c}]\n',
    ENDLESS,
    [],
  );
  t.equal(clock.now(), 120_000);
  t.match(performance.steps, [{ outcome: 'cut' }]);
  t.strictSame([performance.fault, performance.stoppedIn], [null, null]);
  t.strictSame(guest.log, ['run endless']);
});

t.test('a connection that dies in the cleanup is told with its phase', async (t) => {
  const { performance } = await play('steps: []\ncleanup: [{run: c}]\n', () => {
    throw new Fault({ blame: 'lab', code: 'GUEST_CONNECTION_LOST', message: 'gone' });
  }, []);
  t.match(performance, { fault: { code: 'GUEST_CONNECTION_LOST' }, stoppedIn: 'cleanup' });
});

const LONG =
  'steps: [{label: l, run: {command: endless, timeout: 10m}}, {run: b}]\ncleanup: [{run: endless2}, {run: c}]\n';

t.test('after a finding in the log the remaining steps get a grace and are then cut', async (t) => {
  const { performance, clock } = await play(LONG, ENDLESS, [], (clock) => ({
    firstFinding: clock.sleep(2_000),
  }));
  t.ok(clock.now() <= 23_000, `it took ${clock.now()} ms: 2 s, and 10 s for steps and cleanup each`);
  t.strictSame(performance.findings, [], 'the deadline that was not waited for is no finding');
  t.strictSame([performance.fault, performance.stoppedIn], [null, null]);
  t.match(performance.steps, [
    { label: 'l', outcome: 'cut' },
    { phase: 'cleanup', outcome: 'cut' },
  ]);
});

t.test('steps that end within the grace are performed and judged', async (t) => {
  const { performance, guest } = await play(
    'steps: [{label: l, continue: true, run: a}, {label: m, continue: true, run: b}, {label: n, run: endless}, {run: d}]\n',
    (command) => (command === 'endless' ? { durationMs: 1e9 } : { exitCode: 1, durationMs: 4_000 }),
    [],
    (clock) => ({ firstFinding: clock.sleep(1_000) }),
  );
  t.strictSame(
    performance.findings.map((one) => one.signature),
    ['expectation:x:l:exit code', 'expectation:x:m:exit code'],
  );
  t.strictSame(guest.log, ['run a', 'run b', 'run endless']);
});

t.test(
  'a step’s own finding starts the grace, too, and the expected state is not read after it',
  async (t) => {
    const { performance, clock, guest } = await play(
      'steps: [{label: l, continue: true, run: {command: bad, timeout: 3s}}, {run: endless}]\nexpect: {state: [{file: /f, equals: 1}]}\ncleanup: [{run: c}]\n',
      (command) => (command === 'bad' ? null : ENDLESS(command)),
      [],
    );
    t.strictSame(
      performance.findings.map((one) => one.signature),
      ['expectation:x:l:deadline'],
    );
    t.strictSame(guest.log, ['run bad', 'run endless', 'run c']);
    t.ok(clock.now() >= 13_000 && clock.now() <= 14_000, `${clock.now()}`);
  },
);

t.test('a limit that passes within the grace adds no finding', async (t) => {
  const { performance } = await play(LONG, ENDLESS, [{ atMs: 5_000, code: 'SCENARIO_TIMEOUT' }], (clock) => ({
    firstFinding: clock.sleep(2_000),
  }));
  t.strictSame(performance.findings, []);
  t.strictSame([performance.fault, performance.stoppedIn], [null, 'steps']);
});

const SILENT = 'steps: [{label: l, run: {command: endless, timeout: 10m}}]\n';

t.test(
  'a guest and a console that are silent for long: a guest that does not answer then is a fault',
  async (t) => {
    const { performance, clock, guest } = await play(SILENT, DEAD, [], (clock) => ({
      consoleSilentMs: () => clock.now(),
    }));
    t.match(performance.fault, {
      blame: 'lab',
      code: 'GUEST_SILENT',
      message:
        'guest and console were silent for 180 s, and the guest did not answer a trivial command within 5 s',
    });
    t.equal(performance.stoppedIn, 'steps');
    t.match(performance.steps, [{ label: 'l', outcome: 'cut' }]);
    t.strictSame(guest.log, ['run endless', 'run true']);
    t.ok(clock.now() >= 185_000 && clock.now() <= 186_000, `${clock.now()}`);
  },
);

t.test(
  'one that answers is busy: the step goes on to its own deadline, asked again when it is silent again',
  async (t) => {
    const { performance, guest } = await play(SILENT, ENDLESS, [], (clock) => ({
      consoleSilentMs: () => clock.now(),
    }));
    t.equal(performance.fault, null);
    t.strictSame(
      performance.findings.map((one) => one.signature),
      ['expectation:x:l:deadline'],
    );
    t.strictSame(guest.log, ['run endless', 'run true', 'run true', 'run true']);
  },
);

t.test('a guest is not asked while its console prints, its commands end or its jobs write', async (t) => {
  const prints = await play(SILENT, DEAD, []);
  t.notOk(prints.guest.log.includes('run true'));
  const ends = await play(
    'steps: [{loop: {count: 20, steps: [{run: {command: a, timeout: 2m}}]}}]\n',
    () => ({ durationMs: 100_000 }),
    [],
    { consoleSilentMs: () => 1e9 },
  );
  t.notOk(ends.guest.log.includes('run true'));
  const writes = await play(
    'steps: [{background: {name: j, command: job}}, {wait: {for: j, timeout: 20m, expect: blocked}}]\n',
    (command) => (command === 'job' ? null : {}),
    [],
    (clock) => {
      const guest = aGuest((command) => (command === 'job' ? null : {}), clock);
      const { start } = guest;
      guest.start = async (command, options) => ({
        ...(await start(command, options)),
        output: () => ({ stdout: '.'.repeat(Math.floor(clock.now() / 60_000)), stderr: '' }),
      });
      return { guest, consoleSilentMs: () => 1e9 };
    },
  );
  t.notOk(writes.guest.log.includes('run true'));
});

t.test('a connection that is found dead by asking is the fault', async (t) => {
  const { performance } = await play(
    SILENT,
    (command) => {
      if (command !== 'true') return ENDLESS(command);
      throw new Fault({ blame: 'lab', code: 'GUEST_CONNECTION_LOST', message: 'gone' });
    },
    [],
    { consoleSilentMs: () => 1e9 },
  );
  t.match(performance, { fault: { code: 'GUEST_CONNECTION_LOST' }, stoppedIn: 'steps' });
});

t.test('a loop that is cut short says how many rounds it had, and which hit', async (t) => {
  const { performance } = await play(
    'steps: [{loop: {time: 1m, until: end, steps: [{run: a}]}}]\n',
    () => ({ durationMs: 1_000 }),
    [],
    (clock) => ({ firstFinding: clock.sleep(3_000), splatsSeen: () => (clock.now() >= 3_000 ? 1 : 0) }),
  );
  const record = performance.steps.find((step) => step.kind === 'loop');
  t.match(record, {
    kind: 'loop',
    outcome: 'cut',
    numbers: { hits: 1 },
    details: [/^cut short/, /rounds hit/],
  });
  t.ok((record?.numbers?.rounds ?? 0) >= 12, `${record?.numbers?.rounds}`);
});
