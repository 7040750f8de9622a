// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import t from 'tap';
import type { RacePoint, StepRecord } from '../model/index.ts';
import { aState, aTrial } from '../testing/index.ts';
import { drawHeat, findWindow, formatUs, heatLines, sumRaces } from './heat.ts';
import { describeTuning, REPORTERS, showTrial } from './index.ts';

function aPoint(offsetUs: number, hits: number, rounds = 10, delayUs: number | null = null): RacePoint {
  return { offsetUs, delayUs, rounds, hits };
}

const SWEEP = [0, 0, 1, 5, 10, 9, 4, 0].map((hits, index) => aPoint((index - 4) * 500, hits));

t.test('a figure stands for tenths of the rounds, from the least offset to the greatest', async (t) => {
  t.strictSame(drawHeat(SWEEP, 80), [
    '  |..15#94.|',
    '   -2ms 1.5ms',
    '  29 of 80 rounds hit; 1 to 9: tenths of the rounds, #: all, .: none',
  ]);
  t.strictSame(drawHeat([aPoint(0, 1, 1000)], 80)[0], '  |1|', 'a rare hit is seen');
  t.strictSame(drawHeat([aPoint(0, 999, 1000)], 80)[0], '  |9|', 'and one miss');
  t.strictSame(drawHeat([], 80), []);
});

t.test('each delay has its row; what was not tried is blank', async (t) => {
  const points = [aPoint(0, 0), aPoint(100, 1), aPoint(0, 5, 10, 3000), aPoint(200, 10, 10, 20_000)];
  t.strictSame(drawHeat(points, 80).slice(0, 4), [
    '  no delay    |.1 |',
    '  delay 3ms   |5  |',
    '  delay 20ms  |  #|',
    '               0us 200us',
  ]);
});

t.test('a sweep that is wider than the report shares columns', async (t) => {
  const points = Array.from({ length: 500 }, (_, index) => aPoint(index, index < 250 ? 0 : 10));
  const [row = ''] = drawHeat(points, 80);
  t.match(row, /^ {2}\|\.{27}\d?#{28}\|$/);
  for (const columns of [40, 60, 100])
    t.ok(
      drawHeat(points, columns).every((line) => line.length <= columns),
      `${columns} columns`,
    );
});

t.test('the best window has the offsets that hit at least half as often as the best', async (t) => {
  t.strictSame(findWindow(SWEEP), { fromUs: -500, toUs: 500, rounds: 30, hits: 24 });
  t.equal(findWindow(SWEEP.map((one) => ({ ...one, hits: 0 }))), null);
  t.equal(findWindow([]), null);
  const lucky = [aPoint(0, 1, 1), ...[1, 2, 3, 4, 5].map((place) => aPoint(place * 100, place < 3 ? 0 : 8))];
  t.match(findWindow(lucky), { fromUs: 300, toUs: 500 }, 'one lucky round is no peak');
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: -50, max: 50 }), fc.nat(20), fc.integer({ min: 20, max: 30 }))),
      (list) => {
        const points = list.map(([offsetUs, hits, rounds]) => aPoint(offsetUs, hits, rounds));
        const window = findWindow(points);
        const rate = (hits: number, rounds: number) => (rounds === 0 ? 0 : hits / rounds);
        const all = points.reduce(
          (sum, one) => ({ hits: sum.hits + one.hits, rounds: sum.rounds + one.rounds }),
          {
            hits: 0,
            rounds: 0,
          },
        );
        if (!window) return all.hits === 0;
        return window.fromUs <= window.toUs && window.hits > 0 && rate(window.hits, window.rounds) <= 1;
      },
    ),
  );
});

t.test('times are written as a scenario has them', async (t) => {
  t.strictSame([0, -250, 1500, -2_000_000].map(formatUs), ['0us', '-250us', '1.5ms', '-2s']);
});

function aRace(points: readonly RacePoint[], seconds = 2): StepRecord {
  return {
    label: 'meet',
    kind: 'race',
    phase: 'steps',
    startedAt: '2026-01-01T00:00:00.000Z',
    durationMs: 2000,
    outcome: 'passed',
    details: ['10 rounds'],
    numbers: { seconds },
    points,
  };
}

const results = [
  aTrial('swept.base.1', { steps: [aRace([aPoint(0, 1), aPoint(100, 2)])] }),
  aTrial('swept.base.2', { steps: [aRace([aPoint(100, 3), aPoint(200, 4)], 3)] }),
  aTrial('swept.patched.1', { steps: [aRace([aPoint(0, 0)])] }),
  aTrial('swept.base.3.control', { control: true, steps: [aRace([aPoint(0, 10)])] }),
];
const state = aState(results, null);

t.test('the trials of one arm are added up, and controls are left out', async (t) => {
  t.match(sumRaces(state), [
    {
      arm: 'base',
      points: [aPoint(0, 1), aPoint(100, 5, 20), aPoint(200, 4)],
      rounds: 40,
      hits: 10,
      seconds: 5,
    },
    { arm: 'patched', rounds: 10, hits: 0 },
  ]);
});

t.test('the table and the trial show where a race hit; a campaign without one has no map', async (t) => {
  const lines = heatLines(state, 80);
  t.match(lines[0], /^race in swept on base: meet$/);
  t.equal(lines[1], '  |134|');
  t.match(
    REPORTERS.table(state, { color: false, columns: 80, runDirectory: '/r', verbose: false }),
    lines.join('\n'),
  );
  t.match(
    showTrial({ id: 'swept.base.1', status: 'done', control: false, result: results[0] } as never, '/r'),
    '\nmeet\n  10 rounds\n  |12|\n',
  );
  t.strictSame(heatLines(aState([aTrial('plain.base.1')], null), 80), []);
});

t.test('tuning prints the window as a scenario has it, and says when it may be wider', async (t) => {
  const sum = {
    scenario: 'swept',
    step: 'meet',
    arm: 'base',
    points: SWEEP,
    rounds: 80,
    hits: 29,
    seconds: 40,
  };
  t.equal(
    describeTuning(sum),
    [
      '# swept, base: meet',
      ...drawHeat(SWEEP, 100),
      'all offsets: 29 hits in 80 rounds, 0.72 a second',
      'best window: 24 hits in 30 rounds, 1.60 a second',
      '',
      'offset: {from: -500us, to: 500us, step: 63us}',
      '',
    ].join('\n'),
  );
  const edge = [aPoint(0, 0), aPoint(1000, 9), aPoint(2000, 9)];
  t.match(
    describeTuning({ ...sum, points: edge, seconds: null }),
    /18 hits in 20 rounds\nit ends where the sweep/,
  );
  t.match(describeTuning({ ...sum, points: [aPoint(2000, 1)] }), /\n\noffset: 2ms\n$/);
  t.match(describeTuning({ ...sum, points: [aPoint(2000, 0)] }), /no round hit/);
});
