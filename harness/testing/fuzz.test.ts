// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import t from 'tap';
import { Fault } from '../model/index.ts';
import { fuzzTarget, listFuzzTargets } from './fuzz.ts';

/** `make fuzz` tries the same with other seeds and many more cases. */
const SEED = 20_261_125;
const CASES = 20_000;

// Minutes on a busy machine.
t.setTimeout(300_000);

t.test('a crash, a broken property and a rejection are found, and a refusal is none', async (t) => {
  const search = (check: (input: string) => string | null | Promise<string | null>) =>
    fuzzTarget('x', 1, fc.string(), check).search({ seed: SEED, cases: 200 });
  t.equal((await search(() => null)).failure, null);
  t.match((await search((input) => (input.length > 3 ? 'too long' : null))).failure, { why: 'too long' });
  t.match(
    (
      await search((input) => {
        if (input.includes('a')) throw new TypeError('a crash');
        return null;
      })
    ).failure,
    { input: '"a"', why: /a crash/ },
  );
  t.match((await search((input) => (input === '' ? Promise.reject(new Error('late')) : null))).failure, {
    why: /late/,
  });
  const refuse = (blame: 'request' | 'lab') => () => {
    throw new Fault({ blame, code: 'X_BAD', message: 'no' });
  };
  t.equal((await search(refuse('request'))).failure, null);
  t.match((await search(refuse('lab'))).failure, { why: /no/ });
});

t.test('the slowest case is named, and can be tried alone', async (t) => {
  const target = fuzzTarget(
    'x',
    1,
    fc.string({ maxLength: 5000 }),
    () => null,
    (input) => input.length,
  );
  const { tried, slowest } = await target.search({ seed: SEED, cases: 100 });
  t.equal(tried, 100);
  t.ok(slowest && slowest.number >= 0 && slowest.number < 100);
  const again = await target.search({ seed: SEED, cases: 1, first: slowest?.number ?? 0 });
  t.equal(again.tried, 1);
  t.match(again.slowest, { number: slowest?.number, bytes: slowest?.bytes });
});

const targets = await listFuzzTargets();
const total = targets.reduce((sum, target) => sum + target.weight, 0);

for (const { name, weight, search } of targets)
  t.test(name, async (t) => {
    const result = await search({ seed: SEED, cases: Math.ceil((CASES * weight) / total) });
    t.equal(result.failure, null);
  });
