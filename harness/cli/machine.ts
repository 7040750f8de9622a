// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { makeScratch } from '../host/index.ts';
import { bakeImage, bakeOverlay, makeKeys } from '../image/index.ts';
import type { Guest, Kernel } from '../model/index.ts';
import { bootMachine, type Machine, needsNetwork } from '../vm/index.ts';
import { chooseAccelerator, imageRecipe } from './assemble.ts';
import { showConsole } from './console.ts';
import type { Context } from './context.ts';
import { withHeartbeat } from './heartbeat.ts';
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

/** Boots a kernel by itself, outside of any trial, and lets `use` work with it; nothing is left afterwards. */
export async function withMachine<T>(
  kernel: Kernel,
  options: MachineOptions,
  context: Context,
  use: (guest: Guest, machine: Machine) => Promise<T>,
): Promise<T> {
  const image = await withHeartbeat(context, 'making the image', () =>
    bakeImage(imageRecipe(context), {
      cacheDirectory: context.cacheDirectory,
      signal: context.signal,
      ...(options.mirror ? { mirror: options.mirror } : {}),
    }),
  );
  const accelerator = await chooseAccelerator(context, kernel.bootImage);
  context.say(`Linux ${kernel.release} under ${accelerator.kind} (${accelerator.reason})`);
  await using scratch = await makeScratch('boot');
  const directory = scratch.path;
  const keys = makeKeys();
  const overlayPath = join(directory, 'overlay.squashfs');
  await bakeOverlay(overlayPath, { keys, modulesDirectory: kernel.modules }, { signal: context.signal });
  const machine = await bootMachine(
    {
      name: 'ktrial-boot',
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
    },
    { signal: context.signal, limits: context.limits },
  );
  try {
    if (options.console) showConsole(machine, 'console', context.err);
    const guest = await withHeartbeat(context, `Linux ${kernel.release} is booting`, () =>
      machine.connect(BOOT_LIMIT_MS, context.signal),
    );
    return await use(guest, machine);
  } finally {
    await machine[Symbol.asyncDispose]();
  }
}
