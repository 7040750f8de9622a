// SPDX-License-Identifier: MIT
import t from 'tap';
import { Parser } from 'tap-parser';
import type { CampaignVerdict, TrialResult } from '../model/index.ts';
import { aFrame, aSignature, aSplat, aTrial, aVerdict } from '../testing/index.ts';
import { tapReport } from './index.ts';

const context = { runDirectory: '/runs/1', repeat: 'ktrial run sample.mbox' };

interface Point {
  readonly ok: boolean;
  readonly id: number;
  readonly name: string;
  readonly skip?: unknown;
  readonly todo?: unknown;
  readonly diag?: Record<string, unknown>;
}

/** What an independent TAP parser makes of a report; `extra` is what it could not read. */
function parse(verdict: CampaignVerdict, trials: readonly TrialResult[]) {
  const text = tapReport(verdict, trials, context);
  const points: Point[] = [];
  const extra: string[] = [];
  const parser = new Parser({ strict: true });
  parser.on('assert', (point: Point) => points.push(point));
  parser.on('extra', (line: string) => extra.push(line));
  let versions = 0;
  parser.on('version', () => {
    versions += 1;
  });
  parser.end(text);
  return { text, points, extra, versions, results: parser.results };
}

const splat = aSplat();
const onBase = aTrial('removal.base.1', { splats: [splat] });
const onPatched = aTrial('blocked.patched.1', { splats: [splat] });
const trials = [
  aTrial('plain.base.1'),
  aTrial('plain.patched.1'),
  onBase,
  aTrial('removal.patched.1'),
  aTrial('blocked.base.1'),
  onPatched,
];
const plain = { scenario: 'plain', comparison: 'clean', reason: 'no complaint', signatures: [] } as const;
const removal = {
  scenario: 'removal',
  comparison: 'fixed',
  reason: splat.title,
  signatures: [
    aSignature(splat, {
      comparison: 'fixed',
      base: { seen: 1, trials: 1 },
      patched: { seen: 0, trials: 1 },
      trials: [onBase.id],
    }),
  ],
} as const;
const blocked = {
  scenario: 'blocked',
  comparison: 'regressed',
  reason: splat.title,
  signatures: [aSignature(splat, { trials: [onPatched.id] })],
} as const;

t.test('a verdict is valid TAP 14: version, plan, a point a scenario, nothing unread', async (t) => {
  const { text, points, extra, versions, results } = parse(aVerdict([plain, removal, blocked]), trials);
  t.match(text, /^TAP version 14\n1\.\.3\n/);
  t.equal(versions, 1);
  t.strictSame(extra, []);
  t.equal(results?.plan.end, 3);
  t.strictSame(
    points.map((point) => [point.ok, point.id, point.name]),
    [
      [true, 1, 'plain: clean on both'],
      [true, 2, 'removal: fixed'],
      [false, 3, 'blocked: regressed'],
    ],
  );
});

t.test(
  'the block of a point tells counts, the trace with source lines, and where the logs are',
  async (t) => {
    const { points } = parse(aVerdict([plain, removal, blocked]), trials);
    t.match(points[2]?.diag, {
      comparison: 'regressed',
      reason: splat.title,
      signatures: [
        {
          title: splat.title,
          signature: splat.signature,
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
  },
);

t.test(
  'a trace of guesses alone is shown as it is, and a long one is cut with its rest counted',
  async (t) => {
    const frames = Array.from({ length: 20 }, (_, index) =>
      aFrame({ function: `f${index}`, reliable: false }),
    );
    const guessed = aSplat({ frames });
    const trial = aTrial('blocked.patched.1', { splats: [guessed] });
    const { points } = parse(aVerdict([blocked]), [aTrial('blocked.base.1'), trial]);
    const diag = points[0]?.diag as { signatures: { trace: string[] }[] } | undefined;
    const trace = diag?.signatures[0]?.trace ?? [];
    t.equal(trace.length, 13);
    t.match(trace[0], /^\? f0\+/);
    t.equal(trace[12], '8 more');
  },
);

t.test('only fixed and clean are ok: what was not decided never passes', async (t) => {
  const kinds = ['fixed', 'clean', 'notFixed', 'regressed', 'notReproduced', 'inconclusive'] as const;
  const scenarios = kinds.map((comparison) => ({ ...plain, scenario: comparison, comparison }));
  const { points } = parse(aVerdict(scenarios), trials);
  t.strictSame(
    points.filter((point) => point.ok).map((point) => point.name),
    ['fixed: fixed', 'clean: clean on both'],
  );
  const none = parse(aVerdict([]), []);
  t.equal(none.results?.ok, false, 'a campaign without scenarios is not ok');
  t.equal(none.points.length, 1);
});

t.test('an undecided point says that it speaks of the lab and not of the series', async (t) => {
  const lost = aTrial('lost.patched.1', { outcome: 'failed', blame: 'lab', reason: 'QEMU was killed' });
  const { points } = parse(aVerdict([{ ...plain, scenario: 'lost', comparison: 'inconclusive' }]), [
    aTrial('lost.base.1'),
    lost,
  ]);
  t.equal(points[0]?.ok, false);
  t.match(
    points[0]?.diag?.undecided,
    /nothing about the series: lost\.patched\.1 failed \(lab\): QEMU was killed/,
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
  const verdict = aVerdict([{ ...scenario, scenario: 'wild # TODO later \\' }, scenario], {
    reason: 'r\nBail out! no',
  });
  const { points, extra, results } = parse(verdict, [aTrial('wild.base.1'), trial]);
  t.strictSame(extra, []);
  t.equal(results?.bailout, false);
  t.strictSame(
    points.map((point) => [point.ok, point.todo ?? false, point.skip ?? false]),
    [
      [false, false, false],
      [false, false, false],
    ],
  );
  const diag = points[1]?.diag as { reason: string } | undefined;
  t.match(diag?.reason, /^x\n\.\.\.\nnot ok 9 # TODO/, 'the text comes back as it was');
});

t.test('with one arm nothing was compared, and no word says so', async (t) => {
  const alone = [aTrial('plain.base.1'), onBase];
  const { points } = parse(aVerdict([plain, { ...removal, comparison: 'faulty' }]), alone);
  t.strictSame(
    points.map((point) => point.name),
    ['plain: clean', 'removal: fault seen'],
  );
});
