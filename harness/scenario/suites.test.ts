// SPDX-License-Identifier: MIT
import t from 'tap';
import { Fault, makeTimeouts } from '../model/index.ts';
import { aClock, aGuest, type Replies } from '../testing/index.ts';
import { expandScenario, lintScenario, listSelftests, parseScenario, performScenario } from './index.ts';

function settle(body: string) {
  const parsed = parseScenario(`name: x\ndescription: d\n${body}`, 'x');
  if (!parsed.ok) throw new Error(parsed.diagnostics.map((one) => one.message).join('\n'));
  const [settled] = expandScenario(parsed.scenario);
  if (!settled) throw new Error('there is no scenario');
  return settled;
}

async function play(body: string, replies: Replies, signal = new AbortController().signal) {
  const clock = aClock();
  const guest = aGuest(replies, clock);
  const performance = await performScenario(settle(body), {
    guest,
    waitForConsole: async () => false,
    consoleMark: () => {},
    now: clock.now,
    sleep: clock.sleep,
    signal,
    timeouts: makeTimeouts({ accelerator: 'kvm', measuredBootMs: 4_000, scenarioMs: 600_000 }),
    consoleSilentMs: () => 0,
    findSplats: () => [],
    firstFinding: new Promise(() => {}),
    seed: 1,
    onStepStarted: () => {},
    onStepEnded: () => {},
  });
  const tests = performance.subtests.map(({ name, outcome, reason }) =>
    reason === null ? `${name} ${outcome}` : `${name} ${outcome}: ${reason}`,
  );
  return { performance, guest, tests, signatures: performance.findings.map((one) => one.signature) };
}

const RESULTS = `    # Subtest: pond
    1..2
    ok 1 - pond_read
    not ok 2 - pond_write
not ok 1 - pond
`;

/** A guest whose kernel has the suite `pond` in the module pond_test, which needs kunit. */
const withModule =
  (more: Replies = () => ({})): Replies =>
  (command, options) => {
    if (command.includes('kunit_test_suites')) return { stdout: 'pond_test\n' };
    if (command.startsWith('cat /overlay/modules/modules.dep')) return { stdout: 'pond_test.ko: kunit.ko\n' };
    if (command.startsWith('cat /sys/kernel/debug/kunit/pond/results')) return { stdout: RESULTS };
    return more(command, options);
  };

t.test(
  'a KUnit suite in a module runs when that is loaded; each failed test is a finding by its name',
  async (t) => {
    const { guest, tests, performance } = await play('steps: [{kunit: pond}]\n', withModule());
    t.strictSame(tests, ['pond.pond_read ok', 'pond.pond_write notOk']);
    t.match(performance.findings, [
      {
        kind: 'subtest',
        signature: 'ktap:pond.pond_write',
        title: 'pond.pond_write failed',
        step: 'KUnit pond',
      },
    ]);
    t.ok(
      guest.log.includes(
        'run insmod /overlay/modules/kunit.ko enable=1 && insmod /overlay/modules/pond_test.ko',
      ),
    );
    t.ok(guest.log.includes('run rmmod pond_test'));
  },
);

t.test('a failed test of a suite ends neither the other suites nor the steps after them', async (t) => {
  const { tests, performance } = await play(
    'steps: [{kunit: [pond, lake]}, {label: after, run: after}]\n',
    withModule(),
  );
  t.ok(
    tests.includes('lake crashed: the kernel has no results of it'),
    'the module has results of pond alone',
  );
  t.ok(performance.steps.some((one) => one.label === 'after' && one.outcome === 'passed'));
});

t.test('results that KUnit cut off are taken from the log of the kernel', async (t) => {
  const cut = RESULTS.replace(
    '    not ok 2 - pond_write\n',
    '    # pond_write: EXPECTATION FAILED at lib/po\n',
  );
  const { tests } = await play('steps: [{kunit: pond}]\n', (command) => {
    if (command.startsWith('cat /sys/')) return { stdout: cut };
    if (command !== 'dmesg') return withModule()(command);
    const stamped = RESULTS.replace(/^/gm, '[    1.0] ');
    return { stdout: `[    0.9] ktrial: KUnit suite pond begins\n${stamped}` };
  });
  t.strictSame(tests, ['pond.pond_read ok', 'pond.pond_write notOk']);
});

t.test('a suite that is built in runs once more where the kernel can do that', async (t) => {
  const { guest, tests } = await play('steps: [{kunit: pond}]\n', (command) => {
    if (command.includes('kunit_test_suites')) return { stdout: 'run\n' };
    return command.startsWith('cat /sys/') ? { stdout: RESULTS } : {};
  });
  t.ok(guest.log.includes('run echo 1 >/sys/kernel/debug/kunit/pond/run'));
  t.notOk(guest.log.some((line) => /run (?:insmod|rmmod)/.test(line)));
  t.equal(tests.length, 2);
});

t.test('a suite that the kernel does not have is skipped, with the reason', async (t) => {
  const { tests, signatures } = await play('steps: [{kunit: pond}]\n', () => ({}));
  t.strictSame(tests, ['pond skip: the kernel under test was built without this suite']);
  t.strictSame(signatures, []);
});

t.test('a KUnit that is disabled is no crash of its suites, and says what enables it', async (t) => {
  const { tests } = await play('steps: [{kunit: pond}]\n', (command) => {
    if (command.includes('kunit_test_suites')) return { stdout: 'pond_test\n' };
    if (command !== 'dmesg') return { exitCode: command.startsWith('cat ') ? 1 : 0 };
    return {
      stdout:
        '[ 5.2] ktrial: KUnit suite pond begins\n[ 5.4] KTAP version 1\n[ 5.4] 1..1\n[ 5.4] kunit: disabled\n',
    };
  });
  t.match(tests, [/^pond skip: KUnit is disabled: set CONFIG_KUNIT_DEFAULT_ENABLED=y/]);
});

t.test('a suite that does not end in time is named, with the tests that the log has of it', async (t) => {
  const log = `[    1.0] ktrial: KUnit suite pond begins
[    1.0] KTAP version 1
[    1.0] 1..1
[    1.0]     KTAP version 1
[    1.0]     # Subtest: pond
[    1.0]     1..2
[    1.0]     ok 1 pond_read
`;
  const { tests } = await play(
    'steps: [{kunit: {suites: pond, timeout: 5s}}]\n',
    withModule((command) => {
      if (command.startsWith('insmod')) return null;
      return command === 'dmesg' ? { stdout: `[    0.5] pond is ok\n${log}` } : {};
    }),
  );
  t.strictSame(tests, [
    'pond.pond_read ok',
    'pond.(missing) crashed: 1 result did not come: it began, and its result never came',
    'pond timeout: it did not end in time',
  ]);
});

t.test('a suite during which the machine ends has crashed', async (t) => {
  const ended = new AbortController();
  const { performance, signatures } = await play(
    'steps: [{kunit: pond}]\n',
    withModule((command) => {
      if (!command.startsWith('insmod')) return {};
      ended.abort(new Fault({ blame: 'lab', code: 'MACHINE_ENDED', message: 'the kernel panicked' }));
      throw new Fault({ blame: 'lab', code: 'MACHINE_ENDED', message: 'the kernel panicked' });
    }),
    ended.signal,
  );
  t.equal(performance.fault?.code, 'MACHINE_ENDED');
  t.match(performance.subtests, [{ name: 'pond', outcome: 'crashed' }]);
  t.strictSame(signatures, ['ktap:pond']);
});

t.test('a failed test in the setup is the scenario’s mistake', async (t) => {
  const { performance } = await play('setup: [{kunit: pond}]\nsteps: [{run: "true"}]\n', withModule());
  t.equal(performance.fault?.code, 'SCENARIO_SETUP_FAILED');
  t.strictSame(performance.findings, []);
});

/** A guest with a kselftest target, and how each of its programs ends. */
const withTarget =
  (lines: string, programs: Readonly<Record<string, ReturnType<Replies>>> = {}): Replies =>
  (command) => {
    if (command.includes('.programs')) return { stdout: lines };
    const name = /exec \.\/(\S+)$/.exec(command)?.[1] ?? '';
    return name in programs ? (programs[name] ?? null) : {};
  };

t.test(
  'each program of a kselftest target runs, and ends as its exit code and its results say',
  async (t) => {
    const names = ['good', 'bad', 'quiet', 'skips', 'dies', 'hangs', 'lacks', 'short'];
    const { tests, guest } = await play(
      'steps: [{kselftest: pond}]\n',
      withTarget(`${names.map((name) => `program ${name}`).join('\n')}\nsetting timeout=7\n`, {
        good: { stdout: 'TAP version 13\n1..2\nok 1 a\nok 2 b # SKIP no water\n' },
        bad: { stdout: 'TAP version 13\n1..2\nok 1 a\nnot ok 2 b\n', exitCode: 1 },
        quiet: { exitCode: 2, stderr: 'something is wrong\n' },
        skips: { exitCode: 4, stdout: 'SKIP: needs root\n' },
        dies: { exitCode: null, signal: 'SEGV', stdout: 'TAP version 13\n1..3\nok 1 a\n' },
        hangs: null,
        lacks: { exitCode: 4, stderr: 'ktrial-needs: /bin/bash\n' },
        short: { stdout: 'TAP version 13\n1..2\nok 1 a\n' },
      }),
    );
    t.strictSame(tests, [
      'pond:good.a ok',
      'pond:good.b skip: no water',
      'pond:bad.a ok',
      'pond:bad.b notOk',
      'pond:quiet notOk: exit=2',
      'pond:skips skip: SKIP: needs root',
      'pond:dies.a ok',
      'pond:dies.(missing) crashed: 2 results did not come: killed by SIGSEGV',
      'pond:hangs timeout: after 7 s',
      'pond:lacks skip: the guest has no /bin/bash',
      'pond:short.a ok',
      'pond:short.(missing) crashed: 1 result did not come',
    ]);
    t.ok(guest.log.some((line) => line.includes('cd /tmp/kselftest/pond')));
  },
);

t.test('one program of a target may be named, and others do not run', async (t) => {
  const { tests } = await play(
    'steps: [{kselftest: [net/pond:two, "net/pond:three"]}]\n',
    withTarget('program one\nprogram two\n'),
  );
  t.strictSame(tests, ['net/pond:two ok', 'net/pond:three skip: the target has no such program']);
});

t.test('what cannot be built or is not in the tree is skipped with the reason', async (t) => {
  const lost = await play('steps: [{kselftest: pond}]\n', withTarget('absent\n'));
  t.strictSame(lost.tests, ['pond skip: the tree under test has no such target']);
  const built = await play(
    'steps: [{kselftest: pond}]\n',
    withTarget('program one\nmissing one\tno sys/capability.h\n'),
  );
  t.strictSame(built.tests, ['pond:one skip: it does not compile: no sys/capability.h']);
});

t.test('the targets that have to be built are found in steps inside steps too', async (t) => {
  const settled = settle(
    'steps:\n  - kselftest: [core, "clone3:clone3"]\n  - loop: {count: 2, steps: [{kselftest: net/pond}]}\n  - parallel: [[{kselftest: core}], [{run: "true"}]]\n',
  );
  t.strictSame(listSelftests(settled), ['clone3', 'core', 'net/pond']);
});

t.test('names that are no suite and no target are refused where they stand', async (t) => {
  for (const [body, code] of [
    ['kunit: "a b"', 'WRONG_FORM'],
    ['kselftest: ../escape', 'WRONG_FORM'],
    ['kselftest: /tmp', 'WRONG_FORM'],
    ['kselftest: "core:a:b"', 'WRONG_FORM'],
    ['kselftest: []', 'OUT_OF_RANGE'],
  ] as const) {
    const [first] = lintScenario(`name: x\ndescription: d\nsteps:\n  - ${body}\n`, 'x');
    t.equal(first?.severity, 'error', body);
    t.ok(first?.code, code);
  }
});
