// SPDX-License-Identifier: MIT
import t from 'tap';
import { aFrame, aSignature, aSplat, aTrial } from '../testing/index.ts';
import { formatFrame, printSplat, scanJson } from './index.ts';
import { findSplat } from './splat.ts';

t.test('a frame is written as the kernel writes it, with module, source, guess and inlining', async (t) => {
  t.equal(formatFrame(aFrame()), 'sample_remove+0x1c/0x80 [sample] drivers/sample/sample.c:42');
  t.equal(formatFrame(aFrame({ reliable: false })).slice(0, 2), '? ');
  t.equal(
    formatFrame(aFrame({ offset: null, size: null, module: null, inline: true, line: null })),
    'sample_remove drivers/sample/sample.c [inlined]',
  );
  t.equal(formatFrame(aFrame({ size: null, module: null, file: null })), 'sample_remove+0x1c');
});

t.test('a printed splat has title, culprit, task, every trace, and why it is truncated', async (t) => {
  const text = printSplat(
    aSplat({
      corrupted: true,
      corruptedReason: 'the log ends inside it',
      panicked: true,
      follows: 0,
      pc: aFrame({ function: 'at_pc' }),
    }),
    { color: false },
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

t.test('the source stands once, below the frame that it is about, a sure one before a guess', async (t) => {
  const guess = aFrame({ reliable: false });
  const frames = [guess, aFrame(), aFrame({ function: 'device_del', module: null, file: null })];
  const splat = aSplat({ frames, traces: [{ label: 'Call Trace', frames }], source: SOURCE });
  t.strictSame(printSplat(splat, { color: false }).split('\n').slice(3), [
    '  Call Trace:',
    '    ? sample_remove+0x1c/0x80 [sample] drivers/sample/sample.c:42',
    '    sample_remove+0x1c/0x80 [sample] drivers/sample/sample.c:42',
    '        41 -| if (!one)',
    '      > 42 +|         sample_put(one);?[2J',
    '        43  |',
    '    device_del+0x1c/0x80',
  ]);
  const atPointer = printSplat({ ...splat, pc: aFrame() }, { color: false });
  t.match(atPointer, /\n {2}at sample_remove.*\n {6}41 -\|/);
  t.equal(atPointer.match(/42 \+\|/g)?.length, 1);
  t.match(printSplat(splat, { color: true }), /\u001b\[32m.*sample_put/);
});

t.test('lines that the compiler made one piece of code of are all shown', async (t) => {
  const frames = [aFrame()];
  const lines = [{ number: 142, text: 'same();', change: 'added' }] as const;
  const source = { ...SOURCE, merged: [{ line: 142, lines }] };
  const splat = aSplat({ frames, traces: [{ label: 'Call Trace', frames }], source });
  t.strictSame(printSplat(splat, { color: false }).split('\n').slice(5), [
    '         41 -| if (!one)',
    '      >  42 +|         sample_put(one);?[2J',
    '         43  |',
    '      or here: these lines read the same, and the compiler made one piece of code of them',
    '      > 142 +| same();',
  ]);
});

t.test('frames and source keep to a hundred columns', async (t) => {
  const file = `drivers/${'deep/'.repeat(12)}sample.c`;
  const frames = [aFrame({ file, function: 'a_function_with_a_name_of_some_length' })];
  const lines = SOURCE.lines.map((one) => ({ ...one, text: `\t${'word '.repeat(40)}` }));
  const text = printSplat(
    aSplat({
      frames,
      traces: [{ label: 'Call Trace', frames }],
      source: { ...SOURCE, function: frames[0]?.function ?? '', file, lines },
    }),
    { color: false },
  );
  for (const line of text.split('\n')) t.ok(line.length <= 100, `${line.length}: ${line}`);
  t.match(text, new RegExp(`^ {4}a_function.* \\[sample\\]\n {6}${file}:42\n {8}41 -\\| word`, 'm'));
});

t.test('colour is only there when it is asked for', async (t) => {
  t.notMatch(printSplat(aSplat(), { color: false }), /\u001b/);
  t.match(printSplat(aSplat(), { color: true }), /\u001b\[/);
});

t.test('a hostile log cannot give orders to the terminal', async (t) => {
  const text = printSplat(aSplat({ title: 'a\u001b[2J', comm: 'x\u009b1m\n' }), { color: false });
  t.notMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  t.match(text, /^a\?\[2J\n/);
  t.match(text, /comm x\?1m\?, pid/);
});

t.test('the scan of a file has the promised keys first, in their order', async (t) => {
  const json = JSON.parse(JSON.stringify(scanJson('a.log', [aSplat()])));
  t.strictSame(Object.keys(json), ['file', 'splats']);
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
  const quoted = JSON.parse(JSON.stringify(scanJson('a.log', [aSplat({ source: SOURCE })])));
  t.strictSame(quoted.splats[0].source, SOURCE);
  t.strictSame(scanJson('b.log', []), { file: 'b.log', splats: [] });
});

t.test("a signature is shown by the patched kernel's own splat, a root, with a trace", async (t) => {
  const bare = aSplat({ frames: [], traces: [], start: 1 });
  const follower = aSplat({ follows: 0, start: 2 });
  const root = aSplat({ start: 3 });
  const base = aTrial('s.base.1', { splats: [aSplat({ start: 4 })] });
  const patched = aTrial('s.patched.1', { splats: [bare, follower, root] });
  const one = aSignature(root, { trials: [base.id, patched.id] });
  t.equal(findSplat(one, [base, patched])?.start, 3);
  t.equal(findSplat(one, [base])?.start, 4);
  t.equal(findSplat(one, []), null);
});
