// SPDX-License-Identifier: MIT
import { readdir, readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { exists, inheritEnvironment } from '../host/index.ts';
import { PROJECT_ROOT } from './root.ts';

/** ktrial's own cache: what tests need to boot a machine is what the demo needs. */
export const TEST_CACHE: string = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'ktrial');

/** The kernel that machine tests boot. */
const DEFINITION = 'mdev-5.10';

export interface TestKernel {
  readonly bootImage: string;
  readonly modules: string;
}

/** A kernel to boot: the newest build of the project's own definition in the cache, or one that is built now. */
export async function testKernel(): Promise<TestKernel> {
  inheritEnvironment(process.env);
  return (await findNewest()) ?? build();
}

async function findNewest(): Promise<TestKernel | null> {
  const store = join(TEST_CACHE, 'kernels');
  const found: { readonly directory: string; readonly at: number }[] = [];
  for (const digest of await readdir(store).catch(() => [])) {
    const directory = join(store, digest);
    const told = await readFile(join(directory, 'kernel.json'), 'utf8').catch(() => '');
    if (!told.includes(`"name": "${DEFINITION}"`) || !(await exists(join(directory, 'boot')))) continue;
    // Images before this option cannot be mounted: such a kernel is from before the machine's present configuration.
    if (!/^CONFIG_SQUASHFS_ZLIB=y$/m.test(await readFile(join(directory, 'config'), 'utf8'))) continue;
    found.push({ directory, at: (await stat(directory)).mtimeMs });
  }
  const [newest] = found.sort((one, other) => other.at - one.at);
  if (!newest) return null;
  return { bootImage: join(newest.directory, 'boot'), modules: join(newest.directory, 'modules') };
}

async function build(): Promise<TestKernel> {
  const { openWorkshop, readKernelDefinition } = await import('../kernel/index.ts');
  const definition = await readKernelDefinition(DEFINITION, join(PROJECT_ROOT, 'kernels'));
  await using workshop = await openWorkshop(definition, { cacheDirectory: TEST_CACHE });
  const result = await workshop.build({ commit: workshop.baseCommit });
  if (!result.ok) throw new Error(`the test kernel does not build: ${result.logTail.join(' / ')}`);
  return result.kernel;
}
