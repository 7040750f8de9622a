// SPDX-License-Identifier: MIT
import { findMatchingLines, type StaticCheck } from '../../scenario/index.ts';
import { findFreshDiagnostics, readSize, readText, type StaticSubject, type StaticTools } from './subject.ts';

/** What one check came to. */
export interface CheckOutcome {
  /** What is wrong, in one line; null where it is as it should be. */
  readonly problem: string | null;
  readonly details: readonly string[];
  readonly numbers: Readonly<Record<string, number>>;
}

/** Lines of details that a result keeps. */
const MOST_DETAILS = 20;

/** Performs one check on an arm. Faults of what it needs: the source, a built kernel, sparse, checkpatch. */
export async function checkArm(
  check: StaticCheck,
  subject: StaticSubject,
  tools: StaticTools,
): Promise<CheckOutcome> {
  const outcome = await perform(check, subject, tools);
  const more = outcome.details.length - MOST_DETAILS;
  return more > 0
    ? { ...outcome, details: [...outcome.details.slice(0, MOST_DETAILS), `and ${more} more`] }
    : outcome;
}

function perform(check: StaticCheck, subject: StaticSubject, tools: StaticTools): Promise<CheckOutcome> {
  switch (check.kind) {
    case 'grep':
      return grep(check.body, subject, tools);
    case 'size':
      return measure(check.body, subject, tools);
    case 'checkpatch':
      return checkStyle(check.body, subject, tools);
    case 'compile':
      return compile(check.body, subject, tools);
  }
}

type BodyOf<Kind extends StaticCheck['kind']> = Extract<StaticCheck, { kind: Kind }>['body'];

async function grep(
  { pattern, files, lines }: BodyOf<'grep'>,
  subject: StaticSubject,
  tools: StaticTools,
): Promise<CheckOutcome> {
  const found: string[] = [];
  for (const file of files) {
    const text = await readText(subject, file, tools);
    const rows = text.split('\n');
    for (const line of findMatchingLines(pattern, text))
      found.push(`${file}:${line}: ${(rows[line - 1] ?? '').trim().slice(0, 200)}`);
  }
  const problem =
    found.length === lines ? null : `got ${found.length} lines that match /${pattern}/, expected ${lines}`;
  return { problem, details: found, numbers: { lines: found.length } };
}

async function measure(
  body: BodyOf<'size'>,
  subject: StaticSubject,
  tools: StaticTools,
): Promise<CheckOutcome> {
  const bytes = await readSize(subject.kernel, body, tools);
  if (body.bytes !== undefined) {
    const problem = bytes === body.bytes ? null : `got ${bytes} bytes, expected ${body.bytes}`;
    return { problem, details: [], numbers: { bytes } };
  }
  const base = await readSize(subject.baseKernel, body, tools);
  const isMet = { smaller: bytes < base, notLarger: bytes <= base, same: bytes === base };
  const words = {
    smaller: `fewer than the base's ${base}`,
    notLarger: `at most the base's ${base}`,
    same: `the base's ${base}`,
  };
  const wanted = body.base ?? 'same';
  return {
    problem: isMet[wanted] ? null : `got ${bytes} bytes, expected ${words[wanted]}`,
    details: [`${bytes} bytes; on the base ${base}`],
    numbers: { bytes, baseBytes: base },
  };
}

async function checkStyle(
  { files, strict, types, ignore, atMost }: BodyOf<'checkpatch'>,
  { base, commit, patches }: StaticSubject,
  tools: StaticTools,
): Promise<CheckOutcome> {
  const tree = await tools.openTree();
  const subjects = files
    ? files.map((file) => ({ name: '', subject: { commit, file } }))
    : patches.map((patch) => ({ name: `patch ${patch.number}: `, subject: { commit: patch.commit } }));
  const details: string[] = [];
  const count = { ERROR: 0, WARNING: 0, CHECK: 0 };
  for (const { name, subject } of subjects) {
    const reports = await tree.checkStyle({ checker: base, subject, strict, types, ignore });
    for (const { severity, type, message, place } of reports) {
      count[severity] += 1;
      details.push(`${name}${place}: ${severity}: ${type}: ${message}`);
    }
  }
  const total = details.length;
  return {
    problem: total <= atMost ? null : `checkpatch reports: got ${total}, expected at most ${atMost}`,
    details,
    numbers: { errors: count.ERROR, warnings: count.WARNING, checks: count.CHECK },
  };
}

async function compile(
  body: BodyOf<'compile'>,
  subject: StaticSubject,
  tools: StaticTools,
): Promise<CheckOutcome> {
  const { fresh, count } = await findFreshDiagnostics(subject, body, tools);
  const errors = fresh.filter((one) => one.severity === 'error').length;
  const warnings = fresh.length - errors;
  const problem =
    fresh.length === 0
      ? null
      : errors > 0
        ? `got ${errors} errors, expected that ${body.paths.join(' ')} compiles`
        : `got ${warnings} warnings that the base does not have, expected none`;
  return {
    problem,
    details: fresh.map(
      ({ file, line, severity, message }) =>
        `${file}${line === null ? '' : `:${line}`}: ${severity}: ${message}`,
    ),
    numbers: { newWarnings: warnings, errors, diagnostics: count },
  };
}
