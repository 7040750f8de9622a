// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import t from 'tap';
import { printable } from '../model/index.ts';
import { cutText, foldWords, oneLine, padText, widthOf } from './text.ts';

t.test(
  'what would move a cursor, break a line or turn the direction of writing is printed as ?',
  async (t) => {
    const cases: readonly [string, string][] = [
      ['plain text, 日本語, é, 👍', 'plain text, 日本語, é, 👍'],
      ['a\u001b[2Jb\u0007', 'a?[2Jb?'],
      ['a\u009b1mb\u0085c\u007f', 'a?1mb?c?'],
      ['a\nb\r\tc\u0000', 'a?b??c?'],
      ['a\u202eb\u2066c\u200fd\u061c', 'a?b?c?d?'],
      ['a\ud800b\udc00', 'a?b?'],
      ['a\u2028b\ufeffc\uffff', 'a?b?c?'],
    ];
    for (const [given, expected] of cases) t.equal(printable(given), expected);
    t.equal(oneLine('  two\n words\u2028 \u001bc '), 'two words ?c');
  },
);

t.test('wide characters take two columns', async (t) => {
  t.equal(widthOf('日本'), 4);
  t.equal(padText('日本', 6), '日本  ');
  t.equal(padText('日本', 6, 'start'), '  日本');
  t.equal(padText('abc', 2), 'abc');
  t.equal(cutText('日本語', 5), '日本…');
  t.equal(cutText('日本語', 6), '日本語');
  t.equal(cutText('abcdef', 4), 'abc…');
});

t.test('cut text fits, and folded text keeps its words', async () => {
  const text = fc.string({ unit: 'binary' }).map(printable);
  fc.assert(
    fc.property(
      text,
      fc.integer({ min: 1, max: 40 }),
      (one, columns) => widthOf(cutText(one, columns)) <= columns,
    ),
  );
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-z日]{1,12}$/)),
      fc.integer({ min: 20, max: 60 }),
      (words, columns) => {
        const lines = foldWords(words.join(' '), '  ', columns);
        const fits = lines.every((line) => widthOf(line) <= columns || line.trim().split(' ').length === 1);
        return (
          fits &&
          lines
            .join(' ')
            .split(/ +/)
            .filter((word) => word !== '')
            .join(' ') === words.join(' ')
        );
      },
    ),
  );
});
