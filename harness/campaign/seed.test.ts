// SPDX-License-Identifier: MIT
import t from 'tap';
import { seedOf } from './seed.ts';

t.test('the seed of an attempt follows from campaign, scenario and attempt, in every version', async (t) => {
  t.equal(seedOf(7, 's', 1), 2431987262);
  const seeds = [
    seedOf(7, 's', 1),
    seedOf(8, 's', 1),
    seedOf(7, 't', 1),
    seedOf(7, 's', 2),
    seedOf(7, 's1', 1),
  ];
  t.equal(new Set(seeds).size, seeds.length);
});
