// SPDX-License-Identifier: MIT
import t from 'tap';
import type { SourceExcerpt, SplatBody } from '../model/index.ts';
import { scanJson } from '../scan/index.ts';
import { aFrame, aSignature, aSplat, aTrial } from '../testing/index.ts';
import { findEvidence } from './evidence.ts';
import { formatFrame } from './frame.ts';
import { type PrintOptions, printSplat } from './splat.ts';

/** A printed splat as one text; everything is shown, without colour. */
function show(splat: SplatBody, options: Partial<PrintOptions> = {}): string {
  return printSplat(splat, { color: false, columns: 100, verbose: true, ...options }).join('\n');
}

t.test('a frame is written as the kernel writes it, with module, source, guess and inlining', async (t) => {
  t.equal(formatFrame(aFrame()), 'sample_remove+0x1c/0x80 [sample] drivers/sample/sample.c:42');
  t.equal(formatFrame(aFrame({ reliable: false })).slice(0, 2), '? ');
  t.equal(
    formatFrame(aFrame({ offset: null, size: null, module: null, inline: true, line: null })),
    'sample_remove drivers/sample/sample.c [inlined]',
  );
  t.equal(formatFrame(aFrame({ size: null, module: null, file: null })), 'sample_remove+0x1c');
});

t.test('a printed splat has title, culprit, task, every trace, and why it is corrupted', async (t) => {
  const text = show(
    aSplat({
      corrupted: true,
      corruptedReason: 'the log ends inside it',
      panicked: true,
      follows: 0,
      pc: aFrame({ function: 'at_pc' }),
    }),
  );
  t.strictSame(text.split('\n'), [
    'KASAN: use-after-free Read in sample_remove',
    '  type KASAN-USE-AFTER-FREE-READ, culprit sample_remove',
    '  comm bash, pid 318, cpu 1, tainted G B',
    '  corrupted: the log ends inside it',
    '  the kernel panicked',
    '  follows from complaint 1 of this log',
    '  at at_pc+0x1c/0x80 [sample] drivers/sample/sample.c:42',
    '  Call Trace:',
    '    sample_remove+0x1c/0x80 [sample] drivers/sample/sample.c:42',
    '    sample_put [sample] drivers/sample/sample.c:17 [inlined]',
    '    device_del+0x1c/0x80 drivers/base/core.c:3100',
    '    ? stale_word+0x1c/0x80',
    '  Freed by task 7:',
    '    kfree+0x1c/0x80',
  ]);
});

const SOURCE = {
  function: 'sample_remove',
  file: 'drivers/sample/sample.c',
  line: 42,
  lines: [
    { number: 41, text: '\tif (!one)', change: 'removed' },
    { number: 42, text: '\t\tsample_put(one);\u001b[2J', change: 'added' },
    { number: 43, text: '', change: null },
  ],
  merged: [],
} as const;

t.test('source is quoted once, below its frame, rather a reliable one than a guess', async (t) => {
  const guess = aFrame({ reliable: false });
  const frames = [guess, aFrame(), aFrame({ function: 'device_del', module: null, file: null })];
  const splat = aSplat({ frames, traces: [{ label: 'Call Trace', frames }], source: SOURCE });
  t.strictSame(show(splat).split('\n').slice(3), [
    '  Call Trace:',
    '    ? sample_remove+0x1c/0x80 [sample] drivers/sample/sample.c:42',
    '    sample_remove+0x1c/0x80 [sample] drivers/sample/sample.c:42',
    '        41 -| if (!one)',
    '      > 42 +|         sample_put(one);?[2J',
    '        43  |',
    '    device_del+0x1c/0x80',
  ]);
  const atPointer = show({ ...splat, pc: aFrame() });
  t.match(atPointer, /\n {2}at sample_remove.*\n {6}41 -\|/);
  t.equal(atPointer.match(/42 \+\|/g)?.length, 1);
  t.match(show(splat, { color: true }), /\u001b\[32m.*sample_put/);
});

t.test('all lines whose code the compiler merged are shown', async (t) => {
  const frames = [aFrame()];
  const lines = [{ number: 142, text: 'same();', change: 'added' }] as const;
  const source = { ...SOURCE, merged: [{ line: 142, lines }] };
  const splat = aSplat({ frames, traces: [{ label: 'Call Trace', frames }], source });
  t.strictSame(show(splat).split('\n').slice(5), [
    '         41 -| if (!one)',
    '      >  42 +|         sample_put(one);?[2J',
    '         43  |',
    '      or here: these lines are the same, and the compiler merged their code',
    '      > 142 +| same();',
  ]);
});

t.test('frames and source keep to a hundred columns', async (t) => {
  const file = `drivers/${'deep/'.repeat(12)}sample.c`;
  const frames = [aFrame({ file, function: 'a_function_with_a_name_of_some_length' })];
  const lines = SOURCE.lines.map((one) => ({ ...one, text: `\t${'word '.repeat(40)}` }));
  const text = show(
    aSplat({
      frames,
      traces: [{ label: 'Call Trace', frames }],
      source: { ...SOURCE, function: frames[0]?.function ?? '', file, lines },
    }),
  );
  for (const line of text.split('\n')) t.ok(line.length <= 100, `${line.length}: ${line}`);
  t.match(text, new RegExp(`^ {4}a_function.* \\[sample\\]\n {6}${file}:42\n {8}41 -\\| word`, 'm'));
});

t.test('colour is only there when it is asked for', async (t) => {
  t.notMatch(show(aSplat()), /\u001b/);
  t.match(show(aSplat(), { color: true }), /\u001b\[/);
});

t.test('a hostile log cannot give orders to the terminal', async (t) => {
  const text = show(aSplat({ title: 'a\u001b[2J', comm: 'x\u009b1m\n' }));
  t.notMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  t.match(text, /^a\?\[2J\n/);
  t.match(text, /comm x\?1m\?, pid/);
});

t.test('the scan of a file has the promised keys first, in their order', async (t) => {
  const json = JSON.parse(JSON.stringify(scanJson('a.log', { splats: [aSplat()], lines: 9, dropped: 0 })));
  t.strictSame(Object.keys(json), ['format', 'file', 'splats', 'lines', 'dropped']);
  t.equal(json.format, 1);
  t.strictSame(Object.keys(json.splats[0]).slice(0, 7), [
    'title',
    'type',
    'culprit',
    'corrupted',
    'panicked',
    'comm',
    'frames',
  ]);
  t.strictSame(Object.keys(json.splats[0].frames[0]), [
    'function',
    'offset',
    'size',
    'module',
    'reliable',
    'inline',
    'file',
    'line',
  ]);
  t.strictSame(json.splats[0].frames[0], aFrame());
  t.equal(json.splats[0].traces[1].label, 'Freed by task 7');
  t.equal(json.splats[0].source, null);
  const quoted = JSON.parse(
    JSON.stringify(scanJson('a.log', { splats: [aSplat({ source: SOURCE })], lines: 9, dropped: 0 })),
  );
  t.strictSame(quoted.splats[0].source, SOURCE);
  t.strictSame(scanJson('b.log', { splats: [], lines: 3, dropped: 7 }), {
    format: 1,
    file: 'b.log',
    splats: [],
    lines: 3,
    dropped: 7,
  });
});

t.test("a signature's evidence is the patched kernel's own splat, a root, with a trace", async (t) => {
  const bare = aSplat({ frames: [], traces: [], start: 1 });
  const follower = aSplat({ follows: 0, start: 2 });
  const root = aSplat({ start: 3 });
  const base = aTrial('s.base.1', { splats: [aSplat({ start: 4 })] });
  const patched = aTrial('s.patched.1', { splats: [bare, follower, root] });
  const one = aSignature(root, { trials: [base.id, patched.id] });
  t.equal(findEvidence(one, [base, patched])?.splat.start, 3);
  t.equal(findEvidence(one, [base, patched])?.trial, patched);
  t.equal(findEvidence(one, [base])?.splat.start, 4);
  t.equal(findEvidence(one, []), null);
  const poor = aTrial('s.patched.1', { splats: [bare, follower] });
  t.equal(findEvidence(one, [poor])?.splat.start, 2, 'a follower with a trace before a root without');
  t.equal(findEvidence(one, [aTrial('s.patched.1', { splats: [bare] })])?.splat.start, 1);
});

t.test('frames that the unwinder only guessed are hidden unless everything is asked for', async (t) => {
  t.notMatch(show(aSplat(), { verbose: false }), /stale_word/);
  t.match(show(aSplat(), { verbose: true }), /\? stale_word/);
  const frames = [aFrame({ function: 'f', reliable: false }), aFrame({ function: 'g', reliable: false })];
  const guessed = aSplat({ frames, traces: [{ label: 'Call Trace', frames }] });
  t.match(show(guessed, { verbose: false }), /\? f.*\n.*\? g/, 'a trace of guesses alone is not emptied');
  const quoted = [aFrame({ reliable: false }), aFrame({ function: 'g', file: null })];
  const splat = aSplat({ frames: quoted, traces: [{ label: 'Call Trace', frames: quoted }], source: SOURCE });
  t.match(
    show(splat, { verbose: false }),
    /\? sample_remove.*\n.*41/,
    'a guess whose source is quoted stays',
  );
});

t.test(
  'where the culprit is elsewhere, the first frame in a file of the series is quoted as well',
  async (t) => {
    const touched: SourceExcerpt = {
      function: 'device_del',
      file: 'drivers/base/core.c',
      line: 3100,
      lines: [{ number: 3100, text: 'bus_remove_device(dev);', change: 'added' }],
      merged: [],
    };
    t.strictSame(
      show(aSplat({ source: SOURCE, touched }), { verbose: false })
        .split('\n')
        .slice(3),
      [
        '  Call Trace:',
        '    sample_remove+0x1c/0x80 [sample] drivers/sample/sample.c:42',
        '        41 -| if (!one)',
        '      > 42 +|         sample_put(one);?[2J',
        '        43  |',
        '    sample_put [sample] drivers/sample/sample.c:17 [inlined]',
        '    device_del+0x1c/0x80 drivers/base/core.c:3100',
        '      > 3100 +| bus_remove_device(dev);',
        '  Freed by task 7:',
        '    kfree+0x1c/0x80',
      ],
    );
  },
);

t.test('of merged lines, one that the series adds stands before one that was there', async (t) => {
  const old = { line: 42, lines: [{ number: 42, text: 'unlock();', change: null }] };
  const added = { line: 142, lines: [{ number: 142, text: 'unlock();', change: 'added' as const }] };
  const source = { function: 'sample_remove', file: 'drivers/sample/sample.c', ...old, merged: [added] };
  const text = show(aSplat({ source }));
  t.match(text, /> 142 \+\| unlock\(\);\n.*or here.*\n *> {2}42 {2}\| unlock\(\);/);
});
