// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import t from 'tap';
import { Fault, makeTimeouts } from '../model/index.ts';
import { type Answer, aClock, aGuest, type FakeGuest, mutate } from '../testing/index.ts';
import {
  expandScenario,
  lintScenario,
  type Performance,
  parseScenario,
  parseSettledScenario,
  performScenario,
  sweepRaces,
} from './index.ts';
import { createRaceReader } from './race-output.ts';
import type { Stage } from './step.ts';

const ACTORS = `actors:
          - name: creator
            write: {to: /sys/create, uuids: 3, early: true}
            cpu: 1
            priority: fifo 10
            expect: {errno: [success, ENODEV]}
          - {name: remover, rmmod: my-driver, expect: {errno: success}}
          - {name: watcher, command: 'cat /sys/x', cpu: any, priority: nice -5}`;

function write(body: string, machine = 'machine: {cpus: 2}'): string {
  return `name: x\ndescription: d\n${machine}\nsteps:\n  - label: meet\n    race:\n        ${body}\n        ${ACTORS}\n`;
}

function settle(text: string) {
  const parsed = parseScenario(text, 'x');
  if (!parsed.ok) throw new Error(parsed.diagnostics.map((one) => one.message).join('\n'));
  return expandScenario(parsed.scenario)[0] as ReturnType<typeof expandScenario>[number];
}

async function play(
  text: string,
  replies: (command: string) => Answer | null,
  more: Partial<Stage> = {},
): Promise<{ readonly performance: Performance; readonly guest: FakeGuest }> {
  const clock = aClock();
  const guest = aGuest(replies, clock);
  const performance = await performScenario(settle(text), {
    guest,
    waitForConsole: async () => false,
    consoleMark: () => {},
    now: clock.now,
    sleep: clock.sleep,
    signal: new AbortController().signal,
    timeouts: makeTimeouts({ accelerator: 'kvm', measuredBootMs: 4_000, scenarioMs: 600_000 }),
    consoleSilentMs: () => 0,
    findSplats: (records) => (/BUG: (.*)/.exec(records) ? [String(/BUG: (.*)/.exec(records)?.[1])] : []),
    firstFinding: new Promise(() => {}),
    seed: 7,
    onStepStarted: () => {},
    onStepEnded: () => {},
    ...more,
  });
  return { performance, guest };
}

/** A round's line: `hit` by a result, in the middle of nothing by default. */
function aRound(number: number, offsetUs: number, creator = 'success:3', hit = 0): string {
  return `round ${number} ${offsetUs} ${number}000 ${(number - 1) * 1e7} 9000000 ${hit} creator ${creator} 0 9 remover success:1 0 9 watcher 0:1 0 9\n`;
}

const SWEPT = `${aRound(1, -500)}${aRound(2, 0, 'ENODEV:3')}${aRound(3, 500, 'success:2,EFAULT:1', 1)}${aRound(4, -500)}log 3,7,100,-;BUG: KASAN: here\nlog 4,8,100,-;Call Trace:\n${aRound(5, 0)}${aRound(6, 500, 'EFAULT:3', 1)}end rounds\n`;

t.test('the guest’s program is told everything about the race', async (t) => {
  const { guest, performance } = await play(
    write(
      'rounds: 6\n        time: 90s\n        offset: {from: -500us, to: 0.5ms, step: 500us}\n        jitter: 20us\n        timeout: 3s\n        until: hit\n        before: [{insmod: my-driver}, mount /x]\n        after: [{command: sync, expect: {exit: [0, 3]}}, {rmmod: other, expect: any}]\n        hit: {actor: creator, errno: EFAULT}',
    ),
    () => ({ stdout: 'end rounds\n' }),
  );
  t.equal(performance.fault, null);
  t.equal(
    guest.log[0],
    "start [ -f /overlay/modules/my-driver.ko ] || { echo my-driver >&2; exit 66; }; exec race -n 6 -t 90000 -T 3000 -o -500:500:3 -j 20 -1 before success insmod 2 /overlay/modules/my-driver.ko '' before 0 command 1 'mount /x' after 0,3 command 1 sync after '!' rmmod 1 other actor creator 1 fifo:10 EFAULT write 3 1 /sys/create 3 actor remover + - '' rmmod 1 my_driver actor watcher - nice:-5 '' command 1 'cat /sys/x'",
  );
});

t.test('without hit, what an actor does not expect is one', async (t) => {
  const { guest } = await play(write('rounds: 1'), () => ({ stdout: 'end rounds\n' }));
  t.match(
    guest.log[0],
    / actor creator 1 fifo:10 '!success,ENODEV' write .* actor remover \+ - '!success' rmmod/,
  );
  t.match(guest.log[0], / actor watcher - nice:-5 '' command /, 'which expects anything');
});

t.test('rounds are added up by offset; a splat makes its round a hit', async (t) => {
  const { performance } = await play(
    write('rounds: 6\n        hit: {errno: EFAULT}').replace(', ENODEV]', ', ENODEV, EFAULT]'),
    () => ({ stdout: SWEPT }),
  );
  t.strictSame(performance.findings, []);
  const [record] = performance.steps;
  t.strictSame(record?.points, [
    { offsetUs: -500, delayUs: null, rounds: 2, hits: 1 },
    { offsetUs: 0, delayUs: null, rounds: 2, hits: 0 },
    { offsetUs: 500, delayUs: null, rounds: 2, hits: 2 },
  ]);
  t.strictSame(record?.numbers, {
    rounds: 6,
    hits: 3,
    seconds: 0.059,
    hitsPerSecond: 50.847,
    roundMs: 9,
    spreadUs: 4,
    spreadMaxUs: 6,
    firstHitRound: 3,
    firstHitOffsetUs: 500,
    firstHitSeconds: 0.029,
  });
  t.match(record?.details, [
    /^6 rounds in 0\.1 s, 3 hit, the first in round 3 at 500 us$/,
    /^starts: within 4 us .* 6 us at most$/,
    'creator: success 11, ENODEV 3, EFAULT 4',
    'remover: success 6',
    'watcher: 0 6',
    'round 4 at -500 us: KASAN: here',
    'ended: rounds',
  ]);
  t.strictSame(performance.evidence, { 'race.txt': SWEPT }, 'every round is kept');
});

t.test('a result that is not expected is a finding of its actor, whatever counts as a hit', async (t) => {
  const { performance } = await play(write('rounds: 6\n        hit: {exit: 9}'), () => ({ stdout: SWEPT }));
  t.strictSame(
    performance.findings.map((one) => one.signature),
    ['expectation:x:meet:creator errno EFAULT'],
  );
  t.match(
    performance.findings[0]?.title,
    /creator: got EFAULT 4 time\(s\) in 6 rounds, expected success or ENODEV/,
  );
});

t.test('an actor that does not end, and a preparation that fails, end the race as findings', async (t) => {
  const late = aRound(1, 0, 'timeout:1').replace('success:1', 'SIGSEGV:1');
  const ends: readonly [string, readonly string[]][] = [
    [`${late}end timeout 1\n`, ['creator deadline', 'remover signal SEGV']],
    ['end before 1 1 ENOENT\n', ['before 1 errno ENOENT']],
    [`${aRound(1, 0)}end after 1 1 4\n`, ['after 1 exit code']],
  ];
  for (const [stdout, wanted] of ends) {
    const { performance } = await play(
      write('rounds: 2\n        before: [{insmod: m}]\n        after: ["true"]'),
      () => ({ stdout }),
    );
    t.strictSame(
      performance.findings.map((one) => one.signature),
      wanted.map((one) => `expectation:x:meet:${one}`),
    );
  }
});

t.test('where there can be no race the scenario is to blame', async (t) => {
  const rows: readonly [Answer, string, RegExp][] = [
    [
      { exitCode: 64, stderr: 'race: a race needs two CPUs, and this machine has one\n' },
      'SCENARIO_RACE_IMPOSSIBLE',
      /^a race needs two CPUs/,
    ],
    [{ exitCode: 66, stderr: 'my-driver\n' }, 'SCENARIO_NO_MODULE', /without the module my-driver$/],
    [{ exitCode: 127 }, 'SCENARIO_NO_COMMAND', /race/],
  ];
  for (const [answer, code, message] of rows) {
    const { performance } = await play(write('rounds: 1'), () => answer);
    t.match(performance.fault, { blame: 'scenario', code, message });
  }
  const { performance } = await play(write('rounds: 1'), () => ({ signal: 'KILL', exitCode: null }));
  t.match(performance.findings, [{ signature: 'expectation:x:meet:signal KILL' }]);
});

/** A job that has printed this and goes on. */
function goesOn(guest: FakeGuest, stdout: string): void {
  const { start } = guest;
  guest.start = async (command, options) => ({
    ...(await start(command, options)),
    output: () => ({ stdout, stderr: '' }),
  });
}

t.test('a race that is cut short is recorded as far as it came, and killed', async (t) => {
  const clock = aClock();
  const guest = aGuest((command) => (command.includes('race') ? null : {}), clock);
  goesOn(guest, `${SWEPT.slice(0, SWEPT.indexOf('round 5'))}round 5 0 1`);
  const { performance } = await play(write('time: 1m'), () => ({}), {
    guest,
    now: clock.now,
    sleep: clock.sleep,
    firstFinding: clock.sleep(2_000),
  });
  const [record] = performance.steps;
  t.match(record, {
    outcome: 'cut',
    numbers: { rounds: 4, hits: 2, firstHitRound: 3 },
    details: [/^cut short/, /^4 rounds/],
  });
  t.equal(record?.points?.length, 3);
  t.ok(guest.log.includes('kill 100 KILL'));
  t.ok(performance.evidence['race.txt']?.startsWith('round 1 '));
});

t.test('the rounds before a machine’s end are known', async (t) => {
  const lost = new Fault({ blame: 'lab', code: 'GUEST_CONNECTION_LOST', message: 'gone' });
  const guest = aGuest(() => null);
  const { start } = guest;
  guest.start = async (command, options) => ({
    ...(await start(command, options)),
    output: () => ({ stdout: SWEPT, stderr: '' }),
    wait: () => Promise.reject(lost),
    kill: () => Promise.reject(lost),
  });
  const { performance } = await play(write('rounds: 6'), () => ({}), { guest });
  t.equal(performance.fault, lost);
  t.match(performance.steps, [{ outcome: 'error', numbers: { rounds: 6 }, details: ['gone', /^6 rounds/] }]);
});

t.test(
  'until the first hit: a splat, of which the guest’s program knows nothing, ends the race too',
  async (t) => {
    const clock = aClock();
    const guest = aGuest((command) => (command.includes('race') ? null : {}), clock);
    goesOn(guest, SWEPT.slice(0, SWEPT.indexOf('round 5')).replace(/ 1 creator/g, ' 0 creator'));
    const run = guest.run;
    guest.run = (command, options) => {
      if (command === 'kill -TERM 100')
        guest.end('exec race', { stdout: SWEPT.replace('end rounds', 'end stopped') });
      return run(command, options);
    };
    const { performance } = await play(write('time: 1m\n        until: hit'), () => ({}), { guest });
    t.ok(guest.log.includes('run kill -TERM 100'));
    t.match(performance.steps, [{ numbers: { rounds: 6 }, details: { 7: 'ended: stopped' } }]);
  },
);

t.test('lint finds a race that cannot be', async (t) => {
  const rows: readonly [string, RegExp][] = [
    [write('rounds: 1', 'machine: {cpus: 1}'), /warning: this needs 2 CPUs, and the machine has 1/],
    [write('rounds: 1').replace('cpu: 1', 'cpu: 2'), /needs 3 CPUs/],
    [write('rounds: 1').replace('name: remover', 'name: creator'), /two actors have the same name/],
    [write('rounds: 1\n        hit: {actor: nobody, exit: 1}'), /not in the race/],
    [write('rounds: 1\n        offset: {from: 1ms, to: 0us, step: 1us}'), /from the smaller offset/],
    [write('rounds: 1\n        offset: {from: 0us, to: 1ms, step: 0us}'), /longer than 0/],
    [write('rounds: 1\n        offset: {from: 0us, to: 1s, step: 1us}'), /at most 2000 offsets/],
    [write('rounds: 1\n        offset: 11s'), /at most 10s/],
    [write('rounds: 1\n        jitter: -1us'), /not negative/],
    [write('rounds: 100001'), /expected at most 100000/],
    [write('rounds: 1').replace('{errno: success}', '{exit: 0}'), /rmmod have an errno/],
  ];
  for (const [text, wanted] of rows)
    t.match(
      lintScenario(text, 'x')
        .map((one) => `${one.severity}: ${one.message}`)
        .join('\n'),
      wanted,
    );
  t.strictSame(lintScenario(write('rounds: 1'), 'x'), []);
});

t.test('parameters give the sweep', async (t) => {
  const parameters = 'parameters: {n: 2, a: -1ms, b: 1ms, s: 100us}';
  const text = write(
    `rounds: '\${{n}}'\n        offset: {from: '\${{a}}', to: '\${{b}}', step: '\${{s}}'}`,
    parameters,
  );
  t.strictSame(lintScenario(text, 'x'), []);
  t.match(settle(text).steps[0]?.body, { rounds: 2, fromUs: -1000, stepUs: 100, points: 21 });
});

t.test('whatever a guest prints is read, within bounds', async () => {
  fc.assert(
    fc.property(mutate(fc.constant(SWEPT), ['round ', 'log ', ':', ' 9', '-', 'end ']), (text) => {
      const reader = createRaceReader(() => ['x']);
      reader.read(text);
      const { points, rounds, hits, seconds } = reader.result();
      const sum = points.reduce((all, one) => all + one.rounds, 0);
      return sum === rounds && hits <= rounds && Number.isFinite(seconds);
    }),
  );
});

t.test(
  'a line that nearly is a round takes no longer to read than one that is',
  { timeout: 20_000 },
  async (t) => {
    const reader = createRaceReader(() => []);
    const tallies = 'a:111111111'.repeat(2000);
    reader.read(`round 1 0 1 1 1 0 ${`creator ${tallies} x `.repeat(5)}\n`);
    t.equal(reader.result().rounds, 1);
    t.equal(reader.result().actors.size, 0);
  },
);

t.test('the places of a widened race have its delay', async (t) => {
  const reader = createRaceReader(() => [], 300_000);
  reader.read(SWEPT);
  t.strictSame([...new Set(reader.result().points.map((one) => one.delayUs))], [300_000]);
});

t.test('a line that has not come whole is read when it has', async (t) => {
  const reader = createRaceReader(() => []);
  for (let length = 0; length <= SWEPT.length; length += 7) reader.read(SWEPT.slice(0, length));
  reader.read(SWEPT);
  t.match(reader.result(), { rounds: 6, hits: 2, end: { reason: 'rounds' } });
});

t.test('a race can be swept otherwise: every round is counted, whatever the kernel says', async (t) => {
  const settled = settle(write('time: 9s\n        until: hit\n        offset: 3ms'));
  const sweep = { fromUs: -100, stepUs: 10, points: 21, times: 2 };
  const swept = sweepRaces(settled, (label) => (label === 'meet' ? sweep : null));
  t.match(swept?.steps[0]?.body, {
    ...{ fromUs: -100, stepUs: 10, points: 21, rounds: 42, timeMs: null, untilHit: false },
    actors: [{ name: 'creator' }, {}, {}],
  });
  t.strictSame(
    parseSettledScenario(JSON.parse(JSON.stringify(swept))),
    swept,
    'and it is a settled scenario',
  );
  t.strictSame(sweepRaces(settled, () => null)?.steps, settled.steps);
  t.equal(
    sweepRaces(settle('name: x\ndescription: d\nsteps: [{run: a}]\n'), () => sweep),
    null,
  );
});
