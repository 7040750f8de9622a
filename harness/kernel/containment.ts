// SPDX-License-Identifier: MIT
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandOptions, giveToSandbox, probeSandbox, type Sandbox } from '../host/index.ts';
import { DEFAULT_LIMITS, Fault, type Limits } from '../model/index.ts';

/** How whatever executes code of a tree is kept apart from this computer. */
export interface Containment {
  /** Null where the user allowed to go on without. */
  readonly sandbox: Sandbox | null;
  readonly limits: Limits;
  /** What a reader of the result should know; empty where everything is contained. */
  readonly notes: readonly string[];
}

export interface ContainmentOptions {
  readonly cacheDirectory: string;
  readonly limits?: Limits | undefined;
  /** Go on where this computer cannot contain builds. */
  readonly allowUnsandboxed?: boolean | undefined;
  /** Contain nothing, even where that is possible: to measure what it costs. */
  readonly withoutSandbox?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Starts a sandbox to see whether this computer can. Fault `KERNEL_NO_SANDBOX` (lab) where it cannot, unless the user
 * allowed to go on without.
 */
export async function openContainment(directory: string, options: ContainmentOptions): Promise<Containment> {
  const { cacheDirectory, signal, limits = DEFAULT_LIMITS } = options;
  if (options.withoutSandbox === true) return { sandbox: null, limits, notes: [] };
  const probe = await probeSandbox(join(directory, 'sandbox'), cacheDirectory, signal);
  if (probe.ok) return { sandbox: probe.sandbox, limits, notes: [] };
  if (options.allowUnsandboxed === true) {
    const note = `the kernels were built without a sandbox: their code ran as the user who started ktrial (${probe.reason})`;
    return { sandbox: null, limits, notes: [note] };
  }
  throw new Fault({
    blame: 'lab',
    code: 'KERNEL_NO_SANDBOX',
    message: `this computer cannot contain the build of a kernel: ${probe.reason}`,
    details: ['a build executes code of the source and of the series; nothing was built'],
    next: `${probe.next}; or let that code run as yourself: --allow-unsandboxed`,
  });
}

/** What one command of a build may see and write. */
export interface Reach {
  readonly tree: string;
  /** The directory that it writes to, and the path that it knows it by. */
  readonly output: string;
  readonly mountedAt: string;
  /** Compiled objects: null for commands that use none. */
  readonly ccache: { readonly directory: string; readonly writable: boolean } | null;
  readonly env: Readonly<Record<string, string>>;
}

/** The options that contain a command, or only set its environment where nothing is contained. */
export async function contain(
  { sandbox, limits }: Containment,
  reach: Reach,
): Promise<Pick<CommandOptions, 'sandbox' | 'env'>> {
  const { tree, output, mountedAt, ccache, env } = reach;
  const own = [{ path: output, at: mountedAt }];
  const readOnly = [tree];
  if (ccache) {
    await mkdir(ccache.directory, { recursive: true });
    if (ccache.writable) own.push({ path: ccache.directory, at: ccache.directory });
    else readOnly.push(ccache.directory);
  }
  // An earlier ktrial may have built there in another way. The compiler cache has many files, and one kind of writer.
  for (const { path } of own) await giveToSandbox(sandbox, path, path === output);
  if (sandbox === null) return { env };
  return { sandbox: { sandbox, readOnly, writable: own, env, limits } };
}
