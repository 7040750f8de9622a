// SPDX-License-Identifier: MIT
import t from 'tap';
import { parseJson, parseLines } from './engine.ts';

t.test(
  'an answer of addr2line is pairs of lines, discriminators and what is not known left out',
  async (t) => {
    t.strictSame(parseLines(['inner', '/s/a.h:2 (discriminator 3)', 'outer', '/s/a.c:17']), [
      { function: 'inner', file: '/s/a.h', line: 2 },
      { function: 'outer', file: '/s/a.c', line: 17 },
    ]);
    t.strictSame(parseLines(['??', '??:0']), []);
    t.strictSame(parseLines(['known', '/s/a.c:?']), []);
    t.strictSame(parseLines(['known', '??:?']), []);
  },
);

t.test('an answer of llvm-symbolizer is a line of JSON; anything else is no answer', async (t) => {
  const place = (name: string, file: string, line: number) => ({
    FunctionName: name,
    FileName: file,
    Line: line,
  });
  t.strictSame(
    parseJson(JSON.stringify({ Symbol: [place('inner', '/s/a.h', 2), place('outer', '/s/a.c', 17)] })),
    [
      { function: 'inner', file: '/s/a.h', line: 2 },
      { function: 'outer', file: '/s/a.c', line: 17 },
    ],
  );
  t.strictSame(parseJson(JSON.stringify({ Symbol: [place('outer', '', 0)] })), []);
  t.strictSame(parseJson(JSON.stringify({ Error: { Message: 'no file' } })), []);
  t.equal(parseJson('outer'), null);
  t.equal(parseJson(''), null);
});
