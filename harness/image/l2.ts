// SPDX-License-Identifier: MIT
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import {
  digestFile,
  digestOf,
  exists,
  fetchDebianPackage,
  runCommand,
  writeFileAtomic,
} from '../host/index.ts';
import type { BakeOptions } from './bake.ts';

/** The suite that a VM inside the guest takes its busybox from: the image's own. */
const SUITE = 'bookworm';

/** Makes the initramfs of a VM inside the guest: busybox and one script. Returns its path in the cache. */
export async function bakeL2Root(initPath: string, options: BakeOptions): Promise<string> {
  const busybox = await fetchDebianPackage('busybox-static', undefined, {
    suite: SUITE,
    mirror: options.mirror,
    cacheDirectory: options.cacheDirectory,
    ...(options.signal ? { signal: options.signal } : {}),
  });
  const digest = digestOf('3', busybox.sha256, await digestFile(initPath));
  const path = join(options.cacheDirectory, 'images', `l2-${digest.slice(0, 32)}.cpio`);
  if (await exists(path)) return path;
  await mkdir(join(options.cacheDirectory, 'images'), { recursive: true });
  const scratch = await mkdtemp(join(options.cacheDirectory, 'images', 'l2-'));
  try {
    const root = join(scratch, 'root');
    await runCommand('dpkg-deb', ['-x', busybox.path, join(scratch, 'deb')]);
    for (const directory of ['bin', 'dev', 'proc', 'sys'])
      await mkdir(join(root, directory), { recursive: true });
    await copyFile(join(scratch, 'deb/bin/busybox'), join(root, 'bin/busybox'));
    await copyFile(initPath, join(root, 'init'));
    await chmod(join(root, 'init'), 0o755);
    const applets = await linkApplets(root, initPath);
    const names = ['bin', 'bin/busybox', ...applets, 'dev', 'init', 'proc', 'sys'];
    await runCommand('find', [root, '-exec', 'touch', '-h', '-d', '@0', '{}', '+']);
    const archive = join(scratch, 'root.cpio');
    await runCommand('cpio', ['-o', '-H', 'newc', '--quiet', '--reproducible', '-R', '0:0', '-O', archive], {
      cwd: root,
      input: `${names.join('\n')}\n`,
    });
    // Not packed: unpacking in emulation inside emulation takes longer than reading the larger file.
    await writeFileAtomic(path, await readFile(archive));
    return path;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Links busybox under the names of those of its programs that the script uses; returns the links' paths. */
async function linkApplets(root: string, initPath: string): Promise<string[]> {
  const words = new Set((await readFile(initPath, 'utf8')).match(/[\w.-]+/g));
  const { stdout } = await runCommand(join(root, 'bin/busybox'), ['--list']);
  const applets = stdout.split('\n').filter((name) => name !== 'busybox' && words.has(name));
  const links = applets.map((name) => `bin/${name}`);
  for (const link of links) await symlink('busybox', join(root, link));
  return links;
}
