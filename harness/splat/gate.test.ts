// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import t from 'tap';
import { makeGate } from './gate.ts';

const WORDS = ['BUG:', 'Oops', 'kernel BUG', 'Out of memory', 'abab'];
const piece = fc.oneof(
  fc.constantFrom(...WORDS, 'BUG', 'Oop', 'aba', 'Out of '),
  fc.string({ maxLength: 9 }),
);

t.test('the first word of a text is found wherever it stands', async () => {
  const gate = makeGate(WORDS);
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.nat(20), (pieces, from) => {
      const bytes = Buffer.from(pieces.join(''), 'latin1');
      const places = WORDS.map((word) => bytes.indexOf(word, from, 'latin1')).filter((place) => place >= 0);
      return gate(bytes, from, bytes.length) === Math.min(bytes.length, ...places) || from > bytes.length;
    }),
    { seed: 12, numRuns: 5000 },
  );
});
