// SPDX-License-Identifier: MIT
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fetchDebianPackage } from '../debian/index.ts';
import { digestFile, exists, listFiles, runCommand } from '../host/index.ts';
import { Fault } from '../model/index.ts';
import type { SourceOptions } from './source-options.ts';

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
  await runCommand('dpkg-deb', ['-x', deb.path, outer], options.signal ? { signal: options.signal } : {});
  const tarball = (await listFiles(outer)).find((path) => /^usr\/src\/[^/]+\.tar\.\w+$/.test(path));
  if (tarball === undefined) {
    throw new Fault({
      blame: 'request',
      code: 'KERNEL_NO_SOURCE',
      message: `the package ${wanted.package} contains no source tarball in /usr/src`,
      next: 'name a linux-source-… package',
    });
  }
  const tree = await unpack(join(outer, tarball), into, options);
  await rm(outer, { recursive: true });
  return tree;
}

/** Unpacks a tarball from a path or an address when its digest is right; returns the tree below `into`. */
export async function unpackTarball(
  wanted: { readonly location: string; readonly sha256: string },
  into: string,
  options: SourceOptions,
): Promise<string> {
  const isRemote = /^https?:/.test(wanted.location);
  const path = isRemote ? join(into, 'download') : resolve(wanted.location);
  if (isRemote) {
    options.onProgress?.(`fetching ${wanted.location}`);
    await download(wanted.location, path, options.signal);
  }
  if (!(await exists(path)))
    throw new Fault({ blame: 'request', code: 'KERNEL_NO_SOURCE', message: `there is no tarball ${path}` });
  const got = await digestFile(path);
  if (got !== wanted.sha256) {
    throw new Fault({
      blame: 'request',
      code: 'KERNEL_WRONG_DIGEST',
      message: `${wanted.location}: got SHA-256 ${got}, expected ${wanted.sha256} as in the definition`,
      next: 'fetch it again, or correct the definition',
    });
  }
  return unpack(path, into, options);
}

async function unpack(tarball: string, into: string, options: SourceOptions): Promise<string> {
  const tree = join(into, 'linux');
  await mkdir(tree);
  await runCommand(
    'tar',
    ['-xf', tarball, '--strip-components=1', '-C', tree],
    options.signal ? { signal: options.signal } : {},
  );
  return tree;
}

async function download(address: string, path: string, signal?: AbortSignal): Promise<void> {
  const failed = (why: string, cause?: unknown) =>
    new Fault({
      blame: 'lab',
      code: 'KERNEL_DOWNLOAD_FAILED',
      message: `${address} cannot be fetched: ${why}`,
      next: 'check the network and the address in the definition',
      cause,
    });
  const answer = await fetch(address, signal ? { signal } : {}).catch((cause: unknown) => {
    throw failed(String(cause), cause);
  });
  if (!answer.ok || !answer.body) throw failed(`the server answered ${answer.status} ${answer.statusText}`);
  await pipeline(
    Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0]),
    createWriteStream(path),
  );
}

/** Fault `KERNEL_NO_SOURCE` for a directory that is not the top of a Linux source tree. */
export async function requireSourceTree(directory: string): Promise<void> {
  if (await exists(join(directory, 'Kbuild'))) return;
  throw new Fault({
    blame: 'request',
    code: 'KERNEL_NO_SOURCE',
    message: `${directory} is not a Linux source tree: it has no Kbuild`,
    next: 'check the source in the kernel definition',
  });
}
