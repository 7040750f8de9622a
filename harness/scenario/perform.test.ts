// SPDX-License-Identifier: MIT
import t from 'tap';
import { Fault, makeTimeouts, type StepRecord } from '../model/index.ts';
import {
  type Answer,
  aClock,
  aGuest,
  type FakeClock,
  type FakeGuest,
  type Replies,
} from '../testing/index.ts';
import { expandScenario, type Performance, parseScenario, performScenario } from './index.ts';
import type { Stage } from './step.ts';

function settle(body: string) {
  const parsed = parseScenario(`name: x\ndescription: d\n${body}`, 'x');
  if (!parsed.ok) throw new Error(parsed.diagnostics.map((one) => one.message).join('\n'));
  return expandScenario(parsed.scenario)[0] as ReturnType<typeof expandScenario>[number];
}

interface Play {
  readonly performance: Performance;
  readonly guest: FakeGuest;
  readonly ended: readonly StepRecord[];
  /** When it ended. */
  readonly clock: number;
}

async function play(
  body: string,
  replies?: Replies,
  more: Partial<Stage> & { guest?: FakeGuest; clock?: FakeClock } = {},
): Promise<Play> {
  const { clock = aClock(), guest = aGuest(replies), ...stage } = more;
  const ended: StepRecord[] = [];
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
    seed: 1,
    onStepStarted: () => {},
    onStepEnded: (record) => ended.push(record),
    ...stage,
  });
  return { performance, guest, ended, clock: clock.now() };
}

function signatures(performance: Performance): string[] {
  return performance.findings.map((one) => one.signature);
}

t.test('a scenario whose expectations are met has a record for each step, and no finding', async (t) => {
  const { performance, guest, ended } = await play(
    'modules: [mdev, {module: mtty, args: a=1}]\nsetup: [{run: one}]\nsteps: [{label: two, run: two}]\nexpect: {state: [{file: /f, equals: 24}]}\ncleanup: [{run: three}]\n',
    (command) => (command === 'cat -- /f' ? { stdout: '24\n' } : {}),
  );
  t.equal(performance.fault, null);
  t.strictSame(performance.findings, []);
  t.strictSame(
    performance.steps.map((one) => `${one.phase} ${one.kind} ${one.label} ${one.outcome}`),
    [
      'setup insmod load mdev passed',
      'setup insmod load mtty passed',
      'setup run run one passed',
      'steps run two passed',
      'steps read expect /f passed',
      'cleanup run run three passed',
    ],
  );
  t.strictSame(ended, performance.steps);
  t.match(guest.log[2], /insmod \/overlay\/modules\/mtty\.ko a=1$/);
});

t.test('a failing step ends the steps; the whole cleanup is performed even so', async (t) => {
  const { performance, guest } = await play(
    'steps: [{label: a, run: bad}, {label: b, run: never}]\ncleanup: [{run: worse}, {run: last}]\n',
    (command) => (command === 'bad' || command === 'worse' ? { exitCode: 3, stderr: 'no\n' } : {}),
  );
  t.equal(performance.fault, null);
  t.strictSame(signatures(performance), ['expectation:x:a:exit code'], 'and cleanup judges nothing');
  t.match(performance.findings[0], { step: 'a', title: /exit code 3/, details: ['stderr: no'] });
  t.strictSame(guest.log, ['run bad', 'run worse', 'run last']);
});

t.test('after a failing step with continue the next ones are performed', async (t) => {
  const { performance, guest } = await play(
    'steps: [{label: a, continue: true, run: bad}, {label: b, run: good}]\n',
    (command) => ({ exitCode: command === 'bad' ? 1 : 0 }),
  );
  t.equal(performance.findings.length, 1);
  t.strictSame(guest.log, ['run bad', 'run good']);
});

t.test('a failing setup is the scenario’s fault, and no finding', async (t) => {
  const { performance, guest } = await play(
    'setup: [{run: bad}]\nsteps: [{run: never}]\ncleanup: [{run: last}]\n',
    (command) => ({
      exitCode: command === 'bad' ? 1 : 0,
    }),
  );
  t.match(performance.fault, { blame: 'scenario', code: 'SCENARIO_SETUP_FAILED', message: /run bad/ });
  t.strictSame(performance.findings, []);
  t.strictSame(guest.log, ['run bad', 'run last']);
});

t.test('a command that the guest does not have is the scenario’s fault', async (t) => {
  const { performance } = await play('steps: [{run: hodler}]\n', () => ({ exitCode: 127 }));
  t.match(performance.fault, { blame: 'scenario', code: 'SCENARIO_NO_COMMAND' });
});

t.test('a lost connection is the performance’s fault, and no cleanup is tried', async (t) => {
  const lost = new Fault({ blame: 'lab', code: 'GUEST_CONNECTION_LOST', message: 'gone' });
  const { performance, guest } = await play('steps: [{run: a}, {run: b}]\ncleanup: [{run: c}]\n', () => {
    throw lost;
  });
  t.equal(performance.fault, lost);
  t.strictSame(guest.log, ['run a']);
  t.match(performance.steps, [{ label: 'run a', outcome: 'error' }]);
});

t.test('a step that throws anything else is the harness’s fault', async (t) => {
  const { performance } = await play('steps: [{run: a}]\n', () => {
    throw new TypeError('oh');
  });
  t.match(performance.fault, { blame: 'harness', message: /oh/ });
  t.equal(performance.stoppedIn, 'steps');
});

t.test('jobs that still run are killed after the cleanup', async (t) => {
  const { performance, guest } = await play(
    'steps: [{background: {name: a, command: endless}}]\ncleanup: [{run: c}]\n',
    (command) => (command === 'endless' ? null : {}),
  );
  t.strictSame(guest.log, ['start endless', 'run c', 'kill 100 KILL']);
  t.match(performance.steps.at(-1), { phase: 'cleanup', details: ['a: killed'] });
});

t.test('time limits are scaled by the measured boot', async (t) => {
  const asked: number[] = [];
  await play(
    'steps: [{run: {command: a, timeout: 2s}}]\n',
    (_command, options) => {
      asked.push(options?.timeoutMs ?? 0);
      return {};
    },
    { timeouts: makeTimeouts({ accelerator: 'kvm', measuredBootMs: 14_000, scenarioMs: 600_000 }) },
  );
  t.strictSame(asked, [7000]);
});

const ERRNO = 'errno=ENODEV syscall=write value=1\n';
const WRITE = 'write: {to: /f, value: 1';
const JOB = 'background: {name: j, command: job}';
const WRITER = 'background: {name: j, write: {to: /f, value: 1}}';

interface Row {
  readonly steps: string;
  /** How the last command that is not a probe ends. */
  readonly answer?: Answer | null;
  readonly found: readonly string[];
}

const rows: Readonly<Record<string, Row>> = {
  'run: another exit code': { steps: '{label: l, run: a}', answer: { exitCode: 1 }, found: ['l:exit code'] },
  'run: an expected exit code': {
    steps: '{label: l, run: {command: a, exit: [1, 2]}}',
    answer: { exitCode: 2 },
    found: [],
  },
  'run: success, expected a failure': {
    steps: '{label: l, run: {command: a, exit: 1}}',
    found: ['l:exit code'],
  },
  'run: any exit code does not include a deadline': {
    steps: '{label: l, run: {command: a, exit: any}}',
    answer: null,
    found: ['l:deadline'],
  },
  'run: a deadline': { steps: '{label: l, run: a}', answer: null, found: ['l:deadline'] },
  'run: a signal': {
    steps: '{label: l, run: a}',
    answer: { exitCode: null, signal: 'SEGV' },
    found: ['l:signal SEGV'],
  },
  'run: the expected output': {
    steps: '{label: l, run: {command: a, stdout: {equals: x, matches: ^x$, lacks: y, everyLine: x}}}',
    answer: { stdout: 'x\n' },
    found: [],
  },
  'run: unexpected output': {
    steps: '{label: l, run: {command: a, stdout: {equals: x, matches: ^x$, lacks: y, everyLine: x}}}',
    answer: { stdout: 'x y\nz\n' },
    found: ['l:stdout equals', 'l:stdout matches', 'l:stdout lacks', 'l:stdout everyLine'],
  },
  'run: without output no line differs': {
    steps: '{label: l, run: {command: a, stdout: {everyLine: x}}}',
    found: [],
  },
  'write: success': { steps: `{label: l, ${WRITE}}}`, answer: { stdout: 'errno=0 value=1\n' }, found: [] },
  'write: refused, expected success': {
    steps: `{label: l, ${WRITE}}}`,
    answer: { exitCode: 1, stdout: ERRNO },
    found: ['l:errno ENODEV'],
  },
  'write: refused as expected': {
    steps: `{label: l, ${WRITE}, expect: ENODEV}}`,
    answer: { exitCode: 1, stdout: ERRNO },
    found: [],
  },
  'write: refused with one of several expected errnos': {
    steps: `{label: l, ${WRITE}, expect: [EINVAL, ENODEV]}}`,
    answer: { exitCode: 1, stdout: ERRNO },
    found: [],
  },
  'write: success, expected a refusal': {
    steps: `{label: l, ${WRITE}, expect: ENODEV}}`,
    answer: { stdout: 'errno=0 value=1\n' },
    found: ['l:errno success'],
  },
  'write: each unexpected errno of several writes': {
    steps: '{label: l, write: {to: /f, uuids: 4}}',
    answer: { exitCode: 1, stdout: `errno=0 value=1\n${ERRNO}${ERRNO}errno=EFAULT syscall=write value=4\n` },
    found: ['l:errno ENODEV', 'l:errno EFAULT'],
  },
  'write: a writer that was killed in the kernel': {
    steps: `{label: l, ${WRITE}}}`,
    answer: { exitCode: null, signal: 'KILL' },
    found: ['l:signal KILL'],
  },
  'write: a writer that died before its last value': {
    steps: '{label: l, write: {to: /f, values: [1, 2]}}',
    answer: { exitCode: null, signal: 'KILL', stdout: 'errno=0 value=1\n' },
    found: ['l:signal KILL'],
  },
  'write: a writer of UUIDs that was killed halfway': {
    steps: '{label: l, write: {to: /f, uuids: 2}}',
    answer: { exitCode: null, signal: 'KILL', stdout: 'errno=0 value=1\n' },
    found: ['l:signal KILL'],
  },
  'write: a writer of UUIDs stops when the file is gone': {
    steps: '{label: l, write: {to: /f, uuids: 9, expect: [success, ENOENT]}}',
    answer: { exitCode: 1, stdout: 'errno=0 value=1\nerrno=ENOENT syscall=open value=2\n' },
    found: [],
  },
  'write: a writer that blocks': {
    steps: `{label: l, ${WRITE}}}`,
    answer: null,
    found: ['l:deadline'],
  },
  'read: the expected content': {
    steps: '{label: l, read: {file: /f, equals: 24}}',
    answer: { stdout: '24\n' },
    found: [],
  },
  'read: other content': {
    steps: '{label: l, read: {file: /f, equals: 24}}',
    answer: { stdout: '22\n' },
    found: ['l:content equals'],
  },
  'read: a file that is not there': {
    steps: '{label: l, read: {file: /f, lacks: a}}',
    answer: { exitCode: 1 },
    found: ['l:unreadable'],
  },
  'read: other content until the time is over': {
    steps: '{label: l, read: {file: /f, matches: x, within: 3s}}',
    found: ['l:content matches'],
  },
  'wait: the job succeeds': { steps: `{${JOB}}, {label: l, wait: j}`, found: [] },
  'wait: the job fails': {
    steps: `{${JOB}}, {label: l, wait: j}`,
    answer: { exitCode: 1 },
    found: ['l:exit code'],
  },
  'wait: the job does not end': {
    steps: `{${JOB}}, {label: l, wait: j}`,
    answer: null,
    found: ['l:deadline'],
  },
  'wait: the job is blocked as expected': {
    steps: `{${JOB}}, {label: l, wait: {for: j, expect: blocked}}`,
    answer: null,
    found: [],
  },
  'wait: the job is not blocked': {
    steps: `{${JOB}}, {label: l, wait: {for: j, expect: blocked}}`,
    found: ['l:not blocked'],
  },
  'wait: ended accepts any end': {
    steps: `{${JOB}}, {label: l, wait: {for: j, expect: ended}}`,
    answer: { exitCode: 9 },
    found: [],
  },
  'wait: killed by the expected signal': {
    steps: `{${JOB}}, {label: l, wait: {for: j, expect: {signal: TERM}}}`,
    answer: { exitCode: null, signal: 'TERM' },
    found: [],
  },
  'wait: killed by another signal': {
    steps: `{${JOB}}, {label: l, wait: {for: j, expect: {signal: TERM}}}`,
    answer: { exitCode: null, signal: 'SEGV' },
    found: ['l:signal'],
  },
  'wait: a writer refused': {
    steps: `{${WRITER}}, {label: l, wait: j}`,
    answer: { exitCode: 1, stdout: ERRNO },
    found: ['l:errno ENODEV'],
  },
  'wait: a writer refused as expected': {
    steps: `{${WRITER}}, {label: l, wait: {for: j, expect: {errno: ENODEV}}}`,
    answer: { exitCode: 1, stdout: ERRNO },
    found: [],
  },
  'wait: a writer that was killed': {
    steps: `{${WRITER}}, {label: l, wait: j}`,
    answer: { exitCode: null, signal: 'KILL' },
    found: ['l:signal KILL'],
  },
  'parallel: a failing list is found, the other goes on': {
    steps: '{label: p, parallel: [[{label: l, run: a}, {run: never}], [{run: "true"}]]}',
    answer: { exitCode: 1 },
    found: ['l:exit code'],
  },
  'loop: a failing round is found once': {
    steps: '{label: o, loop: {count: 3, steps: [{label: l, run: a}]}}',
    answer: { exitCode: 1 },
    found: ['l:exit code'],
  },
  'waitForFile: it does not appear': {
    steps: '{label: l, waitForFile: /f}',
    answer: { exitCode: 1 },
    found: ['l:missing'],
  },
  'waitForFile: it does not disappear': {
    steps: '{label: l, waitForFile: {path: /f, gone: true}}',
    answer: { exitCode: 1 },
    found: ['l:still there'],
  },
  'waitForDmesg: the kernel is silent': { steps: '{label: l, waitForDmesg: x}', found: ['l:silent'] },
  'waitForState: not reached': {
    steps: '{label: l, waitForState: {command: a}}',
    answer: { exitCode: 1 },
    found: ['l:state'],
  },
  'waitForState: reached': {
    steps: '{label: l, waitForState: {command: a, stdout: {matches: x}}}',
    answer: { stdout: 'x' },
    found: [],
  },
  'rmmod: refused': { steps: '{label: l, rmmod: mtty}', answer: { exitCode: 1 }, found: ['l:exit code'] },
};

for (const [what, row] of Object.entries(rows)) {
  t.test(what, async (t) => {
    const { performance } = await play(`steps: [${row.steps}]\n`, (command) =>
      command === 'true' ? {} : row.answer === undefined ? {} : row.answer,
    );
    t.equal(performance.fault, null);
    t.strictSame(
      signatures(performance),
      row.found.map((one) => `expectation:x:${one}`),
    );
  });
}

t.test('read with a time reads again until it is as expected', async (t) => {
  let readings = 0;
  const { performance, clock } = await play('steps: [{read: {file: /f, equals: 3, within: 10s}}]\n', () => ({
    stdout: String(++readings),
  }));
  t.strictSame(performance.findings, []);
  t.equal(readings, 3);
  t.equal(clock, 1000);
});

t.test('a loop performs its rounds, counts them in $ROUND, and records only itself', async (t) => {
  const rounds: (string | undefined)[] = [];
  const { performance } = await play(
    'steps: [{loop: {count: 3, steps: [{run: a}]}}]\n',
    (_command, options) => {
      rounds.push(options?.env?.ROUND);
      return {};
    },
  );
  t.strictSame(rounds, ['1', '2', '3']);
  t.match(performance.steps, [{ kind: 'loop', outcome: 'passed', details: ['3 rounds'] }]);
  t.equal(performance.steps.length, 1);
});

t.test('a loop for a time ends when the time is over', async (t) => {
  const { guest } = await play('steps: [{loop: {time: 3s, steps: [{sleep: 1s}, {run: a}]}}]\n');
  t.equal(guest.log.length, 3);
});

t.test('a round that fails is the last, and the steps after the loop are not performed', async (t) => {
  let count = 0;
  const { guest, performance } = await play(
    'steps: [{loop: {count: 9, steps: [{run: a}]}}, {run: b}]\n',
    () => ({
      exitCode: ++count === 2 ? 1 : 0,
    }),
  );
  t.strictSame(guest.log, ['run a', 'run a']);
  t.match(performance.steps.at(-1), {
    kind: 'loop',
    outcome: 'failed',
    details: ['1 of 2 rounds hit, the first was round 2'],
  });
});

t.test('of one signature the first failure is the finding', async (t) => {
  let round = 0;
  const { performance } = await play(
    'steps: [{loop: {count: 2, steps: [{label: l, continue: true, run: a}]}}]\n',
    () => ({ exitCode: 1, stderr: `round ${++round}` }),
  );
  t.match(performance.findings, [{ signature: 'expectation:x:l:exit code', details: ['stderr: round 1'] }]);
  t.equal(performance.findings.length, 1);
  t.equal(
    performance.steps.filter((one) => one.label === 'l').length,
    2,
    'each round that failed has a record',
  );
});

t.test('commands see the seed of the trial', async (t) => {
  const seen: unknown[] = [];
  await play(
    'modules: [m]\nsetup: [{run: a}]\nsteps: [{background: {name: j, command: b}}, {loop: {count: 1, steps: [{run: c}]}}]\n',
    (_command, options) => {
      seen.push(options?.env?.KTRIAL_SEED);
      return {};
    },
    { seed: 4711 },
  );
  t.equal(seen.filter((one) => one === '4711').length, 4);
});

t.test('commands see the process ids of the jobs', async (t) => {
  let seen: string | undefined;
  await play(`steps: [{${JOB}}, {run: a}, {wait: j}]\n`, (command, options) => {
    if (command === 'a') seen = options?.env?.JOB_j;
    return {};
  });
  t.equal(seen, '100');
});

t.test('a line in the kernel log is found, and then no longer counts', async (t) => {
  const marks: string[] = [];
  const { performance } = await play('steps: [{waitForDmesg: in use}]\n', undefined, {
    waitForConsole: async (pattern) => {
      marks.push(`wait ${pattern.test('in use') && !pattern.test('idle')}`);
      return true;
    },
    consoleMark: () => marks.push('mark'),
  });
  t.strictSame(performance.findings, []);
  t.strictSame(marks, ['mark', 'wait true', 'mark']);
});

const L2 = 'l2: {tiny: {kernel: k}}\n';

t.test(
  'a VM inside the guest is started with its device, answers, is stopped, and its console is kept',
  async (t) => {
    const { performance, guest } = await play(
      `${L2}steps: [{startL2: {l2: tiny, devices: [/sys/d]}}, {monitorL2: {command: info pci, answer: {matches: '4348'}}}, {stopL2: {how: TERM}}]\n`,
      (command) => {
        if (command.startsWith('mkdir')) return null;
        if (command.includes('info pci')) return { stdout: 'PCI device 4348:3253' };
        return command.startsWith('tail') ? { stdout: 'l2: up\n' } : {};
      },
    );
    t.strictSame(performance.findings, []);
    t.equal(performance.fault, null);
    t.match(
      guest.log[0],
      /-kernel \/overlay\/l2\/tiny\/kernel -initrd \/overlay\/l2\/tiny\/initramfs\.cpio /,
    );
    t.match(
      guest.log[0],
      /if \[ -e \/overlay\/l2\/tiny\/96\.state \]; then .* -incoming file:\/overlay\/l2\/tiny\/96\.state; else set --; fi && exec qemu.* -device vfio-pci,id=device0,sysfsdev=\/sys\/d "\$@"$/,
    );
    t.ok(guest.log.includes('kill 100 TERM'));
    t.strictSame(performance.evidence, { 'l2.console': 'l2: up\n' });
  },
);

t.test('a VM inside the guest that does not start is a finding with QEMU’s output', async (t) => {
  const { performance } = await play(
    `${L2}steps: [{label: l, startL2: {l2: tiny}}, {stopL2: l2}]\n`,
    (command) => (command.startsWith('mkdir') ? { exitCode: 1, stderr: 'vfio: no such device\n' } : {}),
  );
  t.match(performance.findings, [{ signature: 'expectation:x:l:not started' }]);
  t.ok(performance.findings[0]?.details.includes('stderr: vfio: no such device'));
});

t.test('a VM inside the guest that quits by its monitor exits with 0', async (t) => {
  const guest = aGuest((command) => (command.startsWith('mkdir') ? null : {}));
  const { run } = guest;
  guest.run = (command, options) => {
    if (command.endsWith(' quit')) guest.end('mkdir');
    return run(command, options);
  };
  const { performance } = await play(`${L2}steps: [{startL2: {l2: tiny}}, {stopL2: l2}]\n`, undefined, {
    guest,
  });
  t.strictSame(performance.findings, []);
});

/** A guest with a VM whose console has one more line each time that it is read, and that ends after its last line. */
function aVmThatPrints(lines: readonly string[], end: Answer | null = null): FakeGuest {
  let read = 0;
  const guest = aGuest((command) => {
    if (command.startsWith('mkdir')) return null;
    if (!command.startsWith('tail')) return {};
    read = Math.min(read + 1, lines.length);
    if (read === lines.length && end) guest.end('mkdir', end);
    return {
      stdout: lines
        .slice(0, read)
        .map((line) => `${line}\r\n`)
        .join(''),
    };
  });
  return guest;
}

async function waitForVm(wait: string, guest: FakeGuest) {
  const { performance, clock } = await play(
    `${L2}steps: [{startL2: {l2: tiny}}, {label: l, waitForL2: ${wait}}]\n`,
    undefined,
    { guest },
  );
  const record = performance.steps.find((one) => one.label === 'l');
  return { record, findings: performance.findings, fault: performance.fault, clock };
}

t.test('a wait for a VM inside the guest ends with the line that it waits for', async (t) => {
  const { findings, record } = await waitForVm(
    "{matches: '^l2: tested$'}",
    aVmThatPrints(['boot', 'l2: test', 'l2: tested']),
  );
  t.strictSame(findings, []);
  t.strictSame(record?.details, ['console: boot', 'console: l2: test', 'console: l2: tested']);
});

t.test('lines that were there before do not count as more', async (t) => {
  const lines = Array.from({ length: 6 }, (_, turn) => `l2: block ${turn} ok`);
  const { findings, record } = await waitForVm("{matches: ' ok$', more: 3}", aVmThatPrints(lines));
  t.strictSame(findings, []);
  t.equal(record?.details.length, 4, 'one before, and three more');
  const stuck = await waitForVm("{matches: ' ok$', more: 3, timeout: 5s}", aVmThatPrints(lines.slice(0, 3)));
  t.match(stuck.findings, [
    {
      signature: 'expectation:x:l:console',
      title: /2 of 3 lines of its console matched \/ ok\$\/ within 5 s/,
    },
  ]);
});

t.test('of a list, each line must come, and each as often as was asked', async (t) => {
  const lines = ['a ok', 'a ok', 'b ok', 'a ok', 'b ok', 'a ok'];
  const both = await waitForVm("{matches: ['^a', '^b'], timeout: 5s}", aVmThatPrints(['up', ...lines]));
  t.strictSame(both.findings, []);
  t.equal(both.record?.details.at(-1), 'console: b ok', 'it ends when the last of them came');
  const more = await waitForVm(
    "{matches: ['^a', '^b'], more: 2, timeout: 9s}",
    aVmThatPrints(['b ok', ...lines]),
  );
  t.strictSame(more.findings, []);
  const stuck = await waitForVm(
    "{matches: ['^a', '^b', '^c'], more: 3, timeout: 9s}",
    aVmThatPrints(['up', ...lines]),
  );
  t.match(stuck.findings, [
    {
      signature: 'expectation:x:l:console',
      title:
        /^l: 2 of 3 lines of its console matched \/\^b\/ within 9 s; 0 of 3 lines .* \/\^c\/ within 9 s$/,
    },
  ]);
});

t.test('a line that must not come ends the wait at once', async (t) => {
  const { findings, clock } = await waitForVm(
    "{matches: ' ok$', lacks: ' failed', timeout: 100s}",
    aVmThatPrints(['l2: up', 'l2: block 1 failed: came nothing', 'l2: block 2']),
  );
  t.match(findings, [
    { signature: 'expectation:x:l:console', title: /has "l2: block 1 failed: came nothing"/ },
  ]);
  t.ok(clock < 20_000);
});

t.test('a wait for a VM that ends by itself ends with it, and has its last lines', async (t) => {
  const { findings, clock, fault } = await waitForVm(
    "{matches: '^l2: tested', timeout: 100s}",
    aVmThatPrints(['l2: up', 'Kernel panic - not syncing: dead'], { stderr: 'vfio: gone\n' }),
  );
  t.equal(fault, null);
  t.match(findings, [
    {
      signature: 'expectation:x:l:VM ended',
      title: /the VM l2 ended by itself: its QEMU exited with code 0$/,
    },
  ]);
  t.ok(findings[0]?.details.includes('stderr: vfio: gone'));
  t.ok(findings[0]?.details.includes('console: Kernel panic - not syncing: dead'));
  t.ok(clock < 20_000);
});

t.test('the last line of a VM that ends is seen', async (t) => {
  const { findings } = await waitForVm("{matches: '^l2: done'}", aVmThatPrints(['l2: up', 'l2: done'], {}));
  t.strictSame(findings, []);
});

t.test('a VM that ended by itself is neither stopped nor asked', async (t) => {
  for (const step of ['stopL2: l2', 'stopL2: {how: KILL}', 'monitorL2: {command: info pci}']) {
    const guest = aGuest((command) => {
      if (command.startsWith('mkdir')) return null;
      return command.includes('info pci') ? { exitCode: 2, stderr: 'Connection refused\n' } : {};
    });
    const { performance } = await play(
      `${L2}steps: [{startL2: {l2: tiny}}, {run: meanwhile}, {label: l, ${step}}]\n`,
      undefined,
      {
        guest: {
          ...guest,
          run(command, options) {
            if (command === 'meanwhile') guest.end('mkdir', { exitCode: null, signal: 'SEGV' });
            return guest.run(command, options);
          },
        },
      },
    );
    t.match(
      performance.findings,
      [{ signature: 'expectation:x:l:VM ended', title: /its QEMU was killed by SIGSEGV/ }],
      step,
    );
  }
});

const FAILING: readonly string[] = [
  'run: a',
  'run: {command: a, exit: 3, stdout: {equals: other}}',
  'write: {to: /f, value: 1}',
  'read: {file: /f, equals: other}',
  'insmod: m',
  'rmmod: m',
  'waitForFile: /f',
  'waitForState: {command: a}',
  'waitForL2: {matches: up}',
  'monitorL2: {command: info}',
  'stopL2: l2',
  'startL2: {l2: tiny, name: other}',
  'wait: l2',
];

t.test('a failing step shows the last lines of the program that failed', async (t) => {
  const words = ['earlier', ...Array.from({ length: 19 }, (_, index) => `line ${index}`), 'own words'];
  const answer = { exitCode: 3, stderr: `${words.join('\n')}\n` };
  for (const step of FAILING) {
    const { performance } = await play(
      `${L2}steps: [{background: {name: l2, command: job}}, {label: l, ${step}}]\n`,
      () => answer,
    );
    const record = performance.steps.find((one) => one.label === 'l');
    t.equal(record?.outcome, 'failed');
    t.ok(record?.details.includes('stderr: own words'), step);
    t.notMatch(record?.details.join('\n'), /earlier$/m, 'the first of 21 lines is left out');
  }
});
