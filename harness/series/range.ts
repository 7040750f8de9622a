// SPDX-License-Identifier: MIT
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeScratch, openRepository, type Repository } from '../host/index.ts';
import { Fault, type Limits, requireWithin } from '../model/index.ts';
import { stripEnvelope } from './split.ts';
import { count } from './text.ts';

/** Commits of a repository as mails. */
export interface RangeMails {
  /** In order. The first names the commit that it stands on, as `git format-patch --base` writes it. */
  readonly mails: readonly Buffer[];
  readonly notes: readonly string[];
}

/** Where these differ from git's own defaults, the digest of a range depends on them. */
const FORMAT = [
  '--pretty=email',
  '--encoding=UTF-8',
  '--zero-commit',
  '--no-signature',
  '--no-cover-letter',
  '--no-ext-diff',
  '--no-textconv',
  '--no-renames',
  '--no-indent-heuristic',
  '--diff-algorithm=myers',
  '--full-index',
  '--binary',
  '--subject-prefix=PATCH',
  '--no-numbered',
];

/** git's words for an object that is not there, or not readable. */
const LOST_OBJECT =
  /unable to read|bad object|missing (?:blob|tree|commit|object)|could not (?:parse|read|fetch)|is corrupt|inflate|loose object|not a tree|unable to parse|bad tree|packfile|promisor|invalid object/i;

type Opened = Pick<Repository, 'ask' | 'isShallow' | 'isPartial'>;

interface RangeOptions {
  readonly limits: Limits;
  readonly signal?: AbortSignal | undefined;
  /** The repository, where it is open already; its owner closes it. */
  readonly opened?: Opened | undefined;
}

/**
 * Reads `A..B` from a repository without touching its checkout, index or references, and without its configuration.
 * Faults, all with blame request: `HOST_NO_REPOSITORY`, `HOST_BAD_REPOSITORY`, `SERIES_BAD_REPOSITORY`, `SERIES_BAD_RANGE`, `SERIES_EMPTY`,
 * `LIMIT_EXCEEDED` (`patches`).
 */
export async function readRange(
  directory: string,
  range: string,
  options: RangeOptions,
): Promise<RangeMails> {
  const names = parseRange(range);
  if (options.opened) return readCommits(options.opened, names, { ...options, directory, range });
  await using repository = await openRepository(directory, options.signal);
  return await readCommits(repository, names, { ...options, directory, range });
}

async function readCommits(
  repository: Opened,
  names: { readonly from: string; readonly to: string },
  { directory, range, ...options }: RangeOptions & { readonly directory: string; readonly range: string },
): Promise<RangeMails> {
  const reader: Reader = { ...repository, directory, range };
  const from = await findCommit(reader, names.from);
  const to = await findCommit(reader, names.to);
  const commits = `${from}..${to}`;
  const list = await ask(reader, 'rev-list', '--parents', '--topo-order', commits);
  const lines = list.match(/.+/g) ?? [];
  if (lines.length === 0) throw empty(reader, names, from === to);
  const base = await repository.ask('merge-base', from, to);
  if (base.exitCode !== 0) {
    if (LOST_OBJECT.test(base.stderr)) throw lost(reader, base.stderr);
    throw bad(
      `the ends of ${range} have no common ancestor${repository.isShallow ? ' here: the repository is a shallow clone' : ''}`,
      repository.isShallow ? DEEPEN : NAME_COMMITS,
    );
  }
  requireWithin(options.limits, 'patches', lines.length, range);
  const merges = lines.filter((line) => line.split(' ').length > 2).length;
  const mails = await formatPatches(reader, commits);
  const [first, ...others] = mails;
  if (!first)
    throw new Fault({
      blame: 'request',
      code: 'SERIES_EMPTY',
      message: `${range} in ${directory} contains no commit that changes a file`,
      details: [`of ${count(lines.length, 'commit')}, ${merges} are merges and the others change nothing`],
      next: NAME_COMMITS,
    });
  const trailer = Buffer.from(`base-commit: ${base.stdout.trim()}\n`);
  return {
    mails: [Buffer.concat([first, trailer]), ...others],
    notes: [
      ...noteLeftOut(merges, 'merge commit', range),
      ...noteLeftOut(lines.length - merges - mails.length, 'commit without changes', range),
    ],
  };
}

interface Reader extends Opened {
  readonly directory: string;
  readonly range: string;
}

const NAME_COMMITS =
  'name commits as git knows them, such as v6.12..HEAD, and their repository with --repository';
const DEEPEN = 'fetch the history: git fetch --unshallow, or more of it: git fetch --deepen=1000';

/** The names of both ends; a missing one is HEAD, as git has it. */
function parseRange(range: string): { readonly from: string; readonly to: string } {
  if (range.includes('...'))
    throw bad(
      `got ${range}, expected a range A..B: with three dots git means what only one of the two sides has`,
      `write two dots: ${range.replace(/\.{3,}/, '..')}`,
    );
  const ends = range.split('..');
  const [from = '', to = ''] = ends;
  if (ends.length !== 2 || (from === '' && to === ''))
    throw bad(`got ${range}, expected a range of commits A..B`, NAME_COMMITS);
  return { from: from || 'HEAD', to: to || 'HEAD' };
}

async function findCommit(reader: Reader, name: string): Promise<string> {
  const { directory } = reader;
  const resolve = (revision: string) =>
    reader.ask('rev-parse', '--verify', '--quiet', '--end-of-options', revision);
  const named = await resolve(name);
  const id = named.stdout.trim();
  if (named.exitCode !== 0) {
    if (LOST_OBJECT.test(named.stderr)) throw lost(reader, named.stderr);
    const isCut = reader.isShallow && /[~^]|^[0-9a-f]{7,64}$|^v\d/.test(name);
    const why = isCut ? ': it is a shallow clone, and older commits and tags are not in it' : '';
    throw bad(`${directory} has no commit ${name}${why}`, isCut ? DEEPEN : NAME_COMMITS, named.stderr);
  }
  const found = await resolve(`${id}^{commit}`);
  if (found.exitCode === 0) return found.stdout.trim();
  const kind = (await reader.ask('cat-file', '-t', id)).stdout.trim();
  if (kind !== 'blob' && kind !== 'tree') throw lost(reader, `${name} is ${id}\n${found.stderr}`);
  throw bad(`${name} in ${directory} is a ${kind}, expected a commit`, NAME_COMMITS);
}

/** What git answers. A refusal of git comes from the repository. */
async function ask(reader: Reader, ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await reader.ask(...args);
  if (exitCode !== 0) throw lost(reader, stderr);
  return stdout;
}

/** The commits as mails. They go through files and not a pipe, as the bytes of a diff need not be UTF-8. */
async function formatPatches(reader: Reader, commits: string): Promise<Buffer[]> {
  await using scratch = await makeScratch('series');
  const output = ['--numbered-files', `--output-directory=${scratch.path}`];
  await ask(reader, 'format-patch', ...FORMAT, ...output, commits);
  const names = (await readdir(scratch.path)).sort((a, b) => Number(a) - Number(b));
  const mails: Buffer[] = [];
  for (const name of names) mails.push(stripEnvelope(await readFile(join(scratch.path, name))));
  // git writes an empty file for a commit without changes.
  return mails.filter((mail) => mail.length > 0);
}

function noteLeftOut(amount: number, what: string, range: string): string[] {
  if (amount === 0) return [];
  const words = count(amount, what, what.replace('commit', 'commits'));
  return [`${words} in ${range} ${amount === 1 ? 'was' : 'were'} left out`];
}

function empty(
  { directory, range }: Reader,
  { from, to }: { from: string; to: string },
  isSame: boolean,
): Fault {
  return new Fault({
    blame: 'request',
    code: 'SERIES_EMPTY',
    message: isSame
      ? `${range} in ${directory} is empty: ${from} and ${to} are the same commit`
      : `${range} in ${directory} is empty: ${from} contains ${to} already`,
    next: isSame ? NAME_COMMITS : `the older end stands first: ${to}..${from}`,
  });
}

/** An object that the range needs is not in the repository, or damaged. */
function lost(reader: Reader, words: string): Fault {
  const { directory, range, isPartial, isShallow } = reader;
  const why = isPartial
    ? 'it is a partial clone, and ktrial fetches nothing for it'
    : isShallow
      ? 'it is a shallow clone'
      : 'it is damaged';
  return new Fault({
    blame: 'request',
    code: 'SERIES_BAD_REPOSITORY',
    message: `${directory} lacks objects that ${range} needs: ${why}`,
    details: detailsOf(words),
    next: isPartial
      ? `if you trust it, let git fetch them: git -C ${directory} format-patch --stdout ${range} >/dev/null`
      : isShallow
        ? DEEPEN
        : `look at it: git -C ${directory} fsck`,
  });
}

function bad(message: string, next: string, words = ''): Fault {
  return new Fault({ blame: 'request', code: 'SERIES_BAD_RANGE', message, details: detailsOf(words), next });
}

function detailsOf(words: string): string[] {
  return words
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, 5);
}
