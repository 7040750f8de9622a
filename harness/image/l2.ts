// SPDX-License-Identifier: MIT
import { chmod, copyFile, mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchDebianPackage, resolveDebianClosure } from '../debian/index.ts';
import { digestFile, digestOf, exists, makeScratch, runCommand } from '../host/index.ts';
import { Fault } from '../model/index.ts';
import type { BakeOptions } from './bake.ts';
import { openImageStore, ROOT_FILE } from './store.ts';

/** The suite of the busybox in an L2: the image's. */
const SUITE = 'trixie';
const BUSYBOX = 'busybox-static';

/**
 * The init of an L2 image: `images/NAME/init`. Fault `IMAGE_NO_L2` (scenario) for a name that is none, or that `images/` does
 * not have.
 */
export async function findL2Init(imagesDirectory: string, name: string): Promise<string> {
  const init = join(imagesDirectory, name, 'init');
  if (/^[a-z0-9][a-z0-9-]{0,63}$/.test(name) && (await exists(init))) return init;
  const names: string[] = [];
  for (const one of await readdir(imagesDirectory).catch(() => []))
    if (
      !(await exists(join(imagesDirectory, `${one}.yaml`))) &&
      (await exists(join(imagesDirectory, one, 'init')))
    )
      names.push(one);
  throw new Fault({
    blame: 'scenario',
    code: 'IMAGE_NO_L2',
    message: `there is no image ${JSON.stringify(name.slice(0, 80))} for an L2`,
    next: `use one of: ${names.sort().join(', ')}`,
  });
}

/** Makes the initramfs of an L2: busybox and one script. Returns its path in the cache. */
export async function bakeL2Root(initPath: string, options: BakeOptions): Promise<string> {
  const source = { ...options, suite: SUITE };
  const store = openImageStore(options.cacheDirectory, options.onProgress);
  const init = await digestFile(initPath);
  const identify = (packages: readonly { readonly name: string; readonly sha256: string }[]) =>
    digestOf('4', packages.find((one) => one.name === BUSYBOX)?.sha256 ?? '', init);
  const known = await store.get(identify(await resolveDebianClosure([BUSYBOX], source)));
  if (known) return join(known.directory, ROOT_FILE.l2);
  const busybox = await fetchDebianPackage(BUSYBOX, undefined, source);
  const { directory } = await store.put(identify([busybox]), async (into) => {
    await using scratch = await makeScratch('l2', join(options.cacheDirectory, 'images'));
    await packRoot(scratch.path, busybox.path, initPath, join(into, ROOT_FILE.l2));
    return { name: 'l2' };
  });
  return join(directory, ROOT_FILE.l2);
}

async function packRoot(scratch: string, deb: string, initPath: string, archive: string): Promise<void> {
  const root = join(scratch, 'root');
  await runCommand('dpkg-deb', ['-x', '--', deb, join(scratch, 'deb')]);
  for (const directory of ['bin', 'dev', 'proc', 'sys'])
    await mkdir(join(root, directory), { recursive: true });
  await copyFile(join(scratch, 'deb/usr/bin/busybox'), join(root, 'bin/busybox'));
  await copyFile(initPath, join(root, 'init'));
  await chmod(join(root, 'init'), 0o755);
  const applets = await linkApplets(root, initPath);
  const names = ['bin', 'bin/busybox', ...applets, 'dev', 'init', 'proc', 'sys'];
  await runCommand('find', [root, '-exec', 'touch', '-h', '-d', '@0', '{}', '+']);
  // Not compressed: decompressing under nested emulation takes longer than reading the larger file.
  await runCommand('cpio', ['-o', '-H', 'newc', '--quiet', '--reproducible', '-R', '0:0', '-O', archive], {
    cwd: root,
    input: `${names.join('\n')}\n`,
  });
}

/** Links busybox under the names of those applets that the script uses; returns the paths of the links. */
async function linkApplets(root: string, initPath: string): Promise<string[]> {
  const used = new Set((await readFile(initPath, 'utf8')).match(/[\w.-]+/g));
  const { stdout } = await runCommand(join(root, 'bin/busybox'), ['--list']);
  const applets = stdout.split('\n').filter((name) => name !== 'busybox' && used.has(name));
  const links = applets.map((name) => `bin/${name}`);
  for (const link of links) await symlink('busybox', join(root, link));
  return links;
}
