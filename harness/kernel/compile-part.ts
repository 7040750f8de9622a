// SPDX-License-Identifier: MIT
import { dirname, join } from 'node:path';
import { runGit } from '../host/index.ts';
import type { Diagnostic } from '../model/index.ts';
import type { BuildSite } from './build.ts';
import { makeKernel } from './make.ts';
import { type BuildChecks, openToolchain } from './toolchain.ts';

export interface PartRequest {
  readonly commit: string;
  /** Directories with a slash at the end, and objects, by their path in the tree. */
  readonly paths: readonly string[];
  readonly checks: BuildChecks;
  readonly onProgress?: (text: string) => void;
}

/** What compiling a part of a tree came to. */
export interface PartResult {
  readonly ok: boolean;
  /** Of all that was compiled; of a part that does not compile, its errors too. */
  readonly diagnostics: readonly Diagnostic[];
  readonly logTail: readonly string[];
}

/** Where parts are compiled, beside the output directory: nothing of it becomes part of a kernel. */
const PLACE = 'static';

/**
 * Compiles parts of a tree at a commit, in the sandbox, in a directory that is for nothing else: all of their files,
 * whatever was compiled before. Faults: `KERNEL_NO_COMPILER` (request) where sparse is missing, `KERNEL_BUILD_DISTURBED`.
 */
export async function compilePart(site: BuildSite, request: PartRequest): Promise<PartResult> {
  const { commit, paths, checks, onProgress } = request;
  const { name, arch } = { name: site.definition.toolchain, arch: site.definition.arch };
  const { signal } = site;
  const toolchain = await openToolchain(name, arch, { checks, ...(signal ? { signal } : {}) });
  const architecture = site.makeArguments.filter((one) => one.startsWith('ARCH='));
  await site.checkOut(commit);
  const output = join(dirname(site.output), PLACE, 'out');
  const { ok, diagnostics, logTail } = await makeKernel({
    ...site,
    output,
    mountedAt: site.containment.sandbox === null ? output : site.output,
    makeArguments: [...architecture, ...toolchain.makeArguments],
    ccache: { directory: site.ccache, writable: false },
    touched: await listSources(site, commit, paths),
    startEmpty: false,
    targets: paths,
    keepOpen: site.lock.descriptor,
    onProgress,
  });
  return { ok, diagnostics, logTail };
}

/** The files that these paths are compiled from: those below a directory, and the source of an object. */
async function listSources(site: BuildSite, commit: string, paths: readonly string[]): Promise<string[]> {
  const wanted = paths.map((path) => (path.endsWith('.o') ? `${path.slice(0, -2)}.c` : path));
  const args = ['ls-tree', '-r', '--name-only', '-z', commit, '--', ...wanted];
  const { stdout } = await runGit(args, { cwd: site.tree, signal: site.signal });
  return stdout.split('\0').filter((path) => /\.[cS]$/.test(path));
}
