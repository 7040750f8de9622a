// SPDX-License-Identifier: MIT
import { join, resolve } from 'node:path';
import { listInput, lookAtInput, readInput } from '../host/index.ts';
import {
  type KernelDefinition,
  layConfig,
  readConfigArguments,
  readKernelDefinition,
} from '../kernel/index.ts';
import { DEFAULT_LIMITS, Fault, isFault, type Limits, type Series } from '../model/index.ts';
import { readSeries } from '../series/index.ts';

/** What a user's words about kernel and series are relative to. */
export interface InputPlace {
  readonly root: string;
  readonly workingDirectory: string;
  readonly signal: AbortSignal;
  readonly limits?: Limits;
  /** Told how far the reading of a large mailbox has come. */
  readonly onProgress?: (text: string) => void;
  /** All of standard input. */
  readStandardInput(): Promise<Uint8Array>;
}

/** The kernel definition that a user names. */
export async function readKernel(name: string, place: InputPlace): Promise<KernelDefinition> {
  const { signal, limits = DEFAULT_LIMITS } = place;
  return readKernelDefinition(name, join(place.root, 'kernels'), { signal, limits });
}

/** A kernel definition with the values of `--config` on top. Faults of `readConfigArguments`. */
export async function withConfigArguments(
  kernel: KernelDefinition,
  args: readonly string[],
  { root, workingDirectory, signal, limits = DEFAULT_LIMITS }: InputPlace,
): Promise<KernelDefinition> {
  const kernelsDirectory = join(root, 'kernels');
  const { source } = kernel;
  const local = 'directory' in source ? source.directory : 'git' in source ? source.git.repository : null;
  const checkout = local === null ? null : resolve(workingDirectory, local);
  const place = { workingDirectory, kernelsDirectory, arch: kernel.arch, checkout, signal, limits };
  const layer = await readConfigArguments(args, place);
  return { ...kernel, config: await layConfig(kernel.config, layer, place) };
}

/**
 * The series that an argument names: a file, a directory, `-` for standard input, or a range `A..B`. Faults:
 * `CAMPAIGN_NO_SERIES`, `CAMPAIGN_NO_RANGE` (request), those of `host/input.ts` and of the series itself.
 */
export async function readSeriesArgument(
  arg: string,
  repository: string | undefined,
  place: InputPlace,
): Promise<Series> {
  const { signal, limits = DEFAULT_LIMITS, onProgress } = place;
  const settings = { signal, limits, ...(onProgress ? { onProgress } : {}) };
  const path = resolve(place.workingDirectory, arg);
  const kind = arg === '-' ? 'standard input' : await lookAtInput(path, 'mailbox').catch(nullIfMissing);
  // `..` as a part of a path is no range.
  if (kind === null && arg.includes('..') && !arg.split('/').includes('..')) {
    const source = {
      kind: 'range' as const,
      repository: resolve(place.workingDirectory, repository ?? '.'),
      range: arg,
    };
    return readSeries(source, settings);
  }
  if (kind === null) throw noSeries(arg);
  if (repository !== undefined)
    throw new Fault({
      blame: 'request',
      code: 'CAMPAIGN_NO_RANGE',
      message: `got --repository ${repository} with ${arg}, expected it with a range A..B`,
      next: 'leave --repository out, or name a range of that repository',
    });
  if (kind === 'standard input')
    return readSeries({ kind: 'bytes', bytes: await place.readStandardInput(), name: kind }, settings);
  await requireNoSlip(arg, path, kind);
  if (kind === 'directory') return readSeries({ kind, path }, settings);
  if (kind === 'file') return readSeries({ kind, path }, settings);
  const bytes = await readInput(path, mailboxInput(place));
  return readSeries({ kind: 'bytes', bytes, name: arg }, settings);
}

function mailboxInput({ signal, limits = DEFAULT_LIMITS }: InputPlace) {
  return {
    what: 'mailbox',
    limitBytes: limits['mailbox-mib'] * 1024 * 1024,
    raise: `--limit mailbox-mib=${2 * limits['mailbox-mib']}`,
    signal,
  };
}

/** A path at which nothing is may be a range; a broken link and an address are none. */
function nullIfMissing(fault: unknown): null {
  const plain = isFault(fault, 'INPUT_NOT_FOUND') && fault.cause !== undefined;
  if (plain) return null;
  throw fault;
}

/** Options take one value each, so that a second one stands where the series is expected. */
async function requireNoSlip(arg: string, path: string, kind: string): Promise<void> {
  const names = kind === 'directory' ? await listInput(path, 'directory of patches') : [arg];
  const of = (pattern: RegExp) => names.length > 0 && names.every((name) => pattern.test(name));
  const option = of(/\.ya?ml$/) ? '--scenarios' : of(/\.config$/) ? '--config' : null;
  if (option === null) return;
  throw new Fault({
    blame: 'request',
    code: 'CAMPAIGN_NO_SERIES',
    message: `got ${arg} as the series, expected patches`,
    next: `${option} takes one value and is repeatable: ${option} A ${option} B`,
  });
}

function noSeries(arg: string): Fault {
  const isAddress = /^[a-z][a-z0-9+.-]*:\/\//i.test(arg);
  return new Fault({
    blame: 'request',
    code: 'CAMPAIGN_NO_SERIES',
    message: isAddress
      ? `got the address ${arg}, expected a series on this computer`
      : `there is no mailbox or directory ${arg}`,
    next: isAddress
      ? 'fetch it first: b4 am -o - MESSAGE-ID | ktrial run -'
      : 'name an mbox file, a directory of patches, a range A..B of a git repository, or - for standard input',
  });
}
