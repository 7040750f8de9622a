// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { digestOf, runGit } from '../host/index.ts';
import { Fault, isFault } from '../model/index.ts';
import { damageFault, findRepositoryDamage } from './damage.ts';
import type { KernelDefinition } from './definition.ts';
import { checkOut } from './repository.ts';

export interface BaseRequest {
  readonly definition: KernelDefinition;
  readonly repository: string;
  /** The commit of the source, to which the definition's patches are applied. */
  readonly commit: string;
  readonly tree: string;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
}

/** Finds or makes the base commit: the source with the definition's patches. Fault `KERNEL_PATCH_FAILED`. */
export async function applyDefinitionPatches(request: BaseRequest): Promise<string> {
  const { definition, repository, commit, tree, signal } = request;
  if (definition.patches.length === 0) return commit;
  const texts = await Promise.all(definition.patches.map((path) => readFile(path, 'utf8')));
  const name = `refs/ktrial/base-${digestOf(commit, ...texts).slice(0, 40)}`;
  const inRepository = ['--git-dir', repository];
  const known = await runGit([...inRepository, 'rev-parse', '--verify', '-q', name], {
    signal,
    accept: 'any',
  });
  if (known.exitCode === 0) return known.stdout.trim();
  await checkOut(tree, commit, request);
  for (const path of definition.patches) {
    request.onProgress?.(`applying ${path}`);
    await applyPatch(request, path);
  }
  const tip = (await runGit(['rev-parse', 'HEAD'], { signal, cwd: tree })).stdout.trim();
  await runGit([...inRepository, 'update-ref', name, tip], { signal });
  return tip;
}

async function applyPatch(request: BaseRequest, path: string): Promise<void> {
  const { definition, commit, tree, signal } = request;
  try {
    await runGit(['am', '-q', '-3', '--', path], { signal, cwd: tree });
  } catch (cause) {
    if (!isFault(cause, 'HOST_COMMAND_FAILED')) throw cause;
    const damage = findRepositoryDamage(cause.details.join('\n'));
    if (damage !== null) throw damageFault(tree, damage);
    await checkOut(tree, commit, request);
    throw new Fault({
      blame: 'request',
      code: 'KERNEL_PATCH_FAILED',
      message: `${path}${definition.path === null ? '' : `, listed in ${definition.path},`} does not apply`,
      details: cause.details,
      next: 'the patches of a kernel definition must fit its source; a series under trial goes on the command line instead',
      cause,
    });
  }
}
