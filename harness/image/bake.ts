// SPDX-License-Identifier: MIT
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  digestOf,
  exists,
  fetchDebianClosure,
  makeDirectoryAtomic,
  runCommand,
  takeLock,
} from '../host/index.ts';
import type { Image } from '../model/index.ts';
import { findNeeded } from './library.ts';
import { type ImageRecipe, readImageRecipe } from './recipe.ts';
import { makeSquashfs } from './squashfs.ts';
import { clearPlace, isPlaced, placeDirectory, placeFile, placeLink } from './tree.ts';

export interface BakeOptions {
  readonly cacheDirectory: string;
  readonly mirror?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (text: string) => void;
}

/** Grows when a change here makes earlier images wrong. */
const BAKE_FORMAT = '4';
const BUSYBOX = '/bin/busybox';
/** Mount points that a read-only root must already have. */
const DIRECTORIES = [
  'proc',
  'sys',
  'dev',
  'run',
  'tmp',
  'root',
  'var',
  'data',
  'overlay',
  'etc',
  'sbin',
  'usr/bin',
  'usr/sbin',
];

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
  const tools = [await firstLine('gcc', '--version'), await firstLine('mksquashfs', '-version')];
  const sources = await Promise.all([...recipe.files, ...recipe.programs].map((one) => readFile(one.source)));
  const shape = {
    ...recipe,
    files: recipe.files.map(({ path, mode }) => ({ path, mode })),
    programs: recipe.programs.map(({ path, shared }) => ({ path, shared })),
  };
  const digest = digestOf(
    BAKE_FORMAT,
    JSON.stringify(shape),
    ...packages.map((one) => one.sha256),
    ...sources,
    ...tools,
  );
  const store = join(options.cacheDirectory, 'images', `${recipe.name}-${digest.slice(0, 32)}`);
  const image: Image = { digest, name: recipe.name, rootPath: join(store, 'root.squashfs') };
  await using _lock = await takeLock(`${store}.lock`, {
    onWait: () => options.onProgress?.('waiting for another ktrial that bakes the same image'),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  if (await exists(image.rootPath)) return image;
  await makeDirectoryAtomic(store, async (directory) => {
    const scratch = await mkdtemp(join(dirname(store), 'bake-'));
    try {
      const staging = join(scratch, 'staging');
      const root = join(scratch, 'root');
      await mkdir(staging);
      await mkdir(root);
      options.onProgress?.(`unpacking ${packages.length} packages`);
      for (const one of packages)
        await runCommand(
          'dpkg-deb',
          ['-x', one.path, staging],
          options.signal ? { signal: options.signal } : {},
        );
      await fillRoot(recipe, staging, root);
      options.onProgress?.('packing the root file system');
      await makeSquashfs(root, join(directory, 'root.squashfs'), options.signal);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  });
  return image;
}

/** The image with this digest in the cache, or null. */
export async function findStoredImage(cacheDirectory: string, digest: string): Promise<Image | null> {
  const names = await readdir(join(cacheDirectory, 'images')).catch(() => []);
  const found = names.find((name) => name.endsWith(`-${digest.slice(0, 32)}`));
  if (found === undefined) return null;
  const rootPath = join(cacheDirectory, 'images', found, 'root.squashfs');
  return (await exists(rootPath)) ? { digest, name: found.slice(0, -33), rootPath } : null;
}

async function firstLine(program: string, flag: string): Promise<string> {
  return (await runCommand(program, [flag])).stdout.split('\n')[0] ?? '';
}

async function fillRoot(recipe: ImageRecipe, staging: string, root: string): Promise<void> {
  for (const directory of DIRECTORIES) await placeDirectory(root, directory);
  for (const path of await findNeeded(staging, [...recipe.keep, ...recipe.data])) {
    const from = join(staging, path);
    const there = await lstat(from);
    if (there.isSymbolicLink()) await placeLink(root, path, await readlink(from));
    else await placeFile(root, path, { from }, there.mode & 0o111 ? 0o755 : 0o644);
  }
  for (const [path, target] of Object.entries(recipe.links)) await placeLink(root, path, target);
  for (const { path, source, mode } of recipe.files)
    await placeFile(root, path, { from: source }, Number.parseInt(mode, 8));
  for (const { path, source, shared } of recipe.programs) {
    const target = await clearPlace(root, path);
    await compileProgram(source, target, shared);
    await chmod(target, 0o755);
  }
  await linkBusybox(root);
}

/** A link for each of busybox's tools that is not there already. Last, so that nothing is taken for a tool of its. */
async function linkBusybox(root: string): Promise<void> {
  const { stdout } = await runCommand(join(root, BUSYBOX), ['--list-full']);
  for (const path of stdout.split('\n').filter((line) => line !== ''))
    if (!(await isPlaced(root, path))) await placeLink(root, path, BUSYBOX);
}

/** Compiles one of the guest's own programs, statically, so that it runs in any image. */
async function compileProgram(source: string, target: string, shared: boolean): Promise<void> {
  const form = shared ? ['-shared', '-fPIC'] : ['-static'];
  const flags = ['-std=gnu11', '-O2', '-Wall', '-Wextra', ...form, '-s', '-Wl,--build-id=none'];
  await runCommand('gcc', [...flags, `-ffile-prefix-map=${dirname(source)}=.`, '-o', target, source]);
}
