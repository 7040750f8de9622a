// SPDX-License-Identifier: MIT
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bakeOverlay, makeKeys } from '../image/index.ts';
import { bootMachine, type MachineSpec, needsNetwork } from '../vm/index.ts';
import type { Bench } from './figure.ts';
import type { Lab } from './lab.ts';

/** The machine that benches boot: the default of scenarios. */
export const CPUS = 2;
export const MEMORY_MIB = 1024;
/** An emulated debug kernel on a busy computer, in milliseconds. */
const BOOT_LIMIT_MS = 600_000;
const COMMAND_LIMIT_MS = 60_000;

/** A cold boot: power-on to the end of the first command over SSH. Kernel, image and overlay exist already. */
export const bootBench: Bench = {
  gauges: [{ name: 'boot.cold', unit: 's', title: 'power-on to the end of the first guest command' }],
  async measure(lab, take) {
    for (let round = lab.count(5); round > 0; round -= 1) {
      const spec = await specifyMachine(lab);
      try {
        const begun = performance.now();
        await using machine = await bootMachine(spec, { signal: lab.signal });
        const guest = await machine.connect(BOOT_LIMIT_MS, lab.signal);
        await guest.run('true', { timeoutMs: COMMAND_LIMIT_MS });
        take('boot.cold', (performance.now() - begun) / 1000, await describeMachine(lab));
      } finally {
        await rm(spec.directory, { recursive: true, force: true });
      }
    }
  },
};

/** A machine with the lab's kernel and its own directory, keys and overlay. */
export async function specifyMachine(lab: Lab): Promise<MachineSpec> {
  const [kernel, image, accelerator] = [await lab.kernel(), await lab.image(), await lab.accelerator()];
  const directory = await mkdtemp(join(lab.scratch, 'machine-'));
  const keys = makeKeys();
  const overlayPath = join(directory, 'overlay.squashfs');
  await bakeOverlay(overlayPath, { keys, kernel }, { signal: lab.signal });
  return {
    name: 'ktrial-bench',
    arch: kernel.arch,
    directory,
    bootImage: kernel.bootImage,
    rootPath: image.rootPath,
    overlayPath,
    cpus: CPUS,
    memoryMib: MEMORY_MIB,
    kernelArgs: [],
    network: await needsNetwork(kernel.config),
    accelerator,
    keys,
  };
}

/** Describes the measured machine, for people. */
export async function describeMachine(lab: Lab): Promise<string> {
  return `${lab.kernelName}, ${CPUS} CPUs, ${MEMORY_MIB} MiB, ${(await lab.accelerator()).kind}`;
}
