// SPDX-License-Identifier: MIT
import { open, readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { inputFault, lookAtInput, runCommand } from '../host/index.ts';
import { Fault, type Splat } from '../model/index.ts';

/** A kernel that names source lines, and its source text. */
export interface LogKernel {
  readonly vmlinux: string;
  readonly modules: string;
  readonly source: string;
  read(path: string): Promise<string | null>;
}

/** What a user says about the kernel of a log: paths. */
export interface LogKernelRequest {
  readonly vmlinux?: string;
  readonly source?: string;
}

/**
 * The kernel of `--vmlinux`, or null; its modules are looked for beside it. Its source is `--source`; else the commit of a
 * kernel that ktrial itself built; else what lies beside the vmlinux. Faults (request): `SCAN_NO_VMLINUX`, `SCAN_NO_ELF`,
 * `SCAN_NO_DEBUG_INFORMATION`, those of `lookAtInput`.
 */
export async function findLogKernel(
  request: LogKernelRequest,
  place: { readonly workingDirectory: string; readonly signal: AbortSignal },
): Promise<LogKernel | null> {
  if (request.vmlinux === undefined) {
    if (request.source === undefined) return null;
    throw fault(
      'SCAN_NO_VMLINUX',
      '--source is of no use without --vmlinux',
      'ktrial scan --vmlinux FILE --source DIRECTORY LOG',
    );
  }
  const vmlinux = resolve(place.workingDirectory, request.vmlinux);
  await requireDebugInformation(vmlinux, place.signal);
  const modules = dirname(vmlinux);
  if (request.source !== undefined) {
    const source = resolve(place.workingDirectory, request.source);
    if ((await lookAtInput(source, 'source directory')) !== 'directory')
      throw fault('INPUT_NOT_A_DIRECTORY', `got ${request.source}, expected a source directory`, undefined);
    return { vmlinux, modules, source, read: (path) => readBelow(source, path) };
  }
  // Most logs are read without a kernel, and these rooms take long to load.
  const { readStoredKernel, readSourceText } = await import('../kernel/index.ts');
  const stored = await readStoredKernel(modules);
  if (!stored) return { vmlinux, modules, source: modules, read: (path) => readBelow(modules, path) };
  const { source, commit } = stored;
  return { vmlinux, modules, source, read: (path) => readSourceText(source, commit, path).catch(() => null) };
}

async function requireDebugInformation(vmlinux: string, signal: AbortSignal): Promise<void> {
  const kind = await lookAtInput(vmlinux, 'vmlinux');
  if (kind !== 'file')
    throw fault('INPUT_NOT_A_FILE', `got a ${kind} ${vmlinux}, expected a vmlinux`, undefined);
  if ((await readStart(vmlinux)) !== '7f454c46')
    throw fault(
      'SCAN_NO_ELF',
      `${vmlinux} is no ELF file`,
      'name the vmlinux that the build left beside its Makefile: a bzImage or System.map names no lines',
    );
  const { exitCode, stdout } = await runCommand('readelf', ['-S', '-W', '--', vmlinux], {
    accept: 'any',
    signal,
  });
  if (exitCode === 0 && /\s\.z?debug_line\s/.test(stdout)) return;
  throw fault(
    'SCAN_NO_DEBUG_INFORMATION',
    `${vmlinux} has no debug information that names source lines`,
    'build the kernel with CONFIG_DEBUG_INFO_DWARF_TOOLCHAIN_DEFAULT=y (before 5.18: CONFIG_DEBUG_INFO=y), and do not strip it',
  );
}

async function readStart(path: string): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
      return buffer.subarray(0, bytesRead).toString('hex');
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw inputFault(path, 'vmlinux', cause);
  }
}

function readBelow(directory: string, path: string): Promise<string | null> {
  if (isAbsolute(path) || path.split('/').includes('..')) return Promise.resolve(null);
  return readFile(join(directory, path), 'utf8').catch(() => null);
}

function fault(code: string, message: string, next: string | undefined): Fault {
  return new Fault({ blame: 'request', code, message, ...(next === undefined ? {} : { next }) });
}

/** The splats with source lines, and the text round the culprit's, where the kernel has them. */
export async function nameSourceLines(splats: readonly Splat[], kernel: LogKernel): Promise<Splat[]> {
  const { openSymbolisers, quoteSource } = await import('../symbol/index.ts');
  const symbolisers = openSymbolisers();
  const text = { read: kernel.read, changes: () => Promise.resolve(new Map()) };
  const named: Splat[] = [];
  try {
    for (const splat of splats) {
      const placed = await symbolisers.symboliseSplat(splat, kernel);
      named.push(await quoteSource(placed, text, (frame) => symbolisers.coveredLines(frame, kernel)));
    }
  } finally {
    await symbolisers[Symbol.asyncDispose]();
  }
  return named;
}
