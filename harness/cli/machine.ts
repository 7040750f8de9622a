// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { giveScratchTo, makeScratch } from '../host/index.ts';
import { bakeImage, bakeOverlay, makeKeys } from '../image/index.ts';
import type { Guest, Kernel } from '../model/index.ts';
import { bootMachine, type Machine, needsNetwork } from '../vm/index.ts';
import { chooseAccelerator, imageRecipe } from './assemble.ts';
import { showConsole } from './console.ts';
import type { Context } from './context.ts';
import { withHeartbeat } from './heartbeat.ts';
import { printKept } from './keep.ts';
import type { KernelOptions } from './kernel-options.ts';

export interface MachineOptions extends KernelOptions {
  readonly cpus: number;
  readonly memory: number;
  readonly kernelArgs?: string;
  readonly series?: string;
  readonly console?: boolean;
  readonly keep?: boolean;
}

/** How long a boot may take, in milliseconds: a debug kernel under emulation on a busy computer. */
const BOOT_LIMIT_MS = 600_000;

/**
 * Boots a kernel by itself, outside of any trial, and lets `use` work with it; its number is the exit code. Nothing is left
 * afterwards, but with `--keep` a machine in which something failed.
 */
export async function withMachine(
  kernel: Kernel,
  options: MachineOptions,
  context: Context,
  use: (guest: Guest, machine: Machine) => Promise<number>,
): Promise<number> {
  const image = await withHeartbeat(context, 'making the image', () =>
    bakeImage(imageRecipe(context), kernel.arch, {
      cacheDirectory: context.cacheDirectory,
      signal: context.signal,
      ...(options.mirror ? { mirror: options.mirror } : {}),
    }),
  );
  const accelerator = await chooseAccelerator(context, kernel);
  context.say(`Linux ${kernel.release} under ${accelerator.kind} (${accelerator.reason})`);
  const scratch = await makeScratch('boot');
  let isKept = false;
  try {
    const directory = scratch.path;
    const keys = makeKeys();
    const overlayPath = join(directory, 'overlay.squashfs');
    await bakeOverlay(overlayPath, { keys, kernel }, { signal: context.signal });
    const spec = {
      name: 'ktrial-boot',
      arch: kernel.arch,
      directory,
      bootImage: kernel.bootImage,
      rootPath: image.rootPath,
      overlayPath,
      cpus: options.cpus,
      memoryMib: options.memory,
      kernelArgs: (options.kernelArgs ?? '').split(/\s+/).filter((word) => word !== ''),
      network: await needsNetwork(kernel.config),
      accelerator,
      keys,
    };
    const starting = { signal: context.signal, limits: context.limits, keepable: options.keep === true };
    await using machine = await bootMachine(spec, starting);
    if (options.console) showConsole(machine, 'console', context.err);
    let exitCode: number | null = null;
    try {
      const guest = await withHeartbeat(context, `Linux ${kernel.release} is booting`, () =>
        machine.connect(BOOT_LIMIT_MS, context.signal),
      );
      exitCode = await use(guest, machine);
      return exitCode;
    } finally {
      if (options.keep && exitCode !== 0 && !context.signal.aborted) {
        const kept = await machine.release();
        if (kept) {
          isKept = true;
          giveScratchTo(directory, kept.pid);
          printKept(context.err, 'the machine', kept, kernel.vmlinux);
        } else context.err.write('ktrial: the machine could not be left running: it has ended\n');
      }
    }
  } finally {
    if (!isKept) await scratch[Symbol.asyncDispose]();
  }
}
