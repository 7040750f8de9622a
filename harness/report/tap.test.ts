// SPDX-License-Identifier: MIT
import t from 'tap';
import { Parser } from 'tap-parser';
import type { CampaignState, Comparison } from '../model/index.ts';
import { aFrame, aSignature, aSplat, aState, aTrial, aVerdict, SAMPLE_STATES } from '../testing/index.ts';
import { tapReport } from './tap.ts';

interface Point {
  readonly ok: boolean;
  readonly id: number;
  readonly name: string;
  readonly skip?: unknown;
  readonly todo?: unknown;
  readonly diag?: Record<string, unknown>;
}

/** What an independent TAP parser makes of a report; `extra` is what it could not read. */
function parse(state: CampaignState | undefined, verbose = false) {
  const text = tapReport(state ?? aState([], null), {
    runDirectory: '/runs/1',
    color: false,
    columns: 100,
    verbose,
  });
  const points: Point[] = [];
  const extra: string[] = [];
  const comments: string[] = [];
  const parser = new Parser({ strict: true });
  parser.on('assert', (point: Point) => points.push(point));
  parser.on('extra', (line: string) => extra.push(line));
  parser.on('comment', (line: string) => comments.push(line.trimEnd()));
  parser.on('child', () => extra.push('a subtest'));
  let versions = 0;
  parser.on('version', () => {
    versions += 1;
  });
  parser.end(text);
  return { text, points, extra, comments, versions, results: parser.results };
}

const plain = { scenario: 'plain', comparison: 'clean', reason: 'no complaint', signatures: [] } as const;

t.test('every report is valid TAP 14, and nothing in it is left unread', async (t) => {
  for (const [name, state] of Object.entries(SAMPLE_STATES)) {
    const { text, extra, versions } = parse(state);
    t.match(text, /^TAP version 14\n/, name);
    t.equal(versions, 1, name);
    t.strictSame(extra, [], name);
  }
  const { results } = parse(SAMPLE_STATES.concluded);
  t.equal(results?.plan.end, 5);
  t.equal(results?.bailout, false);
});

t.test('a test point has the same name and number whatever its result', async (t) => {
  const comparisons: readonly Comparison[] = [
    'fixed',
    'clean',
    'notFixed',
    'regressed',
    'notReproduced',
    'inconclusive',
  ];
  for (const comparison of comparisons) {
    const state = aState(
      [aTrial('plain.base.1'), aTrial('plain.patched.1')],
      aVerdict([{ ...plain, comparison }]),
    );
    const { points } = parse(state);
    t.strictSame(
      points.map((point) => [point.id, point.name, point.diag?.comparison]),
      [[1, 'plain', comparison]],
    );
    t.equal(points[0]?.ok, comparison === 'fixed' || comparison === 'clean', comparison);
  }
});

t.test(
  'a per-patch run has a test point for bisectability, with the same name whatever its result',
  async (t) => {
    const state = SAMPLE_STATES['per-patch'];
    const last = parse(state).points.at(-1);
    t.strictSame([last?.ok, last?.name], [false, 'the series is bisectable']);
    t.match(last?.diag, { patches: 2, notBisectableAt: [1] });
    const perPatch = state?.verdict?.perPatch;
    if (!state?.verdict || !perPatch) return t.fail('the sample has a grid');
    const bisectable = {
      ...state,
      verdict: { ...state.verdict, perPatch: { ...perPatch, notBisectableAt: [] } },
    };
    const good = parse(bisectable).points.at(-1);
    t.strictSame([good?.ok, good?.name], [true, 'the series is bisectable']);
  },
);

t.test('the block of a point has counts, the trace with source lines, and where the logs are', async (t) => {
  const { points } = parse(SAMPLE_STATES.concluded);
  t.match(points[2]?.diag, {
    comparison: 'regressed',
    reason: 'WARNING in sample_put',
    signatures: [
      {
        title: 'WARNING in sample_put',
        base: { seen: 0, trials: 1 },
        patched: { seen: 1, trials: 1 },
        seenIn: ['blocked.patched.1'],
        trace: [
          'sample_remove+0x1c/0x80 [sample] drivers/sample/sample.c:42',
          'sample_put [sample] drivers/sample/sample.c:17 [inlined]',
          'device_del+0x1c/0x80 drivers/base/core.c:3100',
        ],
      },
    ],
    trials: [
      { id: 'blocked.base.1', outcome: 'passed', directory: '/runs/1/blocked.base.1' },
      { id: 'blocked.patched.1', outcome: 'failed (kernel)', directory: '/runs/1/blocked.patched.1' },
    ],
  });
  t.match(points[3]?.diag, { signatures: [{ trace: 'see test point 3 above' }] }, 'printed once, then named');
  t.match(points[1]?.diag, { trials: [{}, { notes: ['the console lost 12 lines that /dev/kmsg has'] }] });
});

t.test('a trace is cut with its rest counted, and whole where everything is asked for', async (t) => {
  const frames = Array.from({ length: 20 }, (_, index) =>
    aFrame({ function: `f${index}`, reliable: index !== 5 }),
  );
  const splat = aSplat({ frames });
  const signature = aSignature(splat, { trials: ['plain.patched.1'] });
  const state = aState(
    [aTrial('plain.base.1'), aTrial('plain.patched.1', { splats: [splat] })],
    aVerdict([{ ...plain, comparison: 'regressed', signatures: [signature] }]),
  );
  const traceOf = (verbose: boolean) => {
    const diag = parse(state, verbose).points[0]?.diag as { signatures: { trace: string[] }[] } | undefined;
    return diag?.signatures[0]?.trace ?? [];
  };
  t.equal(traceOf(false).length, 13);
  t.equal(traceOf(false).at(-1), '7 more');
  t.notMatch(traceOf(false).join(), /\?/);
  t.equal(traceOf(true).length, 20);
  t.match(traceOf(true)[5], /^\? f5/);
});

t.test('source is quoted in the block: the likeliest place first, and what the series touches', async (t) => {
  const line = (number: number, change: 'added' | null) => ({
    line: number,
    lines: [{ number, text: 'put();', change }],
  });
  const place = { function: 'sample_remove', file: 'drivers/sample/sample.c' };
  const splat = aSplat({
    source: { ...place, ...line(42, null), merged: [line(142, 'added')] },
    touched: { function: 'device_del', file: 'drivers/base/core.c', ...line(3100, 'added'), merged: [] },
  });
  const signature = aSignature(splat, { trials: ['plain.patched.1'] });
  const { points } = parse(
    aState(
      [aTrial('plain.patched.1', { splats: [splat] })],
      aVerdict([{ ...plain, comparison: 'regressed', signatures: [signature] }]),
    ),
  );
  t.match(points[0]?.diag, {
    signatures: [
      {
        source: {
          place: 'drivers/sample/sample.c:142',
          lines: ['> 142 +| put();', /or here/, '>  42  | put();'],
        },
        touched: { place: 'drivers/base/core.c:3100', lines: ['> 3100 +| put();'] },
      },
    ],
  });
});

t.test('an inconclusive point says that it speaks of the lab and not of the series', async (t) => {
  const { points } = parse(SAMPLE_STATES.concluded);
  t.equal(points[4]?.ok, false);
  t.match(
    points[4]?.diag?.inconclusive,
    /nothing about the series: lost\.patched\.1 failed \(lab\): QEMU was killed/,
  );
});

t.test('notes of intake and new warnings are comments', async (t) => {
  const { comments } = parse(SAMPLE_STATES.concluded);
  t.ok(comments.includes('# note: 2 replies in the mailbox were dropped'));
  t.ok(comments.some((line) => line.startsWith('# new warning: patch 1: drivers/sample/sample.c:17:')));
  t.ok(
    parse(SAMPLE_STATES.conflict).comments.some((line) =>
      /^# note: version 3 is a partial reroll: patch 2 is from version 3/.test(line),
    ),
  );
});

t.test('a campaign without a complete verdict bails out with the reason', async (t) => {
  const reasons: readonly [string, RegExp][] = [
    ['conflict', /^rejected: patch 2 .* does not apply at drivers/],
    ['does-not-compile', /^rejected: the kernel does not compile with the series: .*undeclared/],
    ['fault', /^stopped by a fault \(lab, HOST_DISK_FULL\)/],
    ['interrupted', /^interrupted: 4 of 12 trials done/],
    ['interrupted-with-verdict', /^interrupted: 12 of 12 trials done$/],
    ['unfinished', /^not finished: 2 of 12 trials done, 1 running$/],
    ['not-started', /^not finished: 0 of 12 trials done$/],
  ];
  for (const [name, reason] of reasons) {
    const { results, points } = parse(SAMPLE_STATES[name]);
    t.match(results?.bailout, reason, name);
    t.equal(results?.ok, false, name);
    t.equal(points.length, name === 'interrupted-with-verdict' ? 5 : 0, 'no point without a verdict');
  }
});

t.test('a campaign without scenarios is not ok, nor is a scenario that the verdict leaves out', async (t) => {
  const none = parse(SAMPLE_STATES.empty);
  t.equal(none.results?.ok, false);
  t.equal(none.points.length, 1);
  const { points } = parse(aState([aTrial('plain.base.1'), aTrial('other.base.1')], aVerdict([plain])));
  t.strictSame(
    points.map((point) => [point.ok, point.name]),
    [
      [true, 'plain'],
      [false, 'other'],
    ],
  );
});

t.test('what a scenario or a log says cannot break the report', async (t) => {
  const wild = aSplat({
    title: 'x\n...\nnot ok 9 # TODO \u0000\u007f\u0085\u2028 \ud800 "\\ \'',
    frames: [aFrame({ function: '--- \t: {' })],
  });
  const trial = aTrial('wild.patched.1', { splats: [wild], reason: 'two\nlines # SKIP' });
  const scenario = {
    scenario: 'wild',
    comparison: 'regressed',
    reason: wild.title,
    signatures: [aSignature(wild, { trials: [trial.id] })],
  } as const;
  const verdict = aVerdict([scenario, { ...scenario, scenario: 'wild # TODO later \\' }], {
    reason: 'r\nBail out! no',
  });
  const state = aState([aTrial('wild.base.1'), trial], verdict, { notes: ['a\nok 1 - b', 'Subtest: c'] });
  const { points, extra, results } = parse(state);
  t.strictSame(extra, []);
  t.equal(results?.bailout, false);
  t.strictSame(
    points.map((point) => [point.ok, point.todo ?? false, point.skip ?? false]),
    [
      [false, false, false],
      [false, false, false],
    ],
  );
  const diag = points[0]?.diag as { reason: string } | undefined;
  t.match(diag?.reason, /^x\n\.\.\.\nnot ok 9 # TODO/, 'the text comes back as it was');
  const rejection = {
    kind: 'doesNotCompile',
    diagnostics: [],
    logTail: ['Subtest: x', '1..4', 'ok 1'],
    applied: [],
  } as const;
  const rejected = parse({ ...state, verdict: null, rejection, end: { kind: 'rejected' } });
  t.strictSame(rejected.extra, []);
  t.strictSame(rejected.points, []);
});

t.test('with one arm nothing was compared, and no word says so', async (t) => {
  t.match(parse(SAMPLE_STATES.alone).comments, ['# verdict: clean: 1 judged']);
});

t.test(
  'code that was not compiled is a skipped point, or a failed one where that is all of it',
  async (t) => {
    const partly = parse(SAMPLE_STATES['partly-compiled']);
    t.equal(partly.results?.ok, true);
    t.match(partly.points.at(-1), {
      ok: true,
      name: 'the changed code is compiled',
      skip: 'not all of it',
      diag: { compiled: 1, notCompiled: ['drivers/sample/other.c', 'include/linux/sample.h'] },
    });
    t.match(partly.text, /^# verdict: clean on both: .*not on trial.*other\.c, include/m);
    const nothing = parse(SAMPLE_STATES['not-compiled']);
    t.equal(nothing.results?.ok, false);
    t.match(nothing.points.at(-1), { ok: false, name: 'the changed code is compiled' });
    t.match(nothing.text, /^# verdict: inconclusive: .*nothing of the series was on trial/m);
  },
);

t.test('a scenario that was skipped is a skipped point, with the reason', async (t) => {
  const scenario = {
    scenario: 'needy',
    comparison: 'skipped',
    reason: 'the kernel has no module #1',
    signatures: [],
  } as const;
  const { points, results } = parse(aState([], aVerdict([scenario])));
  t.match(points[0], { ok: true, name: 'needy' });
  t.match(points[0]?.skip, /^the kernel has no module/);
  t.equal(results?.skip, 1);
});
