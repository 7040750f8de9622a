// SPDX-License-Identifier: MIT
import { chmod, cp, lstat, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { digestOf, exists, fetchDebianClosure, makeDirectoryAtomic, runCommand, takeLock } from '../host/index.ts';
import type { Image } from '../model/index.ts';
import { findNeeded } from './library.ts';
import { type ImageRecipe, readImageRecipe } from './recipe.ts';
import { makeSquashfs } from './squashfs.ts';

export interface BakeOptions {
  readonly cacheDirectory: string;
  readonly mirror?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (text: string) => void;
}

/** Grows when a change here makes earlier images wrong. */
const BAKE_FORMAT = '1';
/** Mount points that a read-only root must already have. */
const DIRECTORIES = ['proc', 'sys', 'dev', 'run', 'tmp', 'root', 'var', 'overlay', 'etc', 'sbin', 'usr/bin', 'usr/sbin'];

/** Bakes an image, or takes it from the cache when the same recipe, packages, files and compiler made it before. Needs no root. */
export async function bakeImage(recipePath: string, options: BakeOptions): Promise<Image> {
  const recipe = await readImageRecipe(recipePath);
  const packages = await fetchDebianClosure(recipe.packages, {
    suite: recipe.suite,
    mirror: options.mirror,
    cacheDirectory: options.cacheDirectory,
    ...(options.signal ? { signal: options.signal } : {}),
    ...(options.onProgress ? { onProgress: options.onProgress } : {}),
  });
  const compiler = (await runCommand('gcc', ['--version'])).stdout.split('\n')[0] ?? '';
  const sources = await Promise.all([...recipe.files, ...recipe.programs].map((one) => readFile(one.source)));
  const shape = { ...recipe, files: recipe.files.map(({ path, mode }) => ({ path, mode })), programs: recipe.programs.map(({ path }) => ({ path })) };
  const digest = digestOf(BAKE_FORMAT, JSON.stringify(shape), ...packages.map((one) => one.sha256), ...sources, compiler);
  const store = join(options.cacheDirectory, 'images', `${recipe.name}-${digest.slice(0, 32)}`);
  const image: Image = { digest, name: recipe.name, rootPath: join(store, 'root.squashfs') };
  await using _lock = await takeLock(`${store}.lock`, { onWait: () => options.onProgress?.('waiting for another ktrial that bakes the same image'), ...(options.signal ? { signal: options.signal } : {}) });
  if (await exists(image.rootPath)) return image;
  await makeDirectoryAtomic(store, async (directory) => {
    const scratch = await mkdtemp(join(dirname(store), 'bake-'));
    try {
      const pantry = join(scratch, 'pantry');
      const root = join(scratch, 'root');
      await mkdir(pantry);
      options.onProgress?.(`unpacking ${packages.length} packages`);
      for (const one of packages) await runCommand('dpkg-deb', ['-x', one.path, pantry], options.signal ? { signal: options.signal } : {});
      await fillRoot(recipe, pantry, root);
      options.onProgress?.('packing the root file system');
      await makeSquashfs(root, join(directory, 'root.squashfs'), options.signal);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  });
  return image;
}

async function fillRoot(recipe: ImageRecipe, pantry: string, root: string): Promise<void> {
  for (const directory of DIRECTORIES) await mkdir(join(root, directory), { recursive: true });
  for (const path of await findNeeded(pantry, [...recipe.keep, ...recipe.data])) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await cp(join(pantry, path), join(root, path), { verbatimSymlinks: true });
  }
  await linkBusybox(root);
  for (const [path, target] of Object.entries(recipe.links)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await rm(join(root, path), { force: true });
    await symlink(target, join(root, path));
  }
  for (const file of recipe.files) {
    await mkdir(dirname(join(root, file.path)), { recursive: true });
    await writeFile(join(root, file.path), await readFile(file.source));
    await chmod(join(root, file.path), Number.parseInt(file.mode, 8));
  }
  for (const program of recipe.programs) {
    await mkdir(dirname(join(root, program.path)), { recursive: true });
    await compileProgram(program.source, join(root, program.path));
  }
}

/** A link for each of busybox's tools that is not there already. */
async function linkBusybox(root: string): Promise<void> {
  const { stdout } = await runCommand(join(root, 'bin/busybox'), ['--list-full']);
  for (const path of stdout.split('\n').filter((line) => line !== '')) {
    const link = join(root, path);
    if (await lstat(link).catch(() => null)) continue;
    await mkdir(dirname(link), { recursive: true });
    await symlink('/bin/busybox', link);
  }
}

/** Compiles one of the guest's own programs, statically, so that it runs in any image. */
export async function compileProgram(source: string, target: string): Promise<void> {
  await runCommand('gcc', ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-static', '-s', '-Wl,--build-id=none', `-ffile-prefix-map=${dirname(source)}=.`, '-o', target, source]);
}

