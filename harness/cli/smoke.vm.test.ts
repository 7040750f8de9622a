// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { runCommand } from '../host/index.ts';
import type { TrialResult } from '../model/index.ts';
import { CACHE_HOME, PROJECT_ROOT, printUntil } from '../testing/index.ts';

// A kernel is compiled the first time.
t.setTimeout(60 * 60_000);

/** The same pack on a machine of each architecture, as users run it. */

const MAIN = join(import.meta.dirname, 'main.js');
const BOOT_MS = 300_000;

const home = await mkdtemp(join(tmpdir(), 'ktrial-smoke-'));
t.teardown(() => rm(home, { recursive: true, force: true }));

const KERNELS = [
  { kernel: 'smoke-5.10', machine: 'x86_64', emulator: 'qemu-system-x86_64', scenarios: ['scenarios/smoke'] },
  {
    kernel: 'smoke-arm64-5.10',
    machine: 'aarch64',
    emulator: 'qemu-system-aarch64',
    scenarios: ['scenarios/smoke', 'scenarios/provoke/arm64'],
  },
] as const;

function ktrial(args: readonly string[]) {
  return runCommand(process.execPath, [MAIN, ...args], {
    accept: 'any',
    cwd: PROJECT_ROOT,
    env: { XDG_CACHE_HOME: CACHE_HOME },
  });
}

function readTrials(run: string): readonly TrialResult[] {
  const record = JSON.parse(readFileSync(join(run, 'record.json'), 'utf8')) as {
    readonly trials: readonly { readonly result: TrialResult }[];
  };
  return record.trials.map((one) => one.result);
}

for (const { kernel, machine, emulator, scenarios } of KERNELS) {
  const run = join(home, kernel);

  t.test(`the smoke pack passes on ${kernel}, in clones and on machines that boot`, async (t) => {
    const paths = scenarios.flatMap((path) => ['--scenarios', path]);
    const { exitCode, stderr } = await ktrial(['run', '--kernel', kernel, ...paths, '--run-directory', run]);
    t.equal(exitCode, 0, stderr);
    const trials = readTrials(run);
    t.strictSame(
      trials.filter((one) => one.outcome !== 'passed').map((one) => `${one.id}: ${one.reason}`),
      [],
    );
    t.ok(trials.some((one) => one.bootMethod?.kind === 'clone'));
    t.ok(trials.some((one) => one.bootMethod?.kind === 'cold'));
    t.strictSame(
      trials.map((one) => one.bootMethod?.fallbackReason ?? null).filter((reason) => reason !== null),
      [],
      'no clone failed to come up',
    );
  });

  t.test(`a splat on ${kernel} has the lines of its source`, async (t) => {
    const warned = readTrials(run).find((one) => one.scenario === 'smoke-warning');
    const frame = warned?.splats[0]?.traces[0]?.frames.find((one) => one.function === 'lkdtm_WARNING');
    t.match(frame, { file: /drivers\/misc\/lkdtm\/bugs\.c$/, module: 'lkdtm' });
    t.ok((frame?.line ?? 0) > 0);
  });

  t.test(`the command that show prints boots the machine of a trial on ${kernel} again`, async (t) => {
    const [trial] = readTrials(run);
    const { stdout } = await ktrial(['show', run, trial?.id ?? '']);
    const command = /^command +(.*)$/m.exec(stdout)?.[1] ?? '';
    t.ok(command.startsWith(`${emulator} `), command);
    const printed = await printUntil(command, /ktrial: guest ready/, BOOT_MS);
    t.match(printed, /ktrial: guest ready/);
  });

  t.test(`boot runs a command on ${kernel}`, async (t) => {
    const { stdout, exitCode, stderr } = await ktrial([
      ...['boot', '--kernel', kernel, '--memory', '512', '--', 'uname -m; exit 7'],
    ]);
    t.equal(exitCode, 7, stderr);
    t.equal(stdout, `${machine}\n`);
  });
}

t.test('KASAN on arm64 is named, with the lines of its access, allocation and free', async (t) => {
  const trials = readTrials(join(home, 'smoke-arm64-5.10'));
  const written = trials.find((one) => one.scenario.includes('WRITE_AFTER_FREE'));
  const [splat] = written?.splats ?? [];
  t.equal(splat?.title, 'KASAN: use-after-free Write in lkdtm_WRITE_AFTER_FREE');
});
