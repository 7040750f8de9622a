// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { bakeImage } from '../image/index.ts';
import { openBuildTree, readKernelDefinition } from '../kernel/index.ts';
import type { Image, Kernel } from '../model/index.ts';
import { type Accelerator, probeAccelerator } from '../vm/index.ts';
import { TEST_CACHE } from './kernel.ts';
import { PROJECT_ROOT } from './root.ts';

/** What tests that boot need: made on the first call, taken from the same cache as the product's afterwards. */
export interface TestLab {
  readonly cacheDirectory: string;
  readonly kernel: Kernel;
  readonly image: Image;
  readonly accelerator: Accelerator;
}

/** Opens the lab with a kernel definition of this project; the lean one unless another is named. */
export async function openTestLab(definitionName = 'smoke-5.10'): Promise<TestLab> {
  const definition = await readKernelDefinition(definitionName, join(PROJECT_ROOT, 'kernels'));
  const onProgress = () => {};
  await using buildTree = await openBuildTree(definition, { cacheDirectory: TEST_CACHE, onProgress });
  const built = await buildTree.build({ commit: buildTree.baseCommit });
  if (!built.ok) throw new Error(`the test kernel does not compile: ${built.logTail.join('\n')}`);
  const { arch, bootImage } = built.kernel;
  const image = await bakeImage(join(PROJECT_ROOT, 'images/guest.yaml'), arch, {
    cacheDirectory: TEST_CACHE,
  });
  const accelerator = await probeAccelerator({ cacheDirectory: TEST_CACHE, arch, bootImage });
  return { cacheDirectory: TEST_CACHE, kernel: built.kernel, image, accelerator };
}
