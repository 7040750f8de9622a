// SPDX-License-Identifier: MIT
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fetchDebianPackage } from '../debian/index.ts';
import { digestFile, exists, listFiles, lookAtInput, runCommand } from '../host/index.ts';
import { Fault } from '../model/index.ts';
import { download } from './download.ts';
import { isTarballAddress } from './form.ts';
import type { SourceOptions } from './source-options.ts';
import { unpackArchive } from './tarball.ts';

/** Unpacks the source tarball in a Debian package; returns the tree below `into`. */
export async function unpackDebian(
  wanted: { readonly package: string; readonly version?: string | undefined; readonly suite: string },
  into: string,
  options: SourceOptions,
): Promise<string> {
  const { suite } = wanted;
  const deb = await fetchDebianPackage(wanted.package, wanted.version, { ...options, suite });
  options.onProgress?.(`unpacking ${deb.name} ${deb.version}`);
  const outer = join(into, 'deb');
  await runCommand(
    'dpkg-deb',
    ['-x', '--', deb.path, outer],
    options.signal ? { signal: options.signal } : {},
  );
  const tarball = (await listFiles(outer)).find((path) => /^usr\/src\/[^/]+\.tar\.\w+$/.test(path));
  if (tarball === undefined) {
    throw new Fault({
      blame: 'request',
      code: 'KERNEL_NO_SOURCE',
      message: `the package ${wanted.package} contains no source tarball in /usr/src`,
      next: 'name a linux-source-… package',
    });
  }
  const tree = join(into, 'linux');
  await unpackArchive(join(outer, tarball), `${tarball} of ${deb.name}`, tree, options);
  await rm(outer, { recursive: true });
  return tree;
}

/** Unpacks a tarball from a path or an address when its digest is right; returns the tree below `into`. */
export async function unpackTarball(
  wanted: { readonly location: string; readonly sha256: string },
  into: string,
  options: SourceOptions,
): Promise<string> {
  const { location } = wanted;
  const isRemote = isTarballAddress(location);
  const path = isRemote ? join(into, 'download') : resolve(location);
  if (isRemote) {
    options.onProgress?.(`fetching ${location}`);
    await download(location, path, options);
  } else await requireTarball(path);
  const got = await digestFile(path);
  if (got !== wanted.sha256) {
    throw new Fault({
      blame: 'request',
      code: 'KERNEL_WRONG_DIGEST',
      message: `${location}: got SHA-256 ${got}, expected ${wanted.sha256} as in the definition`,
      next: 'fetch it again, or correct the definition',
    });
  }
  const tree = join(into, 'linux');
  await unpackArchive(path, location, tree, options);
  return tree;
}

/** Passes for a file. Faults of `lookAtInput`, and `KERNEL_NO_SOURCE`. */
export async function requireTarball(path: string): Promise<void> {
  const kind = await lookAtInput(path, 'tarball');
  if (kind === 'file') return;
  throw new Fault({
    blame: 'request',
    code: 'KERNEL_NO_SOURCE',
    message: `got ${kind === 'directory' ? 'a directory' : 'no plain file'} ${path}, expected a tarball`,
    next: kind === 'directory' ? `name it as source: {directory: ${path}}` : 'name a file',
  });
}

/** Passes for the top of a Linux source tree. Faults of `lookAtInput`, and `KERNEL_NO_SOURCE`. */
export async function requireSourceTree(directory: string, name = directory): Promise<void> {
  const kind = await lookAtInput(directory, 'source directory');
  if (kind === 'directory' && (await exists(join(directory, 'Kbuild')))) return;
  throw new Fault({
    blame: 'request',
    code: 'KERNEL_NO_SOURCE',
    message:
      kind === 'directory'
        ? `${name} is not a Linux source tree: it has no Kbuild`
        : `${name} is not a Linux source tree: it is no directory`,
    next: 'check the source in the kernel definition',
  });
}
