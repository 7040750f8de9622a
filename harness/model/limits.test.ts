// SPDX-License-Identifier: MIT
import t from 'tap';
import { isFault } from './fault.ts';
import { DEFAULT_LIMITS, LIMITS, parseLimits, requireWithin } from './limits.ts';

t.test('a bound is changed by name, and the others stay', async (t) => {
  t.same(parseLimits([]), DEFAULT_LIMITS);
  t.same(parseLimits(['trials=7', 'mails=1']), { ...DEFAULT_LIMITS, trials: 7, mails: 1 });
});

t.test('what is no bound, or no number, is refused', async (t) => {
  for (const [arg, code] of [
    ['', 'LIMIT_UNKNOWN'],
    ['nope=3', 'LIMIT_UNKNOWN'],
    ['constructor=3', 'LIMIT_UNKNOWN'],
    ['trials', 'LIMIT_BAD_NUMBER'],
    ['trials=', 'LIMIT_BAD_NUMBER'],
    ['trials=0', 'LIMIT_BAD_NUMBER'],
    ['trials=-3', 'LIMIT_BAD_NUMBER'],
    ['trials=1e9', 'LIMIT_BAD_NUMBER'],
    ['trials=1\n', 'LIMIT_BAD_NUMBER'],
  ] as const)
    t.throws(() => parseLimits([arg]), { code, blame: 'request' });
});

t.test(
  'the greatest allowed number passes; one more is refused with the option that raises the bound',
  async (t) => {
    for (const name of Object.keys(LIMITS) as (keyof typeof LIMITS)[]) {
      t.doesNotThrow(() => requireWithin(DEFAULT_LIMITS, name, LIMITS[name].maximum, 'x'));
      try {
        requireWithin(DEFAULT_LIMITS, name, LIMITS[name].maximum + 1, 'x.yaml');
        t.fail('one more passed');
      } catch (error) {
        if (!isFault(error, 'LIMIT_EXCEEDED')) throw error;
        t.match(error.message, /^x\.yaml: got \d+ .+, expected at most \d+$/);
        const raised = /--limit (\S+)$/.exec(error.next ?? '')?.[1] ?? '';
        t.doesNotThrow(() => requireWithin(parseLimits([raised]), name, LIMITS[name].maximum + 1, 'x'));
      }
    }
  },
);
