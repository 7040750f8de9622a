// SPDX-License-Identifier: MIT
import t from 'tap';
import { Fault, makeTimeouts } from '../model/index.ts';
import { aClock, aGuest, type Replies } from '../testing/index.ts';
import {
  expandScenario,
  hasWiden,
  lintScenario,
  listGuestModules,
  parseScenario,
  performScenario,
} from './index.ts';

const HEAD = 'name: x\ndescription: d\n';

function settle(body: string) {
  const parsed = parseScenario(`${HEAD}${body}`, 'x');
  if (!parsed.ok) throw new Error(parsed.diagnostics.map((one) => one.message).join('\n'));
  const [settled] = expandScenario(parsed.scenario);
  if (!settled) throw new Error('there is no scenario');
  return settled;
}

async function play(body: string, replies: Replies, widened = true) {
  const clock = aClock();
  const guest = aGuest(replies, clock);
  const performance = await performScenario(settle(body), {
    guest,
    waitForConsole: async () => false,
    consoleMark: () => {},
    now: clock.now,
    sleep: clock.sleep,
    signal: new AbortController().signal,
    timeouts: makeTimeouts({ accelerator: 'kvm', measuredBootMs: 4_000, scenarioMs: 600_000 }),
    consoleSilentMs: () => 0,
    findSplats: () => [],
    firstFinding: new Promise(() => {}),
    seed: 7,
    widened,
    onStepStarted: () => {},
    onStepEnded: () => {},
  });
  return { performance, guest, step: performance.steps.find((one) => one.kind === 'widen') };
}

const WIDEN = (more = '', inner = 'run: inner') =>
  `steps: [{widen: {function: pond_remove, comm: writer, delay: 3s${more}, steps: [{${inner}}]}}, {run: after}]\n`;

const COUNTED = {
  entries: 1,
  passed: 0,
  refused: 0,
  missed: 0,
  hits: 1,
  begun: 1,
  spun: 0,
  asked_us: 3_000_000,
  spent_us: 3_000_020,
  spent_min_us: 3_000_020,
  spent_max_us: 3_000_020,
};

/** A guest in which the inner step takes 3 s, with a module that counted this. */
const counting =
  (counted: Partial<typeof COUNTED> = {}, more: Replies = () => ({ durationMs: 3_100 })): Replies =>
  (command, options) => {
    if (command.includes('insmod')) return {};
    if (command.includes('parameters/result')) {
      const all = Object.entries({ ...COUNTED, ...counted });
      return { stdout: `${all.map(([name, value]) => `${name}=${value}`).join(' ')}\n` };
    }
    return more(command, options);
  };

const NEVER = { entries: 0, hits: 0, begun: 0, asked_us: 0, spent_us: 0, spent_min_us: 0, spent_max_us: 0 };

t.test(
  'the delay is there while the inner steps are performed, and its record has the numbers',
  async (t) => {
    const { performance, guest, step } = await play(
      WIDEN(', jitter: 1ms, times: 2, skip: 3, probability: 0.25'),
      counting(),
    );
    t.equal(performance.fault, null);
    t.strictSame(
      guest.log.map((line) => line.split('\n')[0]?.slice(0, 60)),
      [
        'run [ -f /overlay/modules/ktrial_delay.ko ] || exit 66',
        'run inner',
        'run echo 1 >/sys/module/ktrial_delay/parameters/stop && cat ',
        'run after',
      ],
    );
    t.match(
      guest.log[0],
      /insmod \/overlay\/modules\/ktrial_delay\.ko function=pond_remove comm=writer delay_us=3000000 jitter_us=1000 times=2 skip=3 per_million=250000 seed=7 && exit/,
    );
    t.match(guest.log[2], /result && rmmod ktrial_delay$/);
    t.match(step, { outcome: 'passed', details: ['delayed 1 of 1 entries, together 3.000 s'] });
    t.strictSame(step?.numbers, {
      entries: 1,
      passed: 0,
      refused: 0,
      missed: 0,
      hits: 1,
      spun: 0,
      askedUs: 3_000_000,
      spentUs: 3_000_020,
      spentMinUs: 3_000_020,
      spentMaxUs: 3_000_020,
      elapsedUs: 3_100_000,
    });
  },
);

t.test('a control performs the same steps, delays nothing, and says so', async (t) => {
  const { performance, guest, step } = await play(WIDEN(), counting(), false);
  t.equal(performance.fault, null);
  t.strictSame(guest.log, ['run inner', 'run after']);
  t.match(step, { outcome: 'passed', details: ['control: not widened'] });
  t.equal(step?.numbers, undefined);
});

t.test('steps inside see the delay: a race among them has it at its places', async (t) => {
  for (const [widened, wanted] of [
    [true, '3000000'],
    [false, undefined],
  ] as const) {
    let seen: string | undefined;
    await play(
      WIDEN(),
      counting({}, (command, options) => {
        if (command === 'inner') seen = options?.env?.KTRIAL_DELAY_US;
        return { durationMs: 3_100 };
      }),
      widened,
    );
    t.equal(seen, wanted);
  }
});

t.test('a trial in which nobody was delayed is the scenario’s fault, and never passes', async (t) => {
  const { performance, guest, step } = await play(WIDEN(), counting(NEVER));
  t.match(performance.fault, {
    blame: 'scenario',
    code: 'SCENARIO_NOT_WIDENED',
    message: /^no task named writer was delayed at pond_remove: the trial did not test/,
    details: ['delayed 0 of 0 entries'],
  });
  t.equal(performance.stoppedIn, 'steps');
  t.equal(step?.outcome, 'error');
  t.notOk(guest.log.includes('run after'));
});

t.test('it passes where the scenario expects any, which a probability below 1 means', async (t) => {
  for (const more of [', expect: any', ', probability: 0.5']) {
    const { performance, step } = await play(WIDEN(more), counting({ ...NEVER, entries: 4, passed: 4 }));
    t.equal(performance.fault, null, more);
    t.match(step, { details: ['delayed 0 of 4 entries'], numbers: { hits: 0 } });
  }
  const { performance } = await play(WIDEN(', probability: 0.5, expect: hit'), counting(NEVER));
  t.match(performance.fault, { code: 'SCENARIO_NOT_WIDENED' });
});

t.test('a delay that was shorter than asked is the lab’s fault', async (t) => {
  const { performance } = await play(WIDEN(), counting({ spent_us: 570_000, spent_max_us: 570_000 }));
  t.match(performance.fault, {
    blame: 'lab',
    code: 'SCENARIO_DELAY_NOT_SPENT',
    message: /got 0\.570 s, expected 3\.000 s$/,
  });
});

t.test('so is one that took less time by this computer’s clock than by the guest’s counter', async (t) => {
  const { performance } = await play(
    WIDEN(),
    counting({}, () => ({ durationMs: 600 })),
  );
  t.match(performance.fault, {
    blame: 'lab',
    code: 'SCENARIO_DELAY_NOT_SPENT',
    message: /got 0\.600 s on this computer’s clock, expected 3\.000 s$/,
  });
});

t.test('when an inner step fails, that is the finding, and the delay is ended all the same', async (t) => {
  const { performance, guest } = await play(
    WIDEN(),
    counting(NEVER, () => ({ exitCode: 1 })),
  );
  t.equal(performance.fault, null);
  t.strictSame(
    performance.findings.map((one) => one.signature),
    ['expectation:x:run inner:exit code'],
  );
  t.match(guest.log.at(-1), /rmmod ktrial_delay$/);
  t.notOk(guest.log.includes('run after'));
});

t.test(
  'what ends the trial inside stays the reason, and the delay is ended where that is possible',
  async (t) => {
    const lost = new Fault({ blame: 'lab', code: 'GUEST_CONNECTION_LOST', message: 'gone' });
    const { performance } = await play(
      WIDEN(),
      counting({}, () => {
        throw lost;
      }),
    );
    t.equal(performance.fault, lost);
  },
);

t.test('delays of several hits are described with their range, and what was left out is said', async (t) => {
  const many = { entries: 9, passed: 6, refused: 2, missed: 1, hits: 3, asked_us: 9e6, spent_us: 9_000_100 };
  const { step } = await play(
    WIDEN(', times: 3'),
    counting(many, () => ({ durationMs: 9_500 })),
  );
  t.strictSame(step?.details, [
    'delayed 3 of 9 entries, together 9.000 s (3.000 s to 3.000 s each); 2 in interrupts refused; 1 missed by the probe',
  ]);
});

t.test('a guest that does not say what it counted is no proof of anything', async (t) => {
  const { performance } = await play(WIDEN(), (command) =>
    command.includes('parameters/result') ? { exitCode: 1, stderr: 'rmmod: no\n' } : {},
  );
  t.match(performance.fault, { blame: 'lab', code: 'SCENARIO_DELAY_LOST', details: ['stderr: rmmod: no'] });
});

t.test('a place where nobody can be delayed is the scenario’s fault, with the reason', async (t) => {
  const rows = [
    [{ exitCode: 66 }, /the guest has no module ktrial_delay$/],
    [{ exitCode: 67 }, /the kernel under test has no such function$/],
    [{ exitCode: 67, stdout: 'pond_remove.isra.0\n' }, /the compiler made pond_remove\.isra\.0 of it$/],
    [{ exitCode: 68, stdout: '2\n' }, /the kernel under test has 2 functions of that name$/],
    [
      {
        exitCode: 1,
        stderr:
          "insmod: can't insert: Invalid argument\n[0.9] ktrial_delay: loading out-of-tree module taints kernel.\n[1.0] ktrial_delay: pond_remove cannot be probed: error -22\n",
      },
      /pond_remove: pond_remove cannot be probed: error -22$/,
    ],
    [{ exitCode: 1, stderr: "insmod: can't insert: File exists\n" }, /another step delays tasks already$/],
    [{ exitCode: 5 }, /insmod ended with exit code 5$/],
  ] as const;
  for (const [answer, message] of rows) {
    const { performance, guest } = await play(WIDEN(), () => answer);
    t.match(performance.fault, { blame: 'scenario', code: 'SCENARIO_NO_DELAY', message });
    t.equal(guest.log.length, 1, 'nothing else is performed');
  }
});

t.test('a scenario is widened whose steps are, however deep', async (t) => {
  const inner = '{widen: {function: f, delay: 1s, steps: [{run: a}]}}';
  for (const body of [
    `steps: [${inner}]\n`,
    `steps: [{run: a}]\ncleanup: [${inner}]\n`,
    `steps: [{loop: {count: 2, steps: [{parallel: [[{run: a}], [${inner}]]}]}}]\n`,
  ]) {
    t.ok(hasWiden(settle(body)), body);
    t.strictSame(listGuestModules(settle(body)), ['ktrial_delay']);
  }
  t.notOk(hasWiden(settle('steps: [{loop: {count: 2, steps: [{run: widen}]}}]\n')));
  t.strictSame(listGuestModules(settle('steps: [{run: a}]\n')), []);
});

t.test('defaults are: every task, once, the first entry', async (t) => {
  const settled = settle('steps: [{widen: {function: f, delay: 250ms, steps: [{run: a}]}}]\n');
  t.match(settled.steps[0], {
    label: 'widen f',
    body: { comm: null, delayMs: 250, jitterMs: 0, times: 1, skip: 0, probability: 1, expect: 'hit' },
  });
});

t.test('parameters may give every value', async (t) => {
  const settled = settle(
    `parameters: {f: g, c: w, d: 1s, t: 4, s: 0, p: 0.5}\nsteps: [{widen: {function: '\${{f}}', comm: '\${{c}}', delay: '\${{d}}', times: '\${{t}}', skip: '\${{s}}', probability: '\${{p}}', steps: [{run: a}]}}]\n`,
  );
  t.match(settled.steps[0], {
    body: { function: 'g', comm: 'w', delayMs: 1000, times: 4, skip: 0, probability: 0.5, expect: 'any' },
  });
});

t.test('lint refuses what cannot be meant', async (t) => {
  for (const [body, message] of [
    ['function: f+0x10, delay: 1s', /at its entry, never at an offset/],
    ['function: f, delay: 11s', /got 11 s with the jitter, expected at most 10 s/],
    ['function: f, delay: 9s, jitter: 2s', /got 11 s with the jitter/],
    ['function: f, delay: 1s, comm: sixteen_letters_', /expected at most 15/],
    ['function: f, delay: 1s, comm: "a b"', /a task's name/],
    ['function: f, delay: 1s, probability: 0', /probability|expected/i],
    ['function: f, delay: 1s, probability: 1.5', /probability|expected/i],
    ['function: f, delay: 1s, times: 0', /expected|Invalid/i],
    ['delay: 1s', /function/],
  ] as const) {
    const found = lintScenario(`${HEAD}steps: [{widen: {${body}, steps: [{run: a}]}}]\n`, 'x');
    t.match(
      found.filter((one) => one.severity === 'error').map((one) => one.message),
      [message],
      body,
    );
  }
  const nested = lintScenario(
    `${HEAD}steps: [{widen: {function: f, delay: 1s, steps: [{loop: {count: 2, steps: [{widen: {function: g, delay: 1s, steps: [{run: a}]}}]}}]}}]\n`,
    'x',
  );
  t.match(nested, [{ severity: 'error', message: /one step widen inside another/ }]);
});
