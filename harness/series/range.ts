// SPDX-License-Identifier: MIT
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exists, makeScratch, runGit } from '../host/index.ts';
import { Fault } from '../model/index.ts';
import { stripEnvelope } from './split.ts';
import { count } from './text.ts';

/** Commits of a repository as mails. */
export interface RangeMails {
  /** In order. The first names the commit that it stands on, as `git format-patch --base` writes it. */
  readonly mails: readonly Buffer[];
  readonly notes: readonly string[];
}

/** Overrides everything that a repository's configuration could change in the mails. */
const FORMAT = [
  '--pretty=email',
  '--encoding=UTF-8',
  '--zero-commit',
  '--no-signature',
  '--no-attach',
  '--no-thread',
  '--no-cover-letter',
  '--no-base',
  '--no-notes',
  '--no-to',
  '--no-cc',
  '--no-add-header',
  '--no-signoff',
  '--no-ext-diff',
  '--no-textconv',
  '--no-renames',
  '--no-indent-heuristic',
  '--diff-algorithm=myers',
  '--unified=3',
  '--inter-hunk-context=0',
  '--submodule=short',
  '--no-relative',
  '--src-prefix=a/',
  '--dst-prefix=b/',
  '--full-index',
  '--binary',
  '--subject-prefix=PATCH',
  '--no-numbered',
];

/**
 * Reads `A..B` from a repository without touching its checkout, index or references.
 * Faults `SERIES_NO_REPOSITORY`, `SERIES_BAD_RANGE`, `SERIES_EMPTY`.
 */
export async function readRange(
  repository: string,
  range: string,
  signal?: AbortSignal,
): Promise<RangeMails> {
  const ask: Ask = (...args) =>
    runGit(['-c', 'safe.directory=*', ...args], {
      cwd: repository,
      accept: 'any',
      signal,
      env: { GIT_OPTIONAL_LOCKS: '0' },
    });
  const opened = (await exists(repository)) ? await ask('rev-parse', '--git-dir') : null;
  if (opened?.exitCode !== 0)
    throw bad('SERIES_NO_REPOSITORY', `${repository} is not in a git repository`, opened?.stderr);
  const ends = /^([^.].*?|)\.\.(?!\.)(.*)$/.exec(range);
  if (!ends) throw bad('SERIES_BAD_RANGE', `got ${range}, expected a range of commits A..B`);
  const from = await findCommit(ask, ends[1] || 'HEAD', repository);
  const to = await findCommit(ask, ends[2] || 'HEAD', repository);
  const base = await ask('merge-base', from, to);
  if (base.exitCode !== 0) throw bad('SERIES_BAD_RANGE', `the ends of ${range} have no common ancestor`);
  const list = (await ask('rev-list', '--parents', `${from}..${to}`)).stdout.match(/.+/g) ?? [];
  const merges = list.filter((line) => line.split(' ').length > 2).length;
  const mails = await formatPatches(ask, `${from}..${to}`, range);
  const [first, ...others] = mails;
  if (!first) throw bad('SERIES_EMPTY', `${range} in ${repository} contains no commit that changes a file`);
  const trailer = Buffer.from(`base-commit: ${base.stdout.trim()}\n`);
  return {
    mails: [Buffer.concat([first, trailer]), ...others],
    notes: [
      ...noteLeftOut(merges, 'merge commit', range),
      ...noteLeftOut(list.length - merges - mails.length, 'commit without changes', range),
    ],
  };
}

type Ask = (...args: readonly string[]) => ReturnType<typeof runGit>;

async function findCommit(ask: Ask, name: string, repository: string): Promise<string> {
  const found = await ask('rev-parse', '--verify', '--end-of-options', `${name}^{commit}`);
  if (found.exitCode === 0) return found.stdout.trim();
  throw bad('SERIES_BAD_RANGE', `${repository} has no commit ${name}`, found.stderr);
}

/** The commits as mails. They go through files and not a pipe, as the bytes of a diff need not be UTF-8. */
async function formatPatches(ask: Ask, commits: string, range: string): Promise<Buffer[]> {
  await using scratch = await makeScratch('series');
  const output = ['--numbered-files', `--output-directory=${scratch.path}`];
  const { exitCode, stderr } = await ask('format-patch', ...FORMAT, ...output, commits);
  if (exitCode !== 0) throw bad('SERIES_BAD_RANGE', `git cannot write ${range} as patches`, stderr);
  const names = (await readdir(scratch.path)).sort((a, b) => Number(a) - Number(b));
  const files = await Promise.all(names.map((name) => readFile(join(scratch.path, name))));
  // git writes an empty file for a commit without changes.
  return files.filter((file) => file.length > 0).map(stripEnvelope);
}

function noteLeftOut(amount: number, what: string, range: string): string[] {
  if (amount === 0) return [];
  const words = count(amount, what, what.replace('commit', 'commits'));
  return [`${words} in ${range} ${amount === 1 ? 'was' : 'were'} left out`];
}

function bad(code: string, message: string, words = ''): Fault {
  const details = words.trim() === '' ? [] : words.trim().split('\n');
  return new Fault({
    blame: 'request',
    code,
    message,
    details,
    next: 'name commits as git knows them, such as v6.12..HEAD, and their repository with --repository',
  });
}
