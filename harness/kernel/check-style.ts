// SPDX-License-Identifier: MIT
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { giveToSandbox, removeHostile, runCommand, runGit } from '../host/index.ts';
import { Fault } from '../model/index.ts';
import type { BuildSite } from './build.ts';
import { contain } from './containment.ts';
import { readSourceText } from './text.ts';

export interface StyleRequest {
  /** The commit whose own `checkpatch.pl` checks. */
  readonly checker: string;
  /** A file of a commit, or the change that a commit is. */
  readonly subject: { readonly commit: string; readonly file?: string };
  readonly strict: boolean;
  /** No other types are reported. */
  readonly types?: readonly string[] | undefined;
  readonly ignore?: readonly string[] | undefined;
}

/** One report of checkpatch. */
export interface StyleReport {
  readonly severity: 'ERROR' | 'WARNING' | 'CHECK';
  /** Such as `AVOID_EXTERNS`. */
  readonly type: string;
  readonly message: string;
  /** The file, or the mail, and the line in it. */
  readonly place: string;
}

const CHECKER = 'scripts/checkpatch.pl';
/** What it reads beside itself, where the tree has it. */
const DATA = ['scripts/spelling.txt', 'scripts/const_structs.checkpatch'];
const MAIL = 'change.patch';

/**
 * Runs a tree's own `checkpatch.pl` in the sandbox, on a file or on the change of a commit. A file that the commit does not
 * have has no report. Faults: `KERNEL_NO_CHECKPATCH` (scenario) where the tree has none, `KERNEL_BUILD_DISTURBED` (lab)
 * where it did not run.
 */
export async function checkStyle(site: BuildSite, request: StyleRequest): Promise<readonly StyleReport[]> {
  const { checker, subject, strict, types, ignore } = request;
  const text = await readSubject(site, subject);
  if (text === null) return [];
  const directory = join(dirname(site.output), 'static', 'style');
  await removeHostile(directory);
  const put = async (path: string, content: string) => {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), content);
  };
  const program = await readSourceText(site.tree, checker, CHECKER);
  if (program === null)
    throw new Fault({
      blame: 'scenario',
      code: 'KERNEL_NO_CHECKPATCH',
      message: `the source has no ${CHECKER}`,
      next: 'leave the check out for this source',
    });
  await put(CHECKER, program);
  for (const path of DATA) {
    const data = await readSourceText(site.tree, checker, path);
    if (data !== null) await put(path, data);
  }
  const name = subject.file ?? MAIL;
  await put(name, text);
  await giveToSandbox(site.containment.sandbox, directory, true);
  const result = await runCommand(
    'perl',
    [
      join(directory, CHECKER),
      ...['--no-tree', `--root=${directory}`, '--terse', '--show-types', '--no-summary', '--color=never'],
      ...(strict ? ['--strict'] : []),
      ...(types ? ['--types', types.join(',')] : []),
      ...(ignore ? ['--ignore', ignore.join(',')] : []),
      ...(subject.file === undefined ? [] : ['-f']),
      name,
    ],
    {
      ...(await contain(site.containment, {
        tree: site.tree,
        output: directory,
        mountedAt: directory,
        ccache: null,
        env: {},
      })),
      cwd: directory,
      accept: 'any',
      ...(site.signal ? { signal: site.signal } : {}),
    },
  );
  // 0: nothing to report; 1: something. What it reports, it prints.
  const reports = parseStyleReports(result.stdout);
  if (!result.exceeded && (result.exitCode === 0 || (result.exitCode === 1 && reports.length > 0)))
    return reports;
  throw new Fault({
    blame: 'lab',
    code: 'KERNEL_BUILD_DISTURBED',
    message: `${CHECKER} ended with exit code ${result.exitCode}, and no report`,
    details: `${result.stdout}\n${result.stderr}`.trim().split('\n').slice(-10),
  });
}

/** Parses what `checkpatch.pl --terse --show-types` prints: `a.h:3: CHECK:AVOID_EXTERNS: extern prototypes …`. Pure. */
export function parseStyleReports(text: string): readonly StyleReport[] {
  return text.split('\n').flatMap((line): StyleReport[] => {
    const [, place, severity, type, message] =
      /^(.*?:\d+): (ERROR|WARNING|CHECK):([A-Z][A-Z0-9_]*): (.*)$/.exec(line) ?? [];
    if (place === undefined || type === undefined || message === undefined) return [];
    return [{ severity: severity as StyleReport['severity'], type, message, place }];
  });
}

async function readSubject(
  site: BuildSite,
  { commit, file }: StyleRequest['subject'],
): Promise<string | null> {
  if (file !== undefined) return readSourceText(site.tree, commit, file);
  const args = ['format-patch', '-1', '--stdout', '--no-signature', '--end-of-options', commit];
  return (await runGit(args, { cwd: site.tree, signal: site.signal })).stdout;
}
