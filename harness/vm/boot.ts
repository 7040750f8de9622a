// SPDX-License-Identifier: MIT
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exists, startDaemon, tail } from '../host/index.ts';
import { Fault, quoteArgs } from '../model/index.ts';
import { buildArgv } from './argv.ts';
import { QEMU_LOG, QemuMachine } from './qemu-machine.ts';
import type { MachineSpec } from './spec.ts';

/**
 * Starts a machine; when it resolves, QEMU runs and its monitor answers. Aborting the signal ends the machine. It boots,
 * unless its RAM is private: then it waits to be told from which state it goes on.
 * Faults: `MACHINE_FILE_MISSING`, `HOST_PROGRAM_MISSING`, `MACHINE_NOT_STARTED` (all lab).
 */
export async function bootMachine(
  spec: MachineSpec,
  options: { readonly signal?: AbortSignal } = {},
): Promise<QemuMachine> {
  // A clone's kernel is in its RAM, and the build that it came from may be gone.
  if (spec.ram?.use !== 'private') await requireFile('boot image', spec.bootImage);
  await requireFile('image', spec.rootPath);
  await requireFile('overlay', spec.overlayPath);
  if (spec.dataDiskPath !== undefined) await requireFile('data disk', spec.dataDiskPath);
  // The monitor's socket: a path below a run's own directory may be longer than the 107 bytes that a socket may have.
  const scratch = await mkdtemp(join(tmpdir(), 'ktrial-'));
  const argv = buildArgv(spec, scratch);
  const log = join(spec.directory, QEMU_LOG);
  const daemon = await startDaemon(argv, log).catch(async (error: unknown) => {
    await rm(scratch, { recursive: true, force: true });
    throw error;
  });
  const machine = new QemuMachine(spec, daemon, scratch);
  const onAbort = () => void machine.stop();
  options.signal?.addEventListener('abort', onAbort, { once: true });
  if (options.signal?.aborted) onAbort();
  void machine.ended.then(() => options.signal?.removeEventListener('abort', onAbort));
  try {
    await machine.open();
    return machine;
  } catch (cause) {
    await machine[Symbol.asyncDispose]();
    const words = tail(await readFile(log, 'utf8').catch(() => ''), 10);
    throw new Fault({
      blame: 'lab',
      code: 'MACHINE_NOT_STARTED',
      message: `QEMU did not start${words[0] ? `: ${words[0]}` : ''}`,
      details: [quoteArgs(argv), ...words],
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
