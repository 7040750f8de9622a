// SPDX-License-Identifier: MIT
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Kernel } from '../model/index.ts';

/** Where programs keep what can be made again; tests that start ktrial tell it so. */
export const CACHE_HOME: string = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');

/** ktrial's own cache: what tests need to boot a machine is made once and kept there. */
export const TEST_CACHE: string = join(CACHE_HOME, 'ktrial');

/** The lean kernel that machine tests boot. */
export async function testKernel(): Promise<Kernel> {
  const { openTestLab } = await import('./lab.ts');
  return (await openTestLab()).kernel;
}
