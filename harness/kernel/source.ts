// SPDX-License-Identifier: MIT
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  digestFile,
  digestOf,
  exists,
  fetchDebianPackage,
  runCommand,
  takeLock,
  writeFileAtomic,
} from '../host/index.ts';
import { Fault } from '../model/index.ts';
import type { KernelDefinition, KernelSource } from './definition.ts';
import { commitEverything, git } from './git.ts';

export interface SourceOptions {
  readonly cacheDirectory: string;
  readonly mirror?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (text: string) => void;
}

/** A kernel source as a commit in a bare-bones repository of ktrial's own. */
export interface SourceTree {
  /** Stable name of the source: what the cache is keyed by. */
  readonly key: string;
  /** The repository (its `.git`) that holds the commit. */
  readonly repository: string;
  readonly commit: string;
}

/** Brings a definition's source into the cache, as a commit. The user's own checkout or directory is only read. */
export async function fetchSource(definition: KernelDefinition, options: SourceOptions): Promise<SourceTree> {
  const { source } = definition;
  const key = sourceKey(source);
  const repository = join(options.cacheDirectory, 'sources', `${key}.git`);
  await using _lock = await takeLock(join(options.cacheDirectory, 'sources', `${key}.lock`), {
    onWait: () => options.onProgress?.('waiting for another ktrial that fetches the same source'),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  if ('git' in source) return { key, repository, commit: await fetchGit(source.git, repository, options) };
  if ('directory' in source)
    return { key, repository, commit: await readDirectory(resolve(source.directory), repository, options) };
  const stamp = join(repository, 'ktrial-commit');
  if (await exists(stamp)) return { key, repository, commit: (await readFile(stamp, 'utf8')).trim() };
  await rm(repository, { recursive: true, force: true });
  const scratch = `${repository}.unpacked`;
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true });
  try {
    if ('debian' in source) await unpackDebian(source.debian, scratch, options);
    else await unpackTarball(source.tarball, scratch, options);
    options.onProgress?.('filing the source');
    await git(['init', '-q', '--bare', repository], options);
    const commit = await commitEverything(repository, await findTop(scratch), `kernel source ${key}`, {
      ...options,
      ignored: true,
    });
    await writeFileAtomic(stamp, `${commit}\n`);
    return { key, repository, commit };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function sourceKey(source: KernelSource): string {
  if ('debian' in source)
    return `debian-${source.debian.package}-${source.debian.version ?? 'newest'}-${source.debian.suite}`;
  if ('tarball' in source) return `tarball-${source.tarball.sha256.slice(0, 16)}`;
  if ('git' in source) return `git-${digestOf(source.git.repository).slice(0, 16)}`;
  return `directory-${digestOf(resolve(source.directory)).slice(0, 16)}`;
}

async function unpackDebian(
  wanted: { package: string; version?: string | undefined; suite: string },
  into: string,
  options: SourceOptions,
): Promise<void> {
  const deb = await fetchDebianPackage(wanted.package, wanted.version, {
    suite: wanted.suite,
    mirror: options.mirror,
    cacheDirectory: options.cacheDirectory,
    ...(options.signal ? { signal: options.signal } : {}),
    ...(options.onProgress ? { onProgress: options.onProgress } : {}),
  });
  options.onProgress?.(`unpacking ${deb.name} ${deb.version}`);
  const settings = options.signal ? { signal: options.signal } : {};
  const outer = join(into, 'deb');
  await runCommand('dpkg-deb', ['-x', deb.path, outer], settings);
  const { stdout } = await runCommand(
    'find',
    [join(outer, 'usr/src'), '-maxdepth', '1', '-name', '*.tar.*'],
    settings,
  );
  const tarball = stdout.trim().split('\n')[0];
  if (!tarball) {
    throw new Fault({
      blame: 'request',
      code: 'KERNEL_NO_SOURCE',
      message: `the package ${wanted.package} holds no source tarball`,
      next: 'name a linux-source-… package',
    });
  }
  await mkdir(join(into, 'linux'));
  await runCommand('tar', ['-xf', tarball, '--strip-components=1', '-C', join(into, 'linux')], settings);
  await rm(outer, { recursive: true });
}

async function unpackTarball(
  wanted: { location: string; sha256: string },
  into: string,
  options: SourceOptions,
): Promise<void> {
  let path = wanted.location;
  if (/^https?:/.test(wanted.location)) {
    path = join(into, 'download');
    options.onProgress?.(`fetching ${wanted.location}`);
    await download(wanted.location, path, options.signal);
  } else if (!isAbsolute(path)) path = resolve(path);
  if (!(await exists(path)))
    throw new Fault({ blame: 'request', code: 'KERNEL_NO_SOURCE', message: `there is no tarball ${path}` });
  const got = await digestFile(path);
  if (got !== wanted.sha256) {
    throw new Fault({
      blame: 'request',
      code: 'KERNEL_WRONG_DIGEST',
      message: `${wanted.location} has SHA-256 ${got}, the definition says ${wanted.sha256}`,
      next: 'fetch it again, or correct the definition',
    });
  }
  await mkdir(join(into, 'linux'));
  await runCommand(
    'tar',
    ['-xf', path, '--strip-components=1', '-C', join(into, 'linux')],
    options.signal ? { signal: options.signal } : {},
  );
}

async function download(address: string, path: string, signal?: AbortSignal): Promise<void> {
  const answer = await fetch(address, signal ? { signal } : {}).catch((cause: unknown) => {
    throw new Fault({
      blame: 'lab',
      code: 'KERNEL_DOWNLOAD_FAILED',
      message: `${address} cannot be fetched: ${String(cause)}`,
      cause,
    });
  });
  if (!answer.ok || !answer.body)
    throw new Fault({
      blame: 'lab',
      code: 'KERNEL_DOWNLOAD_FAILED',
      message: `${address} answered ${answer.status} ${answer.statusText}`,
    });
  await pipeline(
    Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0]),
    createWriteStream(path),
  );
}

async function findTop(scratch: string): Promise<string> {
  const top = join(scratch, 'linux');
  if (await exists(join(top, 'Kbuild'))) return top;
  throw new Fault({
    blame: 'request',
    code: 'KERNEL_NO_SOURCE',
    message: 'the source has no Kbuild at its top: it is not a Linux source tree',
  });
}

async function fetchGit(
  source: { repository: string; ref: string },
  repository: string,
  options: SourceOptions,
): Promise<string> {
  if (!(await exists(repository))) await git(['init', '-q', '--bare', repository], options);
  options.onProgress?.(`fetching ${source.ref} from ${source.repository}`);
  const path = /^[a-z+]+:\/\/|^[^/]+@[^/]+:/.test(source.repository)
    ? source.repository
    : resolve(source.repository);
  const result = await git(['--git-dir', repository, 'fetch', '-q', '--no-tags', path, source.ref], {
    ...options,
    accept: 'any',
  });
  if (result.exitCode !== 0) {
    throw new Fault({
      blame: 'request',
      code: 'KERNEL_NO_SOURCE',
      message: `${source.repository} gives no ${source.ref}`,
      details: [result.stderr.trim()],
      next: 'look at the repository and the ref in the definition',
    });
  }
  const commit = (
    await git(['--git-dir', repository, 'rev-parse', 'FETCH_HEAD^{commit}'], options)
  ).stdout.trim();
  await git(['--git-dir', repository, 'update-ref', `refs/ktrial/${commit}`, commit], options);
  return commit;
}

async function readDirectory(directory: string, repository: string, options: SourceOptions): Promise<string> {
  const there = await stat(directory).catch(() => null);
  if (!there?.isDirectory() || !(await exists(join(directory, 'Kbuild')))) {
    throw new Fault({
      blame: 'request',
      code: 'KERNEL_NO_SOURCE',
      message: `${directory} is not a Linux source tree: it has no Kbuild`,
    });
  }
  if (!(await exists(repository))) await git(['init', '-q', '--bare', repository], options);
  options.onProgress?.(`reading ${directory}`);
  return commitEverything(repository, directory, `kernel source in ${directory}`, options);
}
