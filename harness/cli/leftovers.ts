// SPDX-License-Identifier: MIT
import { reapScratch } from '../host/index.ts';
import type { Context } from './context.ts';

/** Removes what ktrial processes that were killed left behind, and says so. Called before anything is started. */
export async function removeLeftovers({ cacheDirectory, say }: Context): Promise<void> {
  for (const path of await reapScratch(cacheDirectory)) say(`removed ${path}, a leftover`);
}
