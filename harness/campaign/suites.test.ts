// SPDX-License-Identifier: MIT
import t from 'tap';
import { DEFAULT_LIMITS } from '../model/index.ts';
import { makeSuiteScenarios } from './suites.ts';

t.test('each suite becomes a scenario that runs it alone', async (t) => {
  const made = makeSuiteScenarios(
    { kselftest: ['net/forwarding', 'core:close_range_test'], kunit: ['list_sort'] },
    DEFAULT_LIMITS,
  );
  t.strictSame(
    made.map(({ name, steps }) => [name, steps.map(({ kind, body }) => [kind, body])]),
    [
      ['kselftest-net-forwarding', [['kselftest', { tests: ['net/forwarding'], timeoutMs: null }]]],
      [
        'kselftest-core-close-range-test',
        [['kselftest', { tests: ['core:close_range_test'], timeoutMs: null }]],
      ],
      ['kunit-list-sort', [['kunit', { suites: ['list_sort'], timeoutMs: 300_000 }]]],
    ],
  );
});

t.test('a name that no suite can have is the request’s fault', async (t) => {
  for (const [kselftest, kunit] of [
    ['../core', ''],
    ['', 'a b'],
    ['core:', ''],
    ['$(reboot)', ''],
  ] as const)
    t.throws(
      () =>
        makeSuiteScenarios(
          { kselftest: kselftest === '' ? [] : [kselftest], kunit: kunit === '' ? [] : [kunit] },
          DEFAULT_LIMITS,
        ),
      { blame: 'request', code: 'CAMPAIGN_BAD_SUITE' },
    );
});
