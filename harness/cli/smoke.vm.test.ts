// SPDX-License-Identifier: MIT
import { readFileSync, writeFileSync } from 'node:fs';
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

const UNEXPECTED = `name: unexpected
description: faults that nobody expects
machine: {cpus: 2, memoryMib: 512}
modules: [lkdtm]
matrix: {type: [WARNING, WRITE_AFTER_FREE]}
steps:
  - run: {command: 'echo \${{type}} | cat >/sys/kernel/debug/provoke-crash/DIRECT', exit: any}
`;

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

  t.test(`faults of ${kernel} are named, with the lines of their source`, async (t) => {
    const scenario = join(home, 'unexpected.yaml');
    const found = join(home, `${kernel}-found`);
    writeFileSync(scenario, UNEXPECTED);
    const { exitCode, stdout } = await ktrial([
      ...['run', '--kernel', kernel, '--scenarios', scenario, '--run-directory', found, '-o', 'table'],
    ]);
    t.equal(exitCode, 1);
    t.match(stdout, /fault seen: WARNING in lkdtm_WARNING/);
    t.match(
      stdout,
      /^ {2,4}(?:at )?lkdtm_WARNING\+0x\w+\/0x\w+ \[lkdtm\] drivers\/misc\/lkdtm\/bugs\.c:\d+$/m,
    );
    t.match(stdout, /^ {4}vfs_write\+0x\w+\/0x\w+ fs\/read_write\.c:\d+$/m, 'the kernel itself too');
    if (machine !== 'aarch64') return;
    t.match(stdout, /^KASAN: use-after-free Write in lkdtm_WRITE_AFTER_FREE$/m, 'this kernel has KASAN');
    t.match(stdout, /> 48 {2}\| base\[offset\] = 0x0abcdef0;/, 'the text of the source');
    for (const label of ['Allocated', 'Freed'])
      t.match(
        stdout,
        new RegExp(`^ {2}${label} by task[^]*?lkdtm_WRITE_AFTER_FREE.* drivers/misc/lkdtm/heap.c:4`, 'm'),
      );
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
