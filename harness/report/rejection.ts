// SPDX-License-Identifier: MIT
import type { ComparedLine, ConflictCause, PatchConflict, Rejection } from '../model/index.ts';
import { describeDiagnostic } from './words.ts';

/** Explains what ended a campaign: one sentence, then lines of evidence, then what to do. */
export interface Explanation {
  readonly message: string;
  readonly details: readonly string[];
  readonly next: string;
}

/** Compiler errors that are listed; the build log has them all. */
const ERRORS_SHOWN = 10;

/** Explains why a series cannot be put on trial: patch, file and hunk with git's output, or the compiler's errors. */
export function describeRejection(rejection: Rejection): Explanation {
  if (rejection.kind === 'conflict') {
    const { conflict, applied, canChooseBase = true } = rejection;
    const { number, subject } = conflict;
    const { what, next } = explainCause(conflict, canChooseBase);
    return {
      message: `patch ${number} (${subject}) ${what}`,
      details: [
        ...(applied.length > 0 ? [`the patches before it apply: ${applied.length}`] : []),
        ...compareLines(conflict),
        ...conflict.words.trimEnd().split('\n'),
      ],
      next,
    };
  }
  const { diagnostics, logTail } = rejection;
  const first = diagnostics.find((one) => one.severity === 'error') ?? diagnostics[0];
  const patch = first?.patch == null ? '' : ` (patch ${first.patch} was the last to touch the file)`;
  return {
    message: `the kernel does not compile with the series${first ? `: ${describeDiagnostic(first)}${patch}` : ''}`,
    details:
      diagnostics.length > 0
        ? diagnostics.slice(0, ERRORS_SHOWN).map((one) => `${one.severity}: ${describeDiagnostic(one)}`)
        : logTail,
    next: 'the base builds: fix the series',
  };
}

const INTACT =
  'get the patch as it was sent: `b4 am MESSAGE-ID`, or "Show original" and "Save as" in the mail program, or as an attachment';

/** What a patch that does not apply is called, and what helps: the advice belongs to the cause. */
function explainCause(
  { cause = 'unknown', file, hunk, difference }: PatchConflict,
  canChooseBase: boolean,
): { readonly what: string; readonly next: string } {
  const place = [file, hunk].filter((part) => part !== null).join(' ');
  const at = place === '' ? '' : ` at ${place}`;
  const path = file ?? 'a file';
  const otherBase = canChooseBase
    ? 'was the series made for another base? name it: --base COMMIT, or another --kernel'
    : 'was the series made for another kernel version? choose another --kernel, or rebase the series; this source has one commit';
  const table: Readonly<Record<ConflictCause, { readonly what: string; readonly next: string }>> = {
    alreadyApplied: {
      what: 'is in the tree already',
      next: canChooseBase
        ? 'leave it out of the series, or name the commit before it: --base COMMIT'
        : 'leave it out of the series, or choose an older --kernel',
    },
    whiteSpace: {
      what: `does not apply${at}: on its way ${difference ?? 'white space changed'}`,
      next: INTACT,
    },
    otherText: { what: `does not apply${at}`, next: otherBase },
    fileMissing: {
      what: `does not apply: it changes ${path}, which is not in the tree`,
      next: `is a patch before it missing? ${otherBase}`,
    },
    fileExists: { what: `does not apply: it adds ${path}, which is in the tree already`, next: otherBase },
    badPath: {
      what: `cannot be applied: git refuses the path ${path}`,
      next: 'a patch may only change files of the tree: look at where it came from',
    },
    symbolicLink: {
      what: `cannot be applied: ${path} is behind a symbolic link, which git does not follow`,
      next: 'a patch may only change files of the tree: look at where it came from',
    },
    submodule: {
      what: `cannot be applied${at}: it changes a submodule`,
      next: 'a kernel has no submodules: was the series made for another project?',
    },
    binary: {
      what: `does not apply: the tree has another content of the binary file ${path}`,
      next: `${otherBase}; a diff without the data of a binary file needs \`git format-patch\``,
    },
    mode: { what: `does not apply${at}: the file is of another type in the tree`, next: otherBase },
    author: {
      what: 'cannot be committed: git refuses its author or date',
      next: 'correct the `From:` and `Date:` headers of the mail',
    },
    unknown: { what: `does not apply${at}`, next: `look at what git says. ${otherBase}` },
  };
  // A record may be of a later version.
  return Object.hasOwn(table, cause) ? table[cause] : table.unknown;
}

/** The lines that a hunk wants beside those that the tree has. */
function compareLines({ file, hunk, nearest }: PatchConflict): string[] {
  if (!nearest || file === null) return [];
  if (nearest.length === 0) return [`no line that the hunk ${hunk ?? ''} wants is in ${file}`];
  const first = nearest.find((row) => row.line !== null)?.line ?? 0;
  const isOnlySpace = nearest.every(({ wanted, found }) => simplify(wanted) === simplify(found));
  const show = isOnlySpace ? showSpace : (text: string) => text.replaceAll('\t', ' '.repeat(8));
  const width = Math.max(...nearest.map((row) => String(row.line ?? '').length));
  const row = (label: string, line: number | null, text: string) =>
    `${label.padEnd(5)} ${String(line ?? '').padStart(width)} | ${show(text)}`;
  return [
    `the patch wants these lines, and ${file}:${first} is nearest to them:`,
    ...nearest.flatMap(({ line, wanted, found }: ComparedLine) => {
      if (wanted === found) return [row('', line, found ?? '')];
      return [
        ...(found === null ? [] : [row('tree', line, found)]),
        ...(wanted === null ? [] : [row('patch', null, wanted)]),
      ];
    }),
  ];
}

function simplify(text: string | null): string {
  return (text ?? '').replace(/\s+/g, ' ').trim();
}

/** White space that can be told apart. */
function showSpace(text: string): string {
  return text
    .replaceAll('\t', '<tab>')
    .replaceAll('\u00a0', '<nbsp>')
    .replaceAll('\r', '<cr>')
    .replace(/ +$/, (blanks) => '<space>'.repeat(blanks.length));
}
