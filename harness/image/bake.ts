// SPDX-License-Identifier: MIT
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DebianSource, fetchDebianClosure, resolveDebianClosure } from '../debian/index.ts';
import { digestOf, hostArchitecture, makeScratch, runCommand, takeLock } from '../host/index.ts';
import type { Architecture, Image } from '../model/index.ts';
import { DEBIAN_ARCHITECTURES, listApplets } from './applets.ts';
import { compilerVersion, firstLine } from './program.ts';
import { type ImageRecipe, readImageRecipe } from './recipe.ts';
import { BUSYBOX, fillRoot } from './root.ts';
import { makeSquashfs } from './squashfs.ts';
import { openImageStore, ROOT_FILE, toImage } from './store.ts';

export interface BakeOptions {
  readonly cacheDirectory: string;
  readonly mirror?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (text: string) => void;
}

/** Grows when a change here makes earlier images wrong. */
const BAKE_FORMAT = '6';

/**
 * Bakes an image for machines of an architecture, or takes it from the cache when the same recipe, packages, files and compiler made it before. Needs no
 * root.
 */
export async function bakeImage(
  recipePath: string,
  arch: Architecture,
  options: BakeOptions,
): Promise<Image> {
  const recipe = await readImageRecipe(recipePath, arch);
  const architecture = DEBIAN_ARCHITECTURES[arch];
  const source: DebianSource = { ...options, suite: recipe.suite, architecture };
  const store = openImageStore(options.cacheDirectory, options.onProgress);
  const known = await store.get(
    await identifyImage(recipe, await resolveDebianClosure(recipe.packages, source)),
  );
  if (known) return toImage(known);
  await using _lock = await takeLock(
    join(options.cacheDirectory, 'images', `${digestOf(recipe.name, arch).slice(0, 32)}.lock`),
    {
      onWait: () => options.onProgress?.('waiting for another ktrial that bakes the same image'),
      ...(options.signal ? { signal: options.signal } : {}),
    },
  );
  // The package list may have been read again, and name newer versions now.
  const packages = await fetchDebianClosure(recipe.packages, source);
  const digest = await identifyImage(recipe, packages);
  const meanwhile = await store.get(digest);
  if (meanwhile) return toImage(meanwhile);
  const baked = await store.put(digest, async (directory) => {
    await using scratch = await makeScratch('bake', join(options.cacheDirectory, 'images'));
    const staging = join(scratch.path, 'staging');
    const root = join(scratch.path, 'root');
    await mkdir(staging);
    await mkdir(root);
    options.onProgress?.(`unpacking ${packages.length} packages`);
    const signal = options.signal ? { signal: options.signal } : {};
    for (const one of packages) await runCommand('dpkg-deb', ['-x', '--', one.path, staging], signal);
    const own = arch === hostArchitecture() ? join(staging, BUSYBOX) : null;
    await fillRoot(recipe, staging, root, await listApplets(own, source));
    options.onProgress?.('packing the root file system');
    await makeSquashfs(root, join(directory, ROOT_FILE.image), options.signal);
    return { name: recipe.name };
  });
  return toImage(baked);
}

/** The digest of everything that an image is made from. Where the recipe's files are on this computer does not count. */
async function identifyImage(
  recipe: ImageRecipe,
  packages: readonly { readonly sha256: string }[],
): Promise<string> {
  const tools = await Promise.all([compilerVersion(recipe.arch), firstLine('mksquashfs', '-version')]);
  const sources = await Promise.all([...recipe.files, ...recipe.programs].map((one) => readFile(one.source)));
  const shape = {
    ...recipe,
    files: recipe.files.map(({ path, mode }) => ({ path, mode })),
    programs: recipe.programs.map(({ path, shared }) => ({ path, shared })),
  };
  const digests = packages.map((one) => one.sha256);
  return digestOf(BAKE_FORMAT, JSON.stringify(shape), ...digests, ...sources, ...tools);
}
