// SPDX-License-Identifier: MIT
import type { Rejection } from '../model/index.ts';
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
    const { conflict, applied } = rejection;
    const place = [conflict.file, conflict.hunk].filter((part) => part !== null).join(' ');
    return {
      message: `patch ${conflict.number} (${conflict.subject}) does not apply${place === '' ? '' : ` at ${place}`}`,
      details: [
        ...(applied.length > 0 ? [`the patches before it apply: ${applied.length}`] : []),
        ...conflict.words.trimEnd().split('\n'),
      ],
      next: 'was the series made for another base? name it: --base COMMIT, or another --kernel',
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
