// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { exists, makeScratch, readTail, startDaemon, tail } from '../host/index.ts';
import { DEFAULT_LIMITS, Fault, type Limits, quoteArgs } from '../model/index.ts';
import { buildArgv } from './argv.ts';
import { confineMachine } from './confinement.ts';
import { QEMU_LOG, QemuMachine, SOCKETS } from './qemu-machine.ts';
import type { MachineSpec } from './spec.ts';

export interface BootOptions {
  readonly signal?: AbortSignal;
  readonly limits?: Limits;
  /** Whether the machine can be left running (`Machine.release`). */
  readonly keepable?: boolean;
}

/**
 * Starts a machine; when this resolves, QEMU runs and its monitor answers. Aborting the signal stops the machine. It boots,
 * unless its RAM is private: then it waits for a state to be loaded.
 * Faults: `MACHINE_FILE_MISSING`, `HOST_PROGRAM_MISSING`, `MACHINE_NOT_STARTED` (all lab).
 */
export async function bootMachine(spec: MachineSpec, options: BootOptions = {}): Promise<QemuMachine> {
  // A clone's kernel is in its RAM, and the file that it was loaded from may be gone.
  if (spec.ram?.use !== 'private') await requireFile('boot image', spec.bootImage);
  await requireFile('image', spec.rootPath);
  await requireFile('overlay', spec.overlayPath);
  if (spec.dataDiskPath !== undefined) await requireFile('data disk', spec.dataDiskPath);
  // Not in the machine's own directory: a socket's path has at most 107 bytes.
  const scratch = await makeScratch('machine');
  const sockets = { ...scratch, path: join(scratch.path, SOCKETS) };
  const { keepable = false } = options;
  const argv = buildArgv(spec, sockets.path, keepable);
  const log = join(spec.directory, QEMU_LOG);
  const limits = options.limits ?? DEFAULT_LIMITS;
  const start = async () =>
    startDaemon(argv, log, await confineMachine(spec, sockets.path, limits['console-mib'], keepable));
  const daemon = await start().catch(async (error: unknown) => {
    await scratch[Symbol.asyncDispose]();
    throw error;
  });
  const machine = new QemuMachine(spec, daemon, sockets, { limits, keepable });
  const onAbort = () => void machine.stop();
  options.signal?.addEventListener('abort', onAbort, { once: true });
  if (options.signal?.aborted) onAbort();
  void machine.ended.then(() => options.signal?.removeEventListener('abort', onAbort));
  try {
    await machine.open();
    return machine;
  } catch (cause) {
    await machine[Symbol.asyncDispose]();
    const lastLines = tail(await readTail(log), 10);
    throw new Fault({
      blame: 'lab',
      code: 'MACHINE_NOT_STARTED',
      message: `QEMU did not start${lastLines[0] ? `: ${lastLines[0]}` : ''}`,
      details: [quoteArgs(argv), ...lastLines],
      cause,
    });
  }
}

async function requireFile(what: string, path: string): Promise<void> {
  if (await exists(path)) return;
  throw new Fault({
    blame: 'lab',
    code: 'MACHINE_FILE_MISSING',
    message: `the machine's ${what} is missing: ${path}`,
    next: 'run the same command again: the file will be rebuilt; if this persists, run `ktrial doctor`',
  });
}
