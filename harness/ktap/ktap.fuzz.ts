// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { isFailure } from '../model/index.ts';
import { fuzzTarget, mutate } from '../testing/index.ts';
import { type KtapTest, listSubtests, parseKtap } from './index.ts';

const LOGS: readonly string[] = [
  'KTAP version 1\n1..2\n  KTAP version 1\n  1..2\n  not ok 1 a\n  ok 2 b # SKIP c\nnot ok 1 d\nok 2 e\n',
  'TAP version 13\n1..2\n# selftests: p: t\n# TAP version 13\n# 1..2\n# ok 1 a\n# not ok 2 b\nnot ok 1 selftests: p: t # exit=1\nok 2 selftests: p: u\n',
  '[    1.0] TAP version 14\n[    1.0]     # Subtest: pond\n[    1.1]     1..2\n[    1.2]     ok 1 - a\n[    1.3]     not ok 2 - b\n[    1.4] not ok 1 - pond\n',
  'TAP version 14\n# Subtest: pond\n    ok 1 - a\n    1..1\nok 1 - pond\n1..1\n',
];
const WORDS = [
  ...[
    'KTAP version 1\n',
    'TAP version 13\n',
    '1..3\n',
    '1..0 # SKIP x\n',
    '# Subtest: pond\n',
    'Bail out!\n',
  ],
  ...[
    'ok 1 a\n',
    'not ok 2 b\n',
    '    ',
    '  ',
    '\t',
    '# ',
    '# # ',
    ' # SKIP',
    ' # TIMEOUT 9',
    '\\#',
    '[    1.0] ',
  ],
  ...['1..999999999\n', 'ok 999999999\n', 'Kernel panic - not syncing\n', '\r\n', '\0'],
];
const logs = mutate(fc.constantFrom(...LOGS), WORDS);

/** Whether any result in a tree says that a test failed. */
function hasFailure(test: KtapTest): boolean {
  return isFailure(test.outcome) || test.missing > 0 || test.tests.some(hasFailure);
}

export const FUZZ_TARGETS = [
  fuzzTarget('the tests of a log have names that are unique, and no failure is lost', 6, logs, (bytes) => {
    const ktap = parseKtap(bytes);
    const subtests = listSubtests(ktap);
    if (new Set(subtests.map((one) => one.name)).size !== subtests.length) return 'two tests of one name';
    const failed = subtests.some((one) => isFailure(one.outcome));
    const expected = ktap.tests.some(hasFailure) || ktap.missing > 0 || ktap.bailOut !== null;
    return failed === expected ? null : `failed: ${failed}, expected ${expected}`;
  }),
];
