// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { type DebianSource, fetchDebianPackage } from '../debian/index.ts';
import { hostArchitecture, makeScratch, runCommand } from '../host/index.ts';
import type { Architecture } from '../model/index.ts';

/** Debian's names of architectures. */
export const DEBIAN_ARCHITECTURES: Readonly<Record<Architecture, 'amd64' | 'arm64'>> = {
  x86_64: 'amd64',
  arm64: 'arm64',
};

/**
 * The paths of busybox's applets. Only busybox itself knows them: `own` is asked where it runs on this computer, else, with
 * null, the package of the same suite that does.
 */
export async function listApplets(own: string | null, source: DebianSource): Promise<readonly string[]> {
  await using scratch = await makeScratch('applets', join(source.cacheDirectory, 'images'));
  const { stdout } = await runCommand(own ?? (await fetchNative(scratch.path, source)), ['--list-full']);
  return stdout.split('\n').filter((line) => line !== '');
}

async function fetchNative(directory: string, source: DebianSource): Promise<string> {
  const architecture = DEBIAN_ARCHITECTURES[hostArchitecture() ?? 'x86_64'];
  const { path } = await fetchDebianPackage('busybox-static', undefined, { ...source, architecture });
  await runCommand('dpkg-deb', ['-x', '--', path, directory]);
  return join(directory, 'usr/bin/busybox');
}
