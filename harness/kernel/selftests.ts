// SPDX-License-Identifier: MIT
import { readdir } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { digestOf, removeHostile, runCommand, tail } from '../host/index.ts';
import { Fault } from '../model/index.ts';
import { isDigest, openArtifactStore, openOutputFiles, readArtifact } from '../store/index.ts';
import type { BuildSite } from './build.ts';
import { contain } from './containment.ts';
import { buildInto } from './output-directory.ts';
import { SELFTESTS_SCRIPT } from './selftests-script.ts';

/** Grows when a change here makes earlier results wrong. */
const SELFTESTS_FORMAT = '1';

/** More files than these no target installs. */
const MOST_FILES = 20_000;

export interface SelftestsRequest {
  /** The kernel whose tree they are built from. */
  readonly kernel: { readonly digest: string; readonly commit: string };
  /** Directories below tools/testing/selftests, such as `net/forwarding`. */
  readonly targets: readonly string[];
  readonly onProgress?: (text: string) => void;
}

const metaSchema = z.strictObject({ target: z.string() });

function parseMeta(value: unknown) {
  const result = metaSchema.safeParse(value);
  return result.success ? result.data : null;
}

function digestOfTarget(kernel: string, target: string): string {
  return digestOf(SELFTESTS_FORMAT, kernel, target);
}

/** Where a target's programs are, that were built with a kernel; null where they are not in the cache. */
export async function findStoredSelftests(
  cacheDirectory: string,
  kernel: string,
  target: string,
): Promise<string | null> {
  const digest = digestOfTarget(kernel, target);
  if (!isDigest(digest)) return null;
  const reading = await readArtifact(join(cacheDirectory, 'selftests', digest), parseMeta, digest);
  return reading.kind === 'whole' ? join(reading.artifact.directory, 'files') : null;
}

/**
 * Builds kselftest targets from a kernel's own tree, in the sandbox, with the headers of that tree and linked statically,
 * and stores each beside the kernels. A program that does not compile is written down with the compiler's first error: its
 * absence is no failure of the kernel. Fault `KERNEL_SELFTESTS_FAILED` (lab) where not even the headers can be made.
 */
export async function buildSelftests(site: BuildSite, request: SelftestsRequest): Promise<void> {
  const { kernel, onProgress } = request;
  const wanted: string[] = [];
  for (const target of request.targets)
    if ((await findStoredSelftests(site.cacheDirectory, kernel.digest, target)) === null) wanted.push(target);
  if (wanted.length === 0) return;
  onProgress?.(`building selftests: ${wanted.join(', ')}`);
  await site.checkOut(kernel.commit);
  const output = join(dirname(site.output), 'selftests', 'out');
  // What another arm's code could write never becomes part of this one's programs.
  await removeHostile(dirname(output));
  await buildInto(output, () => runScript(site, output, wanted));
  const store = openArtifactStore({
    directory: join(site.cacheDirectory, 'selftests'),
    parse: parseMeta,
    onNote: onProgress,
  });
  const files = await openOutputFiles(output);
  for (const target of wanted)
    await store.put(digestOfTarget(kernel.digest, target), async (directory, final) => {
      for (const path of await listFiles(join(output, 'install'), target)) {
        const place = join('files', path);
        await files.put(join('install', path), join(directory, place), join(final, place));
      }
      return { target };
    });
  await files.close();
}

async function runScript(site: BuildSite, output: string, targets: readonly string[]): Promise<void> {
  const { containment, tree, toolchain: _toolchain, architecture, jobs, lock, signal } = site;
  const env = {
    KTRIAL_TREE: tree,
    KTRIAL_OUTPUT: output,
    KTRIAL_ARCH: architecture.makeArch,
    KTRIAL_JOBS: String(jobs),
    C_INCLUDE_PATH: join(output, 'usr/include'),
  };
  const logPath = join(dirname(output), 'build.log');
  const result = await runCommand('sh', ['-c', SELFTESTS_SCRIPT, 'selftests', ...targets], {
    ...(await contain(containment, { tree, output, mountedAt: output, ccache: null, env })),
    accept: 'any',
    logPath,
    keepOpen: lock.descriptor,
    ...(signal ? { signal } : {}),
  });
  if (result.exitCode === 0) return;
  throw new Fault({
    blame: 'lab',
    code: 'KERNEL_SELFTESTS_FAILED',
    message: `the selftests ${targets.join(', ')} could not be built: got exit code ${result.exitCode}`,
    details: tail(result.stderr === '' ? result.stdout : result.stderr, 10),
    next: `read the whole log: ${logPath}`,
  });
}

/** Plain files of a target and of what all targets share; what else a build left is no file of a test. */
async function listFiles(install: string, target: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const part of ['kselftest', 'shared', target]) {
    const entries = await readdir(join(install, part), { recursive: true, withFileTypes: true }).catch(
      () => [],
    );
    for (const entry of entries)
      if (entry.isFile()) found.push(relative(install, join(entry.parentPath ?? entry.path, entry.name)));
  }
  return [...new Set(found)].slice(0, MOST_FILES);
}
