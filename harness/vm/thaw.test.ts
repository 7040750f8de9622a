// SPDX-License-Identifier: MIT
import t from 'tap';
import { makeEntropy } from './thaw.ts';

t.test('a seed and a name decide the random bytes that a clone starts with', async (t) => {
  const hex = (place: Parameters<typeof makeEntropy>[0]) => Buffer.from(makeEntropy(place)).toString('hex');
  t.equal(hex({ name: 'a', seed: 1 }), hex({ name: 'a', seed: 1 }));
  t.match(hex({ name: 'a', seed: 1 }), /^[0-9a-f]{128}$/);
  t.not(hex({ name: 'a', seed: 1 }), hex({ name: 'b', seed: 1 }), 'clones of one attempt differ');
  t.not(hex({ name: 'a', seed: 1 }), hex({ name: 'a', seed: 2 }));
  t.not(hex({ name: 'a' }), hex({ name: 'a' }), 'without a seed they are random');
});
