// SPDX-License-Identifier: MIT
import t from 'tap';
import type { LineChange } from '../model/index.ts';
import { aFrame, aSplat } from '../testing/index.ts';
import { findCulpritFrame, quoteSource, type SourceText } from './quote.ts';

const TREE: Readonly<Record<string, string>> = {
  'drivers/sample/sample.c': Array.from({ length: 50 }, (_, index) => `\tline ${index + 1};\r\n`).join(''),
};

function aTree(changes: readonly (readonly [number, LineChange])[] = []): SourceText {
  return { read: async (path) => TREE[path] ?? null, changes: async () => new Map(changes) };
}

/** Nothing is known of the code. */
const unknown = async () => null;

const numbers = async (line: number, tree = aTree()) => {
  const quoted = await quoteSource(aSplat({ frames: [aFrame({ line })], traces: [] }), tree, unknown);
  return quoted.source?.lines.map((one) => one.number) ?? null;
};

t.test('the line of the culprit is quoted with one before and one after, changes marked', async (t) => {
  const splat = await quoteSource(
    aSplat(),
    aTree([
      [42, 'added'],
      [43, 'removed'],
      [44, 'added'],
    ]),
    unknown,
  );
  t.strictSame(splat.source, {
    function: 'sample_remove',
    file: 'drivers/sample/sample.c',
    line: 42,
    lines: [
      { number: 41, text: '\tline 41;', change: null },
      { number: 42, text: '\tline 42;', change: 'added' },
      { number: 43, text: '\tline 43;', change: 'removed' },
    ],
    merged: [],
  });
});

t.test('at the edges of a file there are fewer lines, and past its end none', async (t) => {
  t.strictSame(await numbers(1), [1, 2]);
  t.strictSame(await numbers(50), [49, 50]);
  t.equal(await numbers(51), null, 'the tree is another one');
  t.equal(await numbers(0), null);
  const absent = await quoteSource(aSplat(), { ...aTree(), read: async () => null }, unknown);
  t.strictSame(absent, aSplat());
});

t.test(
  'a sure frame of the culprit comes before a guess; parts of a function are the function',
  async (t) => {
    const guess = aFrame({ reliable: false, line: 1 });
    const sure = aFrame({ line: 2 });
    t.equal(findCulpritFrame(aSplat({ frames: [guess, sure] }))?.line, 2);
    t.equal(findCulpritFrame(aSplat({ frames: [guess], traces: [] }))?.line, 1);
    const cold = aFrame({ function: 'sample_remove.cold', line: 3 });
    t.equal(findCulpritFrame(aSplat({ frames: [cold], traces: [] }))?.line, 3);
    const pc = aFrame({ function: 'memcpy', line: 4 });
    t.equal(findCulpritFrame(aSplat({ pc }))?.line, 42, 'the culprit is what the report is about');
    t.equal(findCulpritFrame(aSplat({ pc, culprit: null }))?.line, 4);
    t.equal(findCulpritFrame(aSplat({ culprit: null })), null);
    t.equal(
      findCulpritFrame(aSplat({ frames: [aFrame({ file: null, line: null })], traces: [] })),
      null,
      'no source line',
    );
  },
);
