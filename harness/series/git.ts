// SPDX-License-Identifier: MIT
import { makeScratch } from '../host/index.ts';

export { type GitOptions, runGit as git } from '../host/index.ts';

/** Runs `work` with a temporary directory and removes it afterwards. */
export async function withScratch<T>(work: (directory: string) => Promise<T>): Promise<T> {
  await using scratch = await makeScratch('series');
  return await work(scratch.path);
}
