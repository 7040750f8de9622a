// SPDX-License-Identifier: MIT
import { chmod, copyFile, mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fetchDebianPackage, resolveDebianClosure } from '../debian/index.ts';
import { digestFile, digestOf, exists, makeScratch, runCommand } from '../host/index.ts';
import { Fault } from '../model/index.ts';
import type { BakeOptions } from './bake.ts';
import { compileProgram, compilerVersion } from './program.ts';
import { openImageStore, ROOT_FILE } from './store.ts';

/** The suite of the busybox in an L2: the image's. */
const SUITE = 'trixie';
const BUSYBOX = 'busybox-static';
/** That of the QEMU in the guest that runs it. */
const ARCHITECTURE = 'x86_64';

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

/**
 * Makes the initramfs of an L2: busybox, the script `init`, and a program `/bin/NAME` for each `NAME.c` beside it. Returns its
 * path in the cache. Fault `IMAGE_NO_PROGRAM` (scenario) for a C file that does not compile or has a taken name.
 */
export async function bakeL2Root(initPath: string, options: BakeOptions): Promise<string> {
  const source = { ...options, suite: SUITE };
  const store = openImageStore(options.cacheDirectory, options.onProgress);
  const sources = await findSources(dirname(initPath));
  const files = await Promise.all([initPath, ...sources].map(digestFile));
  const compiler = sources.length > 0 ? await compilerVersion(ARCHITECTURE) : '';
  const identify = (packages: readonly { readonly name: string; readonly sha256: string }[]) =>
    digestOf(
      '5',
      packages.find((one) => one.name === BUSYBOX)?.sha256 ?? '',
      JSON.stringify(sources.map((one) => basename(one))),
      compiler,
      ...files,
    );
  const known = await store.get(identify(await resolveDebianClosure([BUSYBOX], source)));
  if (known) return join(known.directory, ROOT_FILE.l2);
  const busybox = await fetchDebianPackage(BUSYBOX, undefined, source);
  const { directory } = await store.put(identify([busybox]), async (into) => {
    await using scratch = await makeScratch('l2', join(options.cacheDirectory, 'images'));
    await packRoot(scratch.path, busybox.path, { initPath, sources }, join(into, ROOT_FILE.l2));
    return { name: 'l2' };
  });
  return join(directory, ROOT_FILE.l2);
}

/** The C files of a directory, in order. */
async function findSources(directory: string): Promise<string[]> {
  const names = await readdir(directory);
  return names
    .filter((name) => name.endsWith('.c'))
    .sort()
    .map((name) => join(directory, name));
}

interface L2Sources {
  readonly initPath: string;
  readonly sources: readonly string[];
}

async function packRoot(
  scratch: string,
  deb: string,
  { initPath, sources }: L2Sources,
  archive: string,
): Promise<void> {
  const root = join(scratch, 'root');
  await runCommand('dpkg-deb', ['-x', '--', deb, join(scratch, 'deb')]);
  for (const directory of ['bin', 'dev', 'proc', 'sys'])
    await mkdir(join(root, directory), { recursive: true });
  await copyFile(join(scratch, 'deb/usr/bin/busybox'), join(root, 'bin/busybox'));
  await copyFile(initPath, join(root, 'init'));
  await chmod(join(root, 'init'), 0o755);
  const applets = await linkApplets(root, initPath);
  const programs = sources.map((source) => `bin/${basename(source, '.c')}`);
  const taken = programs.findIndex((program) => ['bin/busybox', ...applets].includes(program));
  if (taken >= 0) throw takenName(sources[taken] ?? '');
  for (const [index, source] of sources.entries())
    await compileProgram(ARCHITECTURE, source, join(root, programs[index] ?? ''));
  const names = ['bin', 'bin/busybox', ...applets, ...programs, 'dev', 'init', 'proc', 'sys'];
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

function takenName(source: string): Fault {
  return new Fault({
    blame: 'scenario',
    code: 'IMAGE_NO_PROGRAM',
    message: `${source} has the name of a program of busybox that the init needs`,
    next: 'give it another name',
  });
}
