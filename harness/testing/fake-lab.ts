// SPDX-License-Identifier: MIT
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Image,
  type Kernel,
  makeTimeouts,
  type RunEventBody,
  type Timeouts,
  type TrialResult,
  type TrialSpec,
} from '../model/index.ts';
import { expandScenario, parseScenario, type SettledScenario } from '../scenario/index.ts';
import { createTrialRunner, type TrialLab } from '../trial/index.ts';
import type { FakeMachine, MachineScript } from './machine.ts';
import { aMachineStarter } from './starter.ts';

/** How many times faster than a real machine a fake one is. */
const SPEED = 200;

/** Time limits for fake machines: fractions of the real ones. */
export const FAKE_TIMEOUTS: typeof makeTimeouts = (request): Timeouts => {
  const real = makeTimeouts({ ...request, measuredBootMs: null });
  const entries = Object.entries(real).map(([name, value]) => [
    name,
    typeof value === 'number' && name !== 'factor' ? Math.ceil(value / SPEED) : value,
  ]);
  const scale = (ms: number) => Math.ceil(ms / SPEED);
  return { ...(Object.fromEntries(entries) as unknown as Timeouts), scale, bootMs: 100, cloneUpMs: 100 };
};

/** One settled scenario from its YAML, without the name and the description. */
export function aScenario(body: string, name = 's'): SettledScenario {
  const parsed = parseScenario(`name: ${name}\ndescription: a scenario of a test\n${body}`, `${name}.yaml`);
  if (!parsed.ok) throw new Error(parsed.diagnostics.map((one) => one.message).join('\n'));
  const [settled] = expandScenario(parsed.scenario);
  if (!settled) throw new Error('no scenario');
  return settled;
}

/** A trial that a fake lab ran. */
export interface FakeTrial {
  readonly result: TrialResult;
  readonly events: readonly RunEventBody[];
  /** Every machine that was started, in order. */
  readonly machines: readonly FakeMachine[];
  readonly directory: string;
  /** The text of a file in the trial's directory. */
  read(name: string): string;
}

export interface FakeTrialOptions {
  readonly spec?: Partial<TrialSpec>;
  readonly lab?: Partial<TrialLab>;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RunEventBody, machine: FakeMachine | undefined) => void;
}

/** Runs one trial with the real runner on a scripted machine, in a directory of the test. */
export async function runFakeTrial(
  directory: string,
  settled: SettledScenario,
  script: MachineScript | ((how: 'boot' | 'thaw') => MachineScript) = {},
  options: FakeTrialOptions = {},
): Promise<FakeTrial> {
  const modules = join(directory, 'modules');
  mkdirSync(modules, { recursive: true });
  writeFileSync(join(directory, 'config'), '');
  const kernel = aKernel(directory);
  const image: Image = { digest: 'c'.repeat(64), name: 'guest', rootPath: join(directory, 'root.squashfs') };
  const starter = aMachineStarter((_, how) => (typeof script === 'function' ? script(how) : script));
  const runs = join(directory, 'trials');
  const run = createTrialRunner({
    directory: runs,
    accelerator: { kind: 'tcg', reason: 'a fake' },
    artifacts: { kernel: async () => kernel, image: async () => image },
    l2Images: { bakeRoot: () => Promise.reject(new Error('no L2 here')), saveState: async () => null },
    starter,
    timeouts: FAKE_TIMEOUTS,
    space: { measureMib: async () => 1_000, everyMs: 50 },
    ...options.lab,
  });
  const spec: TrialSpec = {
    format: 1,
    id: `${settled.name}.patched.1`,
    scenario: settled.name,
    arm: 'patched',
    attempt: 1,
    control: false,
    seed: 1,
    kernel,
    image,
    settled,
    l2: {},
    boot: 'cold',
    ...options.spec,
  };
  const events: RunEventBody[] = [];
  const result = await run(
    spec,
    (event) => {
      events.push(event as RunEventBody);
      options.onEvent?.(event as RunEventBody, starter.machines.at(-1));
    },
    options.signal ?? new AbortController().signal,
  );
  const own = join(runs, spec.id);
  return {
    result,
    events,
    machines: starter.machines,
    directory: own,
    read: (name) => readFileSync(join(own, name), 'utf8'),
  };
}

function aKernel(directory: string): Kernel {
  return {
    digest: 'a'.repeat(64),
    name: 'fake-5.10',
    arch: 'x86_64',
    release: '5.10.0',
    bootDigest: 'b'.repeat(64),
    compiler: 'gcc 12',
    commit: 'd'.repeat(40),
    bootImage: join(directory, 'bzImage'),
    vmlinux: join(directory, 'vmlinux'),
    modules: join(directory, 'modules'),
    config: join(directory, 'config'),
    source: directory,
  };
}
