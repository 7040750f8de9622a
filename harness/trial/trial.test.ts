// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Fault, MAXIMUM_TRIAL_SPLATS } from '../model/index.ts';
import { aScenario, FAKE_TIMEOUTS, runFakeTrial } from '../testing/fake-lab.ts';
import {
  aMachineStarter,
  aTemplateSource,
  aTrial,
  type FakeMachine,
  KASAN_LINES,
  type MachineScript,
  makePciDevices,
  stampLines,
  WARNING_LINES,
} from '../testing/index.ts';
import { settleReachability } from '../verdict/index.ts';
import type { MachineSpec } from '../vm/index.ts';

t.jobs = 6;

const PLAIN = aScenario(
  'setup: [{run: prepare}]\nsteps: [{run: work}, {run: more}]\ncleanup: [{run: tidy}]\n',
);
const KASAN = stampLines(20, KASAN_LINES);
const KASAN_TITLE = 'KASAN: slab-use-after-free Read in otter_release';
const WARNING = stampLines(30, WARNING_LINES);

/** A guest whose command `work` does something to its machine. */
const onWork = (
  act: (machine: FakeMachine) => unknown,
  answer: 'ends' | 'hangs' = 'ends',
): MachineScript => ({
  replies(command, machine) {
    if (command !== 'work') return {};
    act(machine);
    return answer === 'ends' ? {} : null;
  },
});

const anOops = (name: string, at: number) =>
  stampLines(
    at,
    WARNING_LINES.map((line) => line.replaceAll('badger_put', name)),
  );

t.test(
  'a trial that goes well has its steps, boot time, machine and files on record',
  { buffered: true },
  async (t) => {
    const { result, events, read } = await runFakeTrial(t.testdir(), PLAIN);
    t.match(result, { outcome: 'passed', blame: null, fault: null, findings: [], splats: [], notes: [] });
    t.type(result.bootMs, 'number');
    t.match(result.bootMethod, { kind: 'cold', template: null, fallbackReason: null });
    t.match(result.accelerator, { kind: 'tcg' });
    t.equal(result.machineCommand, 'qemu-system-x86_64 -nographic');
    t.strictSame(
      result.steps.map((step) => `${step.phase} ${step.label} ${step.outcome}`),
      [
        'setup run prepare passed',
        'steps run work passed',
        'steps run more passed',
        'cleanup run tidy passed',
      ],
    );
    t.strictSame(Object.keys(result.files).sort(), ['console', 'dmesg', 'overlay', 'qemu']);
    for (const [name, file] of Object.entries(result.files)) {
      if (name === 'overlay') continue;
      const text = read(file.name);
      t.equal(file.bytes, Buffer.byteLength(text), name);
      t.equal(file.digest, createHash('sha256').update(text).digest('hex'), name);
    }
    t.match(read('dmesg.txt'), /^\[ {4}0\.000000\] Linux version/);
    t.strictSame(
      [...new Set(events.map((event) => event.type))],
      ['machineBooted', 'stepStarted', 'stepEnded'],
    );
  },
);

t.test('a machine that floods its console is the lab’s, unless it complained before', async (t) => {
  const { result } = await runFakeTrial(
    t.testdir(),
    PLAIN,
    onWork((machine) => machine.fillConsole(), 'hangs'),
  );
  t.match(result, {
    outcome: 'failed',
    blame: 'lab',
    findings: [],
    reason: /the console was cut after 64 MiB/,
  });
  const complained = await runFakeTrial(
    t.testdir(),
    PLAIN,
    onWork((machine) => {
      machine.say(KASAN);
      machine.fillConsole();
    }, 'hangs'),
  );
  t.match(complained.result, { outcome: 'failed', blame: 'kernel', findings: [{ title: KASAN_TITLE }] });
  t.match(
    complained.read('console.log'),
    'BUG: KASAN: slab-use-after-free',
    'what came before the cut is kept',
  );
});

t.test('what held QEMU is on record, and a note says where that was less than usual', async (t) => {
  const usual = await runFakeTrial(t.testdir(), PLAIN);
  t.match(usual.result, { confinement: 'nothing, for it is a fake', notes: [] });
  const open = await runFakeTrial(t.testdir(), PLAIN, { isolated: false });
  t.match(open.result, { outcome: 'passed', notes: [/QEMU was not isolated .* nothing, for it is a fake/] });
});

t.test(
  'a guest that is not reachable is the kernel’s only when the base came up',
  { buffered: true },
  async (t) => {
    const { result } = await runFakeTrial(t.testdir(), PLAIN, { bootMs: Number.POSITIVE_INFINITY });
    t.match(result, { blame: 'lab', fault: 'GUEST_UNREACHABLE', bootMs: null });
    t.equal(settleReachability([result], 'base')[0]?.blame, 'lab');
    t.match(settleReachability([result, aTrial('s.base.1')], 'base')[0], {
      blame: 'kernel',
      findings: [{ signature: 'death:boot' }],
    });
  },
);

t.test(
  'a machine whose emulator stands still does not hang: that is the lab’s',
  { buffered: true },
  async (t) => {
    const script = onWork((machine) => {
      machine.loseSession('silent');
      machine.isRunning = async () => false;
    }, 'hangs');
    const { result } = await runFakeTrial(t.testdir(), PLAIN, script);
    t.match(result, { blame: 'lab', findings: [], reason: /^QEMU does not answer/ });
  },
);

t.test(
  'an interrupted trial keeps its steps and splats, and its machine is stopped',
  { buffered: true },
  async (t) => {
    const interrupt = new AbortController();
    const script = onWork(() => interrupt.abort(), 'hangs');
    const { result, machines, read } = await runFakeTrial(t.testdir(), PLAIN, script, {
      signal: interrupt.signal,
    });
    t.match(result, {
      outcome: 'failed',
      blame: 'lab',
      fault: 'TRIAL_INTERRUPTED',
      reason: 'the trial was interrupted',
    });
    t.equal(result.steps[0]?.label, 'run prepare');
    t.match(machines[0]?.hasEnded(), { reason: 'stoppedByUs' });
    t.notOk(machines[0]?.log.includes('powerOff'), 'nobody waits for it to power off');
    t.ok(read('console.log').length > 0);
  },
);

t.test('a splat before the interruption is still evidence', { buffered: true }, async (t) => {
  const interrupt = new AbortController();
  const script = onWork((machine) => {
    machine.say(KASAN);
    interrupt.abort();
  }, 'hangs');
  const { result } = await runFakeTrial(t.testdir(), PLAIN, script, { signal: interrupt.signal });
  t.match(result, {
    outcome: 'failed',
    blame: 'kernel',
    fault: 'TRIAL_INTERRUPTED',
    findings: [{ title: KASAN_TITLE }],
    splats: [{ title: KASAN_TITLE }],
  });
});

t.test(
  'a trial that is interrupted while its machine boots, or before, says so',
  { buffered: true },
  async (t) => {
    const interrupt = new AbortController();
    const booting = runFakeTrial(
      t.testdir(),
      PLAIN,
      { bootMs: Number.POSITIVE_INFINITY },
      {
        signal: interrupt.signal,
        lab: { timeouts: (request) => ({ ...FAKE_TIMEOUTS(request), bootMs: 60_000 }) },
      },
    );
    setTimeout(() => interrupt.abort(), 100);
    t.match((await booting).result, { blame: 'lab', fault: 'TRIAL_INTERRUPTED', bootMs: null });
    const { result } = await runFakeTrial(t.testdir(), PLAIN, {}, { signal: AbortSignal.abort() });
    t.match(result, { blame: 'lab', fault: 'TRIAL_INTERRUPTED', steps: [] });
  },
);

t.test('whoever stops a trial gives the reason: the first one stays', { buffered: true }, async (t) => {
  const outer = new AbortController();
  const reason = new Fault({ blame: 'lab', code: 'HOST_GOING_DOWN', message: 'the computer is shut down' });
  const script = onWork((machine) => {
    outer.abort(reason);
    machine.killQemu();
  }, 'hangs');
  const { result } = await runFakeTrial(t.testdir(), PLAIN, script, { signal: outer.signal });
  t.match(result, { blame: 'lab', fault: 'HOST_GOING_DOWN', reason: 'the computer is shut down' });
});

t.test(
  'a complaint without a trace is announced after a second of silence, and cuts the trial short',
  async (t) => {
    const scenario = aScenario('steps: [{run: {command: work, timeout: 240m}}]\n');
    const hung = '[   20.000000] WARNING: pond is nearly dry\n';
    const begun = performance.now();
    let announcedAt = 0;
    const { result } = await runFakeTrial(
      t.testdir(),
      scenario,
      onWork((machine) => machine.say(hung), 'hangs'),
      {
        lab: { timeouts: (request) => ({ ...FAKE_TIMEOUTS(request), scenarioMs: 20_000 }) },
        onEvent(event) {
          if (event.type === 'splatSeen') announcedAt = performance.now() - begun;
        },
      },
    );
    t.ok(announcedAt > 0 && announcedAt < 10_000, `announced after ${Math.round(announcedAt)} ms`);
    t.ok(result.durationMs < 10_000, `took ${result.durationMs} ms`);
    t.match(result, { blame: 'kernel', findings: [{ title: 'WARNING: pond is nearly dry' }] });
  },
);

t.test('the grace after a finding is configurable', { buffered: true }, async (t) => {
  const scenario = aScenario('steps: [{run: {command: work, timeout: 240m}}]\n');
  const script = onWork((machine) => machine.say(KASAN), 'hangs');
  const { result } = await runFakeTrial(t.testdir(), scenario, script, {
    lab: { timeouts: (request) => ({ ...FAKE_TIMEOUTS(request), graceMs: 700, scenarioMs: 20_000 }) },
  });
  t.ok(result.durationMs > 700 && result.durationMs < 10_000, `took ${result.durationMs} ms`);
});

t.test(
  'a splat that only the guest’s own log has counts, and is said to be missing on the console',
  async (t) => {
    const script: MachineScript = { log: (console) => console + KASAN };
    const { result, read } = await runFakeTrial(t.testdir(), PLAIN, script);
    t.match(result, {
      outcome: 'failed',
      blame: 'kernel',
      findings: [{ kind: 'splat', title: KASAN_TITLE, splat: 0 }],
      splatCount: 1,
    });
    t.strictSame(result.notes, [`only dmesg.txt has it, the console does not: ${KASAN_TITLE}`]);
    const { text } = result.splats[0] ?? {};
    t.match(read('splats.txt').slice(text?.offset, (text?.offset ?? 0) + (text?.length ?? 0)), /BUG: KASAN/);
  },
);

t.test(
  'a splat that both logs have is one, and an allowed one in the guest’s own log is allowed',
  async (t) => {
    const both = await runFakeTrial(
      t.testdir(),
      PLAIN,
      onWork((machine) => machine.say(KASAN)),
    );
    t.equal(both.result.splatCount, 1);
    t.strictSame(both.result.notes, []);
    const scenario = aScenario(
      'steps: [{run: work}]\nexpect: {allow: [{matches: badger_put, why: a test}]}\n',
    );
    const allowed = await runFakeTrial(t.testdir(), scenario, { log: (console) => console + WARNING });
    t.match(allowed.result, { outcome: 'passed', splatCount: 1, notes: { length: 1 } });
  },
);

t.test(
  'a gap in the guest’s own log is a note, and so is a log that nobody could read',
  { buffered: true },
  async (t) => {
    const gap = await runFakeTrial(t.testdir(), PLAIN, {
      log: () => '6,0,0,-;Linux version 5.10.0 (fake)\n6,7,1000,-;later\n',
    });
    t.match(gap.result, { outcome: 'passed', notes: [/overwrote 6 record/] });
    const cut = await runFakeTrial(t.testdir(), PLAIN, { log: () => '<6>[    5.000000] later\n' });
    t.match(cut.result, { outcome: 'passed', notes: [/no longer has its beginning/] });
    const none = await runFakeTrial(t.testdir(), PLAIN, {
      log: () => null,
      replies: (command) => (command === 'dmesg' ? { exitCode: 1 } : {}),
    });
    t.match(none.result, {
      outcome: 'passed',
      notes: [/could not be read: the console is the only evidence/],
    });
    t.notOk('dmesg' in none.result.files);
    const dmesg = await runFakeTrial(t.testdir(), PLAIN, {
      log: () => null,
      replies: (command) =>
        command === 'dmesg' ? { stdout: `[    0.000000] Linux version 5.10\n${KASAN}` } : {},
    });
    t.match(dmesg.result, { blame: 'kernel', findings: [{ title: KASAN_TITLE }] });
  },
);

t.test(
  'what cannot be written after the steps is a note, and takes nothing away',
  { buffered: true },
  async (t) => {
    const directory = t.testdir();
    const trialDirectory = join(directory, 'trials', 's.patched.1');
    // A directory stands where each file should be: as on a full disk, the writing fails.
    for (const name of ['dmesg.txt', 'splats.txt'])
      mkdirSync(join(trialDirectory, name), { recursive: true });
    const script: MachineScript = {
      replies(command, machine) {
        if (command === 'work') machine.say(KASAN);
        return { exitCode: command === 'more' ? 3 : 0 };
      },
    };
    const scenario = aScenario('steps: [{run: work}, {run: more}]\n');
    const { result } = await runFakeTrial(directory, scenario, script);
    t.match(result, { outcome: 'failed', blame: 'kernel' });
    t.strictSame(
      result.findings.map((one) => one.kind),
      ['expectation', 'splat'],
    );
    t.match(result.splats, [{ title: KASAN_TITLE, text: null }]);
    t.equal(result.steps.length, 2);
    t.match(result.notes, [/^dmesg\.txt could not be written/, /^the splats could not be written/]);
  },
);

t.test('a disk that is full at the end spoils a clean log, and no finding', { buffered: true }, async (t) => {
  const lab = { space: { measureMib: async () => 1, everyMs: 60_000 } };
  const clean = await runFakeTrial(t.testdir(), PLAIN, {}, { lab });
  t.match(clean.result, { outcome: 'failed', blame: 'lab', fault: 'HOST_DISK_FULL' });
  t.equal(clean.result.steps.length, 4);
  const bad = await runFakeTrial(
    t.testdir(),
    PLAIN,
    onWork((machine) => machine.say(KASAN)),
    { lab },
  );
  t.match(bad.result, { outcome: 'failed', blame: 'kernel', findings: [{ title: KASAN_TITLE }] });
});

t.test('splats are on disk as they are found', { buffered: true }, async (t) => {
  let seen = '';
  const directory = t.testdir();
  const script: MachineScript = {
    replies(command, machine) {
      if (command === 'work') machine.say(KASAN);
      return {};
    },
    commandMs: 20,
  };
  const { result, read } = await runFakeTrial(directory, PLAIN, script, {
    onEvent(event) {
      if (event.type === 'stepEnded' && event.step.phase === 'cleanup')
        seen = readFileSync(join(directory, 'trials', 's.patched.1', 'splats.ndjson'), 'utf8');
    },
  });
  t.match(seen, /slab-use-after-free/, 'before the machine was powered off');
  const line = JSON.parse(read('splats.ndjson')) as {
    title: string;
    text: { offset: number; length: number };
  };
  t.equal(line.title, KASAN_TITLE);
  t.strictSame(line.text, result.splats[0]?.text);
  t.match(result.files, { splats: { name: 'splats.ndjson' }, splatTexts: { name: 'splats.txt' } });
});

t.test(
  'a flood of splats is in files; the result has those of findings first, and a limit',
  { buffered: true },
  async (t) => {
    const names = Array.from(
      { length: 70 },
      (_, index) => `odd_${'abcdefghij'[index % 10]}${'abcdefghij'[Math.floor(index / 10)]}`,
    );
    const text = names.map((name, index) => anOops(name, 30 + index * 20)).join('');
    const last = names.at(-1) ?? '';
    const scenario = aScenario(
      `steps: [{run: work}]\nexpect: {allow: [{matches: 'odd_(?:[^${last[4]}]|.[^${last[5]}])', why: a test}]}\n`,
    );
    const { result, read } = await runFakeTrial(
      t.testdir(),
      scenario,
      onWork((machine) => machine.say(text)),
    );
    t.equal(result.splatCount, 70);
    t.equal(result.splats.length, MAXIMUM_TRIAL_SPLATS);
    t.strictSame(
      result.findings.map((one) => [one.title, one.splat]),
      [[`WARNING in ${last}`, 0]],
    );
    t.equal(result.splats[0]?.title, `WARNING in ${last}`);
    t.equal(result.splats[1]?.title, `WARNING in ${names[0]}`);
    const texts = Buffer.from(read('splats.txt'));
    const lines = read('splats.ndjson').trimEnd().split('\n');
    t.equal(lines.length, 70);
    for (const [index, line] of lines.entries()) {
      const { text } = JSON.parse(line) as { text: { offset: number; length: number } };
      const own = texts.subarray(text.offset, text.offset + text.length).toString();
      t.ok(own.includes(`${names[index]}+0x45`), `${index}: its own text`);
    }
  },
);

t.test('a clone says so, and is not booted', { buffered: true }, async (t) => {
  const templates = aTemplateSource();
  const { result, machines } = await runFakeTrial(
    t.testdir(),
    PLAIN,
    {},
    {
      spec: { boot: 'clone' },
      lab: { templates },
    },
  );
  t.match(result, { outcome: 'passed', bootMethod: { kind: 'clone', memoryMib: 42, fallbackReason: null } });
  t.equal(machines.length, 1);
  t.equal(templates.keys.length, 1);
  t.equal(result.bootMethod?.template, templates.keys[0]);
});

t.test('a trial that must boot its machine does not ask for a clone', { buffered: true }, async (t) => {
  const templates = aTemplateSource();
  const { result } = await runFakeTrial(t.testdir(), PLAIN, {}, { lab: { templates } });
  t.match(result, { bootMethod: { kind: 'cold', fallbackReason: null } });
  t.strictSame(templates.keys, []);
});

t.test(
  'a clone that does not come up is reported, its logs are kept, and the machine boots',
  { buffered: true },
  async (t) => {
    const { result, events, machines, read } = await runFakeTrial(
      t.testdir(),
      PLAIN,
      (how) => (how === 'thaw' ? { console: 'a clone’s console\n', bootMs: Number.POSITIVE_INFINITY } : {}),
      { spec: { boot: 'clone' }, lab: { templates: aTemplateSource() } },
    );
    t.match(result, {
      outcome: 'passed',
      bootMethod: { kind: 'cold', fallbackReason: /did not become ready/ },
    });
    t.strictSame(
      events.filter((event) => event.type === 'cloneFellBack').map((event) => event.trial),
      [result.id],
    );
    t.match(machines[0]?.hasEnded(), { reason: 'stoppedByUs' });
    t.equal(read('clone-console.log'), 'a clone’s console\n');
    t.match(result.files, {
      cloneConsole: { name: 'clone-console.log' },
      cloneQemu: { name: 'clone-qemu.log' },
    });
  },
);

t.test('a machine gets the device that its scenario needs, and none is started without it', async (t) => {
  const settled = aScenario("needs: {pci: '15b3:*'}\nsteps: [{run: work}]\n");
  const perform = async (driver: string) => {
    const specs: MachineSpec[] = [];
    const starter = aMachineStarter((spec) => {
      specs.push(spec);
      return {};
    });
    const card = { id: '15b3:1019', driver, group: 12 };
    const devices = makePciDevices(t.testdir(), { '0000:03:00.0': card }, { groups: [12] });
    const { result } = await runFakeTrial(`${t.testdirName}/lab`, settled, {}, { lab: { starter, devices } });
    return { result, specs };
  };
  const ready = await perform('vfio-pci');
  t.match(ready.result, { outcome: 'passed' });
  const { memoryMib } = settled.machine;
  const pci = { address: '0000:03:00.0', group: '12', lockedMib: memoryMib + 1024 };
  t.strictSame(
    ready.specs.map((spec) => spec.pci),
    [pci],
  );
  const taken = await perform('mlx5_core');
  t.match(taken.result, { outcome: 'failed', blame: 'lab', fault: 'TRIAL_NO_DEVICE', reason: /mlx5_core/ });
  t.strictSame(taken.specs, []);
});

t.test('a template that cannot be made is reported the same way', { buffered: true }, async (t) => {
  const fault = new Fault({ blame: 'lab', code: 'TEMPLATE_NOT_FROZEN', message: 'the kernel panicked' });
  const { result } = await runFakeTrial(
    t.testdir(),
    PLAIN,
    {},
    {
      spec: { boot: 'clone' },
      lab: { templates: aTemplateSource(fault) },
    },
  );
  t.match(result, { outcome: 'passed', bootMethod: { kind: 'cold', fallbackReason: 'the kernel panicked' } });
});

t.test(
  'a machine that does not start is the lab’s, and there is no machine on record',
  { buffered: true },
  async (t) => {
    const fault = new Fault({ blame: 'lab', code: 'MACHINE_NOT_STARTED', message: 'QEMU did not start' });
    const starter = {
      boot: () => Promise.reject(fault),
      thaw: () => Promise.reject(fault),
    };
    const { result } = await runFakeTrial(t.testdir(), PLAIN, {}, { lab: { starter } });
    t.match(result, {
      outcome: 'failed',
      blame: 'lab',
      fault: 'MACHINE_NOT_STARTED',
      bootMs: null,
      bootMethod: null,
      accelerator: null,
      machineCommand: null,
      confinement: null,
    });
  },
);

t.test('a directory that cannot be made is the lab’s', { buffered: true }, async (t) => {
  const directory = t.testdir({ trials: 'a file' });
  const { result } = await runFakeTrial(directory, PLAIN);
  t.match(result, { outcome: 'failed', files: {} });
  t.not(result.blame, 'kernel');
});

t.test('a splat that never had a chance to come is not missed', { buffered: true }, async (t) => {
  const scenario = aScenario(
    'steps: [{run: work}]\nexpect: {dmesg: {splats: [{matches: badger_put, why: a test}]}}\n',
  );
  const unbooted = await runFakeTrial(t.testdir(), scenario, { bootMs: Number.POSITIVE_INFINITY });
  t.match(unbooted.result, { blame: 'lab', fault: 'GUEST_UNREACHABLE', findings: { length: 0 } });
  const missed = await runFakeTrial(t.testdir(), scenario);
  t.match(missed.result, { blame: 'kernel', findings: [{ kind: 'expectation' }] });
  const came = await runFakeTrial(
    t.testdir(),
    scenario,
    onWork((machine) => machine.say(WARNING)),
  );
  t.match(came.result, { outcome: 'passed', splatCount: 1 });
});

t.test('each signature is announced once, and a flood of them only so far', { buffered: true }, async (t) => {
  const announcedBy = async (text: string) => {
    const { events } = await runFakeTrial(
      t.testdir(),
      PLAIN,
      onWork((machine) => machine.say(text)),
    );
    return events.filter((event) => event.type === 'splatSeen').map((event) => event.title);
  };
  t.strictSame(await announcedBy(anOops('odd_a', 30) + anOops('odd_a', 60) + anOops('odd_b', 90)), [
    'WARNING in odd_a',
    'WARNING in odd_b',
  ]);
  const letter = (index: number) => String.fromCharCode(97 + index);
  const flood = Array.from({ length: 220 }, (_, index) =>
    anOops(`odd_${letter(index % 26)}${letter(Math.floor(index / 26))}`, 30 + index * 20),
  );
  t.equal((await announcedBy(flood.join(''))).length, 200);
});

t.test('a guest that hangs is not asked for its log, nor to power off', { buffered: true }, async (t) => {
  let answers = true;
  const script: MachineScript = {
    replies(command, machine) {
      if (command === 'work') {
        answers = false;
        machine.probeGuest = async () => 'silent';
      }
      return answers ? {} : null;
    },
  };
  const { result, machines } = await runFakeTrial(t.testdir(), PLAIN, script);
  t.match(result, { blame: 'kernel', reason: /^the guest hung/ });
  t.strictSame(
    result.findings.map((one) => one.signature),
    ['expectation:s:run work:deadline', 'death:hang'],
  );
  t.strictSame(
    machines[0]?.log.filter((one) => one !== 'stop'),
    ['connect', 'nmi'],
  );
});
