// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { exists, runGit } from '../host/index.ts';
import { Fault } from '../model/index.ts';
import { requireSourceTree } from './archive-source.ts';
import { commitDirectory } from './repository.ts';
import type { SourceOptions } from './source-options.ts';

/** The commit that an earlier run wrote down, if the repository really has it; null otherwise. */
export async function readStamp(
  stamp: string,
  repository: string,
  options: SourceOptions,
): Promise<string | null> {
  const commit = (await readFile(stamp, 'utf8').catch(() => '')).trim();
  if (/^[0-9a-f]{40,64}$/.test(commit)) {
    const { exitCode } = await runGit(['--git-dir', repository, 'cat-file', '-e', `${commit}^{tree}`], {
      signal: options.signal,
      accept: 'any',
    });
    if (exitCode === 0) return commit;
  }
  if (await exists(repository))
    options.onProgress?.(`${repository} is incomplete: the source is fetched again`);
  return null;
}

/** Fetches a ref of another repository and returns its commit. Fault `KERNEL_NO_SOURCE`. */
export async function fetchCommit(
  source: { readonly repository: string; readonly ref: string },
  repository: string,
  options: SourceOptions,
): Promise<string> {
  const { signal } = options;
  const git = (args: readonly string[], accept?: 'any') =>
    runGit(['--git-dir', repository, ...args], { signal, accept });
  if (!(await exists(repository))) await runGit(['init', '-q', '--bare', repository], { signal });
  options.onProgress?.(`fetching ${source.ref} from ${source.repository}`);
  const isAddress = /^[a-z+]+:\/\/|^[^/]+@[^/]+:/.test(source.repository);
  const from = isAddress ? source.repository : resolve(source.repository);
  const result = await git(['fetch', '-q', '--no-tags', from, source.ref], 'any');
  if (result.exitCode !== 0) {
    throw new Fault({
      blame: 'request',
      code: 'KERNEL_NO_SOURCE',
      message: `git cannot fetch ${source.ref} from ${source.repository}`,
      details: [result.stderr.trim()],
      next: 'check the repository and the ref in the definition',
    });
  }
  const commit = (await git(['rev-parse', 'FETCH_HEAD^{commit}'])).stdout.trim();
  await git(['update-ref', `refs/ktrial/${commit}`, commit]);
  return commit;
}

/** Commits the content of a source directory to the cache's repository and returns the commit. */
export async function readDirectory(
  directory: string,
  repository: string,
  options: SourceOptions,
): Promise<string> {
  const { signal } = options;
  await requireSourceTree(directory);
  if (!(await exists(repository))) await runGit(['init', '-q', '--bare', repository], { signal });
  options.onProgress?.(`reading ${directory}`);
  return commitDirectory(repository, directory, `kernel source in ${directory}`, { signal });
}
