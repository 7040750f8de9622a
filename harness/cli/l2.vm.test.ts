// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { runCommand } from '../host/index.ts';
import { bakeL2Root, findStoredImage, saveL2State } from '../image/index.ts';
import type { Image, TrialResult } from '../model/index.ts';
import { CACHE_HOME, PROJECT_ROOT, TEST_CACHE } from '../testing/index.ts';

t.setTimeout(60 * 60_000);

/** A VM inside the guest whose kernel panics, because it is given no program to run. */

const MAIN = join(import.meta.dirname, 'main.js');

const home = await mkdtemp(join(tmpdir(), 'ktrial-l2-'));
t.teardown(() => rm(home, { recursive: true, force: true }));

async function perform(
  name: string,
  steps: string,
  boot: readonly string[] = ['--cold'],
): Promise<TrialResult> {
  const path = join(home, `${name}.yaml`);
  const run = join(home, name);
  await writeFile(
    path,
    `name: ${name}\ndescription: d\nmachine: {cpus: 2, memoryMib: 512}\nl2:\n  tiny: {kernel: l2-tiny}\nsteps:\n${steps}`,
  );
  await runCommand(
    process.execPath,
    [
      ...[MAIN, 'run', '--kernel', 'smoke-5.10', '--scenarios', path, '-n', '1', ...boot],
      ...['--run-directory', run],
    ],
    { accept: 'any', cwd: PROJECT_ROOT, env: { XDG_CACHE_HOME: CACHE_HOME } },
  );
  return recordOf(name).trials[0]?.result as TrialResult;
}

interface RunRecord {
  readonly image: { readonly digest: string };
  readonly l2: Readonly<Record<string, { readonly digest: string }>>;
  readonly trials: readonly { readonly result: TrialResult }[];
}

function recordOf(name: string): RunRecord {
  return JSON.parse(readFileSync(join(home, name, 'record.json'), 'utf8')) as RunRecord;
}

t.test('a splat in a VM inside the guest is a note that names the VM, and no finding', async (t) => {
  const { outcome, reason, findings, splats, notes } = await perform(
    'stays',
    `  - startL2: {l2: tiny, name: deep, memoryMib: 64, append: init=/nowhere rdinit=/nowhere panic=600}
  - waitForL2: {name: deep, matches: Kernel panic - not syncing, timeout: 120s}
  - stopL2: {name: deep, how: KILL}
`,
  );
  t.equal(outcome, 'passed', reason);
  t.strictSame([findings, splats], [[], []], 'the kernel under test has not complained');
  t.match(
    notes.join('\n'),
    /the kernel of the VM deep inside the guest complains, which is not the kernel under test: kernel panic: .*\(deep\.console\)/,
  );
});

t.test('a wait for a VM that ends by itself ends with it', async (t) => {
  const { outcome, blame, findings, splats, notes, steps } = await perform(
    'ends',
    `  - startL2: {l2: tiny, memoryMib: 64, append: init=/nowhere rdinit=/nowhere}
  - label: the VM is up
    waitForL2: {matches: '^l2: up', timeout: 3m}
`,
  );
  t.strictSame([outcome, blame], ['failed', 'kernel']);
  t.match(findings, [
    {
      signature: 'expectation:ends:the VM is up:VM ended',
      title: /the VM l2 ended by itself: its QEMU exited with code 0$/,
    },
  ]);
  t.match(findings[0]?.details.join('\n'), /^console: .*Kernel panic - not syncing/m);
  t.strictSame(splats, []);
  t.match(notes.join('\n'), /the kernel of the VM l2 inside the guest complains/);
  const wait = steps.find((one) => one.label === 'the VM is up');
  t.ok((wait?.durationMs ?? 0) < 300_000, 'the time limit was not waited for');
});

t.test('a VM resumes from a saved state in a clone, and boots in a cold-booted machine', async (t) => {
  const cold = await perform(
    'boots',
    `  - startL2: {l2: tiny, memoryMib: 64}
  - waitForL2: {matches: '^l2: no port', timeout: 120s}
  - run: '! grep -q incoming /proc/$(pidof qemu-system-x86_64)/cmdline'
`,
  );
  t.equal(cold.outcome, 'passed', cold.reason);
  const clone = await perform(
    'resumes',
    `  - startL2: {l2: tiny, memoryMib: 64}
  - monitorL2: {command: info status, answer: {matches: running}}
  - label: it was resumed
    run: grep -q incoming /proc/$(pidof qemu-system-x86_64)/cmdline
  - label: its console has the output of the boot
    waitForL2: {matches: '^l2: up', timeout: 1s}
  - monitorL2: {command: 'chardev-add null,id=nothing'}
  - monitorL2: {command: 'device_add pci-serial,chardev=nothing'}
  - label: its kernel finds a card
    waitForL2: {matches: '^l2: port ttyS4 of 0x1b36:0x0002', timeout: 120s}
`,
    ['--controls', '0'],
  );
  t.equal(clone.outcome, 'passed', clone.reason);
  t.equal(clone.bootMethod?.kind, 'clone');
});

t.test(
  'a VM that does not print the line in time is not saved, and an init without the line is not booted',
  async (t) => {
    const { image, l2 } = recordOf('resumes');
    const init = join(home, 'init');
    await writeFile(init, '#!/bin/busybox sh\n# Only this comment has the line: l2: no port\nsleep 1000\n');
    const options = { cacheDirectory: TEST_CACHE, bootS: 3 };
    const vm = {
      image: (await findStoredImage(TEST_CACHE, image.digest)) as Image,
      kernel: join(TEST_CACHE, 'kernels', l2['l2-tiny']?.digest ?? '', 'vmlinux'),
      initramfs: await bakeL2Root(init, options),
      memoryMib: 64,
      acpi: false,
    };
    await t.rejects(saveL2State(vm, options), {
      code: 'IMAGE_NO_STATE',
      message: /did not say "l2: no port" within 3 s$/,
      details: [/./],
    });
    await writeFile(init, '#!/bin/busybox sh\nsleep 1000\n');
    const initramfs = await bakeL2Root(init, options);
    t.equal(await saveL2State({ ...vm, kernel: '/nowhere', initramfs }, options), null);
  },
);
