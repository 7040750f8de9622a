// SPDX-License-Identifier: MIT
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { RunEventBody, TrialResult, TrialSpec } from '../model/index.ts';
import { expandScenario, parseScenario, type SettledScenario } from '../scenario/index.ts';
import { openTestLab, type TestLab } from '../testing/lab.ts';
import { settleReachability } from '../verdict/index.ts';
import { type Template, TemplateStore } from '../vm/index.ts';
import { type ArtifactResolver, createTrialRunner } from './index.ts';

t.setTimeout(60 * 60_000);

/** Each kind of blame, in a guest in which it really happens. */

const lab: TestLab = await openTestLab();

function settle(text: string): SettledScenario {
  const parsed = parseScenario(text, 'test.yaml');
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics, null, 1));
  const [first] = expandScenario(parsed.scenario);
  if (!first) throw new Error('no scenario');
  return first;
}

function aSpec(scenario: SettledScenario, change: Partial<TrialSpec> = {}): TrialSpec {
  return {
    format: 1,
    id: scenario.name,
    scenario: scenario.name,
    arm: 'base',
    attempt: 1,
    control: false,
    seed: 1,
    kernel: lab.kernel,
    image: lab.image,
    settled: scenario,
    l2: {},
    boot: 'cold',
    ...change,
  };
}

interface Performed {
  readonly result: TrialResult;
  readonly events: readonly RunEventBody[];
  readonly console: string;
}

async function perform(
  directory: string,
  spec: TrialSpec,
  meanwhile: (event: RunEventBody) => void = () => {},
  templates?: TemplateStore,
  artifacts: Partial<ArtifactResolver> = {},
): Promise<Performed> {
  const run = createTrialRunner({
    directory,
    accelerator: lab.accelerator,
    artifacts: { kernel: async () => lab.kernel, image: async () => lab.image, ...artifacts },
    l2Images: { bakeRoot: () => Promise.reject(new Error('no L2 here')), saveState: async () => null },
    ...(templates ? { templates } : {}),
  });
  const events: RunEventBody[] = [];
  const result = await run(
    spec,
    (event) => {
      events.push(event as RunEventBody);
      meanwhile(event as RunEventBody);
    },
    new AbortController().signal,
  );
  let console = '';
  try {
    console = readFileSync(join(directory, spec.id, 'console.log'), 'latin1');
  } catch {
    // A machine that never started has none.
  }
  return { result, events, console };
}

/** The process id of the machine that serves this trial, found by its own directory on its command line. */
async function findMachine(directory: string): Promise<number> {
  const { readdirSync } = await import('node:fs');
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    let words = '';
    try {
      words = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
    } catch {
      continue;
    }
    if (/^[^\0]*qemu-system/.test(words) && words.includes(directory)) return Number(pid);
  }
  throw new Error(`no machine in ${directory}`);
}

const head = (name: string, cpus = 2) =>
  `name: ${name}\ndescription: a trial of the trial room\nmachine: { cpus: ${cpus}, memoryMib: 512 }\n`;

t.test(
  'a scenario whose expectations are met passes, with its steps, boot time and machine on record',
  async (t) => {
    const scenario = settle(
      `${head('passes')}steps:\n  - run: {command: echo hello, stdout: {equals: hello}}\n`,
    );
    const { result, events } = await perform(t.testdir(), aSpec(scenario));
    t.equal(result.outcome, 'passed', result.reason);
    t.equal(result.blame, null);
    t.ok((result.bootMs ?? 0) > 0);
    t.strictSame(result.notes, [], 'both logs agree');
    t.strictSame(Object.keys(result.files).sort(), ['console', 'dmesg', 'overlay', 'qemu']);
    t.ok(result.steps.some((step) => step.outcome === 'passed'));
    t.match(result.machineCommand, /^qemu-system-x86_64 .*-nodefaults .*-sandbox on/);
    t.equal(events[0]?.type, 'machineBooted');
  },
);

t.test('an expectation that is not met is blamed on the kernel', async (t) => {
  const scenario = settle(`${head('misses')}steps:\n  - run: exit 3\n`);
  const { result } = await perform(t.testdir(), aSpec(scenario));
  t.strictSame([result.outcome, result.blame], ['failed', 'kernel'], result.reason);
  t.equal(result.findings[0]?.kind, 'expectation');
});

t.test('a kernel that panics ends the trial at once, with its call trace', async (t) => {
  const scenario = settle(
    `${head('panics')}modules: [lkdtm]\nsteps:\n  - run: echo PANIC > /sys/kernel/debug/provoke-crash/DIRECT\n  - run: sleep 600\n`,
  );
  const { result, console } = await perform(t.testdir(), aSpec(scenario));
  t.strictSame([result.outcome, result.blame], ['failed', 'kernel'], result.reason);
  t.match(console, /Kernel panic - not syncing: dumptest/);
  t.match(result.splats[0]?.title, /kernel panic: dumptest/);
  t.ok((result.splats[0]?.frames.length ?? 0) > 2, 'the trace was read');
  t.ok(result.durationMs < 300_000, 'the sleep was not waited for');
});

t.test('an oops is a splat with the function that it is about', async (t) => {
  const scenario = settle(
    `${head('oopses')}modules: [lkdtm]\nsteps:\n  - run: echo EXCEPTION > /sys/kernel/debug/provoke-crash/DIRECT || true\n`,
  );
  const { result } = await perform(t.testdir(), aSpec(scenario));
  t.strictSame([result.outcome, result.blame], ['failed', 'kernel'], result.reason);
  t.match(result.splats[0]?.title, /NULL pointer dereference in lkdtm_EXCEPTION/);
});

t.test('a guest that hangs is diagnosed and blamed on its kernel', async (t) => {
  const scenario = settle(
    `${head('hangs', 1)}modules: [lkdtm]\nsteps:\n  - run: {command: echo HARDLOCKUP > /sys/kernel/debug/provoke-crash/DIRECT, timeout: 10s}\n`,
  );
  const { result } = await perform(t.testdir(), aSpec(scenario));
  t.strictSame([result.outcome, result.blame], ['failed', 'kernel'], result.reason);
  t.match(result.reason, /hung/);
});

t.test('an SSH server that dies is the fault of the lab, not of the kernel', async (t) => {
  const scenario = settle(`${head('ssh-dies')}steps:\n  - run: kill -KILL $(pidof dropbear); sleep 60\n`);
  const { result } = await perform(t.testdir(), aSpec(scenario));
  t.strictSame([result.outcome, result.blame], ['failed', 'lab'], result.reason);
  t.match(result.reason, /SSH/);
});

t.test('a QEMU that is killed is the fault of the lab', async (t) => {
  const directory = t.testdir();
  const scenario = settle(`${head('qemu-dies')}steps:\n  - run: sleep 600\n`);
  const { result } = await perform(directory, aSpec(scenario), (event) => {
    if (event.type === 'stepStarted' && event.phase === 'steps')
      void findMachine(directory).then((pid) => process.kill(pid, 'SIGKILL'));
  });
  t.strictSame([result.outcome, result.blame], ['failed', 'lab'], result.reason);
  t.match(result.reason, /QEMU was killed by SIGKILL/);
});

t.test('a guest that powers off early is the fault of the scenario', async (t) => {
  const scenario = settle(`${head('powers-off')}steps:\n  - run: poweroff -f; sleep 60\n`);
  const { result } = await perform(t.testdir(), aSpec(scenario));
  t.strictSame([result.outcome, result.blame], ['failed', 'scenario'], result.reason);
});

t.test('a setup that fails is the fault of the scenario', async (t) => {
  const scenario = settle(`${head('bad-setup')}setup:\n  - run: exit 1\nsteps:\n  - run: "true"\n`);
  const { result } = await perform(t.testdir(), aSpec(scenario));
  t.strictSame([result.outcome, result.blame], ['failed', 'scenario'], result.reason);
});

t.test('an image that is not there is the fault of the lab, and no machine is started', async (t) => {
  const scenario = settle(`${head('no-image')}steps:\n  - run: "true"\n`);
  const { result } = await perform(t.testdir(), aSpec(scenario), undefined, undefined, {
    image: async () => ({ ...lab.image, rootPath: '/nowhere/root.squashfs' }),
  });
  t.strictSame([result.outcome, result.blame], ['failed', 'lab'], result.reason);
  t.match(result.reason, /\/nowhere\/root\.squashfs/);
  t.equal(result.machineCommand, null);
});

t.test(
  'a trial in a clone is marked as such, and ends like one in a cold-booted machine, good or bad',
  async (t) => {
    const directory = t.testdir();
    await using templates = new TemplateStore({ cacheDirectory: directory });
    const good = settle(`${head('good')}modules: [lkdtm]\nsteps:\n  - run: grep -q ^lkdtm /proc/modules\n`);
    const bad = settle(
      `${head('bad')}modules: [lkdtm]\nsteps:\n  - run: echo WARNING > /sys/kernel/debug/provoke-crash/DIRECT\n`,
    );
    for (const scenario of [good, bad]) {
      const ends = [];
      for (const boot of ['clone', 'cold'] as const) {
        const spec = aSpec(scenario, { id: `${scenario.name}-${boot}`, boot });
        const { result, console } = await perform(directory, spec, () => {}, templates);
        t.match(result.bootMethod, { kind: boot, fallbackReason: null }, result.reason);
        t.match(console, /Linux version[\s\S]*guest ready[\s\S]*Power down/);
        t.strictSame(result.notes, [], 'both logs agree');
        ends.push([
          result.outcome,
          result.blame,
          result.findings.map((one) => one.signature),
          result.steps.map((step) => [step.label, step.outcome]),
        ]);
      }
      t.strictSame(ends[0], ends[1]);
    }
  },
);

t.test('a clone that does not come up is reported, and the trial boots its machine', async (t) => {
  const directory = t.testdir();
  class SpoiltStore extends TemplateStore {
    override async open(...args: Parameters<TemplateStore['open']>): Promise<Template> {
      const template = await super.open(...args);
      writeFileSync(join(template.directory, 'state'), 'no state');
      return template;
    }
  }
  await using templates = new SpoiltStore({ cacheDirectory: directory });
  const scenario = settle(`${head('replaced')}steps:\n  - run: "true"\n`);
  const { result, events } = await perform(
    directory,
    aSpec(scenario, { boot: 'clone' }),
    () => {},
    templates,
  );
  t.equal(result.outcome, 'passed', result.reason);
  t.match(result.bootMethod, { kind: 'cold', fallbackReason: /a clone was not thawed/ });
  t.equal(events.filter((event) => event.type === 'cloneFellBack').length, 1);
  t.match(readFileSync(join(directory, 'replaced', 'clone-console.log'), 'latin1'), /guest ready/);
});

t.test(
  'a kernel that is given no init to run is not to blame, whatever its machine was made from',
  async (t) => {
    const directory = t.testdir();
    await using templates = new TemplateStore({ cacheDirectory: directory });
    const settled = settle(
      `name: dies\ndescription: a kernel that is told to die\nmachine: { cpus: 1, memoryMib: 512 }\nsteps:\n  - run: "true"\n`,
    );
    // No scenario may say so.
    const scenario = { ...settled, machine: { ...settled.machine, kernelArgs: ['init=/nowhere'] } };
    const { result } = await perform(directory, aSpec(scenario, { boot: 'clone' }), () => {}, templates);
    t.strictSame([result.outcome, result.blame], ['failed', 'lab'], result.reason);
    t.match(result, { fault: 'GUEST_UNREACHABLE', reason: /Requested init \/nowhere failed/ });
    t.match(result.bootMethod, { kind: 'cold', fallbackReason: /panicked/ });
    t.equal(settleReachability([result], 'base')[0]?.blame, 'lab', 'the base does not boot it either');
  },
);
