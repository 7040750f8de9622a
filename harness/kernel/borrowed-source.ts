// SPDX-License-Identifier: MIT
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { exists, openRepository, type Repository, runGit } from '../host/index.ts';
import { Fault, isFault } from '../model/index.ts';
import { isRefName, isRepository } from './form.ts';
import { initRepository } from './repository.ts';
import type { SourceOptions } from './source-options.ts';

/** A repository of the user whose objects a repository of the cache uses in place. It is never written to. */
export interface Loan {
  /** As the user named it. */
  readonly name: string;
  /** The directory with its objects. */
  readonly place: string;
  /** Whether it leaves objects to another repository. */
  readonly isPartial: boolean;
}

/** Opens a repository on this computer to borrow from. Fault `KERNEL_NO_SOURCE`. */
export async function openLender(
  source: { readonly repository: string; readonly ref: string },
  signal?: AbortSignal,
): Promise<Repository> {
  if (!isRepository(source.repository) || !isRefName(source.ref))
    throw noSource(source, 'this is not a repository and the name of a branch, tag or commit', []);
  try {
    return await openRepository(resolve(source.repository), signal);
  } catch (cause) {
    if (!isFault(cause) || cause.blame !== 'request') throw cause;
    throw noSource(source, cause.message, cause.details);
  }
}

/** Opens the repository that a directory is the top of; null where it is not the top of one that can be read. */
export async function openTopLender(directory: string, signal?: AbortSignal): Promise<Repository | null> {
  if (!(await exists(join(directory, '.git')))) return null;
  try {
    const lender = await openRepository(directory, signal);
    if (lender.top === resolve(directory)) return lender;
    await lender[Symbol.asyncDispose]();
    return null;
  } catch (cause) {
    if (isFault(cause) && cause.blame === 'request') return null;
    throw cause;
  }
}

/**
 * Lets a repository of the cache use the objects of a user's repository: git finds them there by
 * `objects/info/alternates`, and writes its own objects to the cache. Of the lender nothing else is read.
 */
export async function borrow(lender: Repository, repository: string, signal?: AbortSignal): Promise<void> {
  if ((await formatOf(repository, signal)) !== lender.objectFormat)
    await rm(repository, { recursive: true, force: true });
  await initRepository(repository, signal, lender.objectFormat);
  const objects = join(lender.place, 'objects');
  // git takes a line as it is unless it begins with a quote; a path with a line feed needs that.
  const line = objects.includes('\n') ? JSON.stringify(objects) : objects;
  if ((await readFile(alternatesOf(repository), 'utf8').catch(() => null)) !== `${line}\n`) {
    await mkdir(join(repository, 'objects/info'), { recursive: true });
    // A commit graph says what commits contain, and nobody checks it: theirs is not used.
    await runGit(['--git-dir', repository, 'config', 'core.commitGraph', 'false'], { signal });
    await writeFile(alternatesOf(repository), `${line}\n`);
  }
  const shallow = join(repository, 'shallow');
  if (lender.shallow === null) await rm(shallow, { force: true });
  else await writeFile(shallow, lender.shallow);
}

/** Whether a repository of the cache uses objects of another one. */
export function isBorrowing(repository: string): Promise<boolean> {
  return exists(alternatesOf(repository));
}

function alternatesOf(repository: string): string {
  return join(repository, 'objects/info/alternates');
}

async function formatOf(repository: string, signal: AbortSignal | undefined): Promise<string | null> {
  if (!(await exists(repository))) return null;
  const { stdout } = await runGit(['--git-dir', repository, 'rev-parse', '--show-object-format'], {
    signal,
    accept: 'any',
  });
  return stdout.trim();
}

/**
 * Finds the commit of a ref in a user's repository, and borrows it. Unless it is the known one, all its objects are looked
 * for. Fault `KERNEL_NO_SOURCE`.
 */
export async function borrowCommit(
  lender: Repository,
  source: { readonly repository: string; readonly ref: string },
  repository: string,
  options: SourceOptions & { readonly known: string | null },
): Promise<string> {
  const { signal, known } = options;
  const found = await lender.ask('rev-parse', '--verify', '-q', '--end-of-options', `${source.ref}^{commit}`);
  await borrow(lender, repository, signal);
  if (found.exitCode === 0) {
    const commit = found.stdout.trim();
    if (commit === known) return commit;
    options.onProgress?.(`looking for the objects of ${source.ref} in ${source.repository}`);
    await requireObjects(loanOf(lender, source.repository), repository, commit, signal);
    return commit;
  }
  const named = await lender.ask('rev-parse', '--verify', '-q', '--end-of-options', source.ref);
  const [, hash] = /^([0-9a-f]{40,64})$/m.exec(named.stdout) ?? [];
  const kind = hash === undefined ? '' : (await lender.ask('cat-file', '-t', hash)).stdout.trim();
  if (hash !== undefined && !['blob', 'tree'].includes(kind))
    throw objectsGone(loanOf(lender, source.repository), hash, [found.stderr, named.stderr]);
  const why =
    hash === undefined
      ? `it has no such branch, tag or commit${lender.isShallow ? ', as far as this shallow clone goes' : ''}`
      : `it is a ${kind}, and no commit`;
  throw noSource(
    source,
    why,
    [found.stderr.trim()].filter((line) => line !== ''),
  );
}

export function loanOf(lender: Repository, name: string): Loan {
  return { name, place: lender.place, isPartial: lender.isPartial };
}

/**
 * Passes where every object of a commit's tree is there, which takes git a second for a kernel. Fault `KERNEL_NO_SOURCE`
 * says what is gone, from which repository, and what to do.
 */
export async function requireObjects(
  loan: Loan,
  repository: string,
  commit: string,
  signal?: AbortSignal,
): Promise<void> {
  const list = ['rev-list', '--objects', '--missing=print', '--no-walk', '--end-of-options', commit];
  const { exitCode, stdout, stderr } = await runGit(['--git-dir', repository, ...list], {
    signal,
    accept: 'any',
  });
  if (exitCode !== 0) throw objectsGone(loan, commit, [stderr]);
  const missing = stdout.match(/^\?.*/gm) ?? [];
  if (missing.length > 0)
    throw objectsGone(loan, commit, [
      `${missing.length === 1 ? 'one object is' : `${missing.length} objects are`} missing`,
      ...missing.slice(0, 5).map((line) => line.slice(1)),
    ]);
}

function objectsGone(loan: Loan, commit: string, words: readonly string[]): Fault {
  const { name, isPartial } = loan;
  const why = isPartial
    ? 'it is a partial clone, and ktrial fetches nothing for it'
    : 'they were pruned, or it is damaged';
  return new Fault({
    blame: 'request',
    code: 'KERNEL_NO_SOURCE',
    message: `the repository ${name} lacks objects of commit ${commit}: ${why}`,
    details: words
      .flatMap((text) => text.split('\n'))
      .filter((line) => line.trim() !== '')
      .slice(0, 6),
    next: isPartial
      ? `if you trust it, let git fetch them: git -C ${name} archive ${commit} >/dev/null`
      : `fetch the commit there again, or name another ref; git -C ${name} fsck says what else is missing`,
  });
}

/** A Fault for a repository without the ref that a definition names. */
export function noSource(
  { repository, ref }: { readonly repository: string; readonly ref: string },
  why: string | null,
  details: readonly string[],
): Fault {
  return new Fault({
    blame: 'request',
    code: 'KERNEL_NO_SOURCE',
    message: `git cannot fetch ${ref} from ${repository}${why === null ? '' : `: ${why}`}`,
    details,
    next: 'check the repository and the ref in the definition',
  });
}
