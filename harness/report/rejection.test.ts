// SPDX-License-Identifier: MIT
import t from 'tap';
import type { ConflictCause, PatchConflict } from '../model/index.ts';
import { describeRejection } from './rejection.ts';

const CONFLICT: PatchConflict = {
  number: 2,
  subject: 'x: y',
  file: 'a.c',
  hunk: '@@ -5,3 +5,3 @@',
  words: 'error: patch failed: a.c:5',
};

const explain = (conflict: Partial<PatchConflict>, canChooseBase?: boolean) =>
  describeRejection({
    kind: 'conflict',
    conflict: { ...CONFLICT, ...conflict },
    applied: [],
    ...(canChooseBase === undefined ? {} : { canChooseBase }),
  });

t.test('the advice for a patch that does not apply belongs to its cause', async (t) => {
  const table: readonly (readonly [cause: ConflictCause, message: RegExp, next: RegExp])[] = [
    ['alreadyApplied', /is in the tree already$/, /leave it out/],
    ['whiteSpace', /does not apply at a\.c @@.*: on its way tabs became spaces$/, /b4 am/],
    ['otherText', /does not apply at a\.c @@ -5,3 \+5,3 @@$/, /another base/],
    ['fileMissing', /it changes a\.c, which is not in the tree$/, /is a patch before it missing/],
    ['fileExists', /it adds a\.c, which is in the tree already$/, /another base/],
    ['badPath', /git refuses the path a\.c$/, /look at where it came from/],
    ['symbolicLink', /behind a symbolic link/, /look at where it came from/],
    ['submodule', /changes a submodule$/, /another project/],
    ['binary', /another content of the binary file a\.c$/, /git format-patch/],
    ['mode', /of another type in the tree$/, /another base/],
    ['author', /refuses its author or date$/, /From:/],
    ['unknown', /does not apply at a\.c/, /look at what git says/],
  ];
  for (const [cause, message, next] of table) {
    const found = explain({ cause, difference: 'tabs became spaces' }, true);
    t.match(found.message, /^patch 2 \(x: y\) /, cause);
    t.match(found.message, message, cause);
    t.match(found.next, next, cause);
    t.notMatch(
      explain({ cause }, false).next,
      '--base',
      `${cause}: a source of one commit has no other base`,
    );
  }
  t.match(explain({}).next, '--base', 'a record that does not know');
});

t.test(
  'wanted lines stand beside those of the tree, and white space is shown where it is all that differs',
  async (t) => {
    const { details } = explain({
      cause: 'otherText',
      nearest: [
        { line: 99, wanted: '{', found: '{' },
        { line: 100, wanted: '\tone();', found: '\ttwo();' },
        { line: null, wanted: 'three', found: null },
        { line: 101, wanted: null, found: 'four' },
      ],
    });
    t.strictSame(details, [
      'the patch wants these lines, and a.c:99 is nearest to them:',
      '       99 | {',
      'tree  100 |         two();',
      'patch     |         one();',
      'patch     | three',
      'tree  101 | four',
      'error: patch failed: a.c:5',
    ]);
    const space = explain({
      cause: 'whiteSpace',
      nearest: [{ line: 1, wanted: '  a\u00a0b', found: '\ta b  ' }],
    });
    t.strictSame(space.details.slice(1, 3), ['tree  1 | <tab>a b<space><space>', 'patch   |   a<nbsp>b']);
    t.strictSame(explain({ cause: 'otherText', nearest: [] }).details, [
      'no line that the hunk @@ -5,3 +5,3 @@ wants is in a.c',
      'error: patch failed: a.c:5',
    ]);
  },
);
