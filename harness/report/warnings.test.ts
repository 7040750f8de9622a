// SPDX-License-Identifier: MIT
import t from 'tap';
import type { Diagnostic } from '../model/index.ts';
import { anArm, aState } from '../testing/index.ts';
import { describeRejection } from './rejection.ts';
import { warningLines } from './warnings.ts';

function aDiagnostic(message: string, patch: number | null, part: Partial<Diagnostic> = {}): Diagnostic {
  return { severity: 'warning', file: 'a.c', line: 3, column: 1, message, option: null, patch, ...part };
}

t.test(
  'new warnings are in the order of their patches; the base has none, and errors are no warnings',
  async (t) => {
    const state = aState([], null, {
      arms: [
        anArm('base', 0, { newDiagnostics: [aDiagnostic('of the base', null)] }),
        anArm('1', 1, { newDiagnostics: [aDiagnostic('of nobody', null), aDiagnostic('late', 3)] }),
        anArm('1..2', 2, {
          newDiagnostics: [
            aDiagnostic('early', 1, { option: '-Wunused', line: null }),
            aDiagnostic('an error', 2, { severity: 'error' }),
          ],
        }),
      ],
    });
    t.strictSame(warningLines(state), [
      'patch 1: a.c: early [-Wunused]',
      'patch 3: a.c:3: late',
      'the series: a.c:3: of nobody',
    ]);
  },
);

t.test(
  'a series that does not compile is explained by its first error, or by the log where there is none',
  async (t) => {
    const errors = Array.from({ length: 12 }, (_, index) =>
      aDiagnostic(`error ${index}`, 2, { severity: 'error' }),
    );
    const rejection = { kind: 'doesNotCompile', logTail: ['make: *** [all] Error 2'], applied: [] } as const;
    const { message, details } = describeRejection({
      ...rejection,
      diagnostics: [aDiagnostic('a warning before it', 1), ...errors],
    });
    t.match(message, /series: a\.c:3: error 0 \(patch 2 was the last to touch the file\)$/);
    t.equal(details.length, 10);
    t.match(details[0], 'warning: a.c:3: a warning before it');
    t.match(describeRejection({ ...rejection, diagnostics: [] }), {
      message: 'the kernel does not compile with the series',
      details: ['make: *** [all] Error 2'],
    });
  },
);

t.test('a series that does not apply is explained by patch, place and what git printed', async (t) => {
  const conflict = { number: 3, subject: 's', file: null, hunk: null, words: 'error: corrupt patch\n' };
  const applied = [1, 2].map((number) => ({
    number,
    subject: 'x',
    commit: 'c',
    how: 'plain' as const,
    files: [],
  }));
  t.match(describeRejection({ kind: 'conflict', conflict, applied }), {
    message: 'patch 3 (s) does not apply',
    details: ['the patches before it apply: 2', 'error: corrupt patch'],
  });
});
