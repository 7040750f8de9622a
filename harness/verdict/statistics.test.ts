// SPDX-License-Identifier: MIT
import t from 'tap';
import { detectableRate, estimateRate, trialsToDetect } from './binomial.ts';
import { type Block, foreseeBlocks, measureEvidence } from './e-process.ts';
import { adjustEValues, adjustPValues } from './family.ts';
import { testDifference } from './fisher.ts';

/**
 * Tables of two counts with what scipy 1.17.1 says of them: `fisher_exact([[a, n - a], [b, m - b]], alternative='greater')`,
 * and of the first count `binomtest(a, n).proportion_ci(0.95, method='exact')`.
 */
const TABLES: readonly (readonly [
  a: number,
  n: number,
  b: number,
  m: number,
  p: number,
  low: number,
  high: number,
])[] = [
  [1, 1, 0, 1, 0.5, 0.025, 1],
  [3, 3, 0, 3, 0.05, 0.292401773821, 1],
  [5, 5, 0, 5, 0.00396825396825, 0.478176249895, 1],
  [1, 3, 0, 11, 0.214285714286, 0.00840375865961, 0.905700675949],
  [10, 10, 0, 10, 5.41254411223e-6, 0.691502892181, 1],
  [0, 5, 0, 5, 1, 0, 0.521823750105],
  [5, 5, 5, 5, 1, 0.478176249895, 1],
  [7, 20, 1, 20, 0.021798021798, 0.153909204785, 0.592188534533],
  [3, 30, 0, 30, 0.118644067797, 0.0211171370297, 0.265288450474],
  [15, 30, 6, 30, 0.0145891250441, 0.312970285868, 0.687029714132],
  [1, 50, 0, 50, 0.5, 0.000506227983115, 0.106469545712],
  [9, 9, 8, 9, 0.5, 0.66373288312, 1],
  [2, 14, 0, 11, 0.303333333333, 0.0177945154832, 0.42812916091],
  [4, 6, 1, 8, 0.0629370629371, 0.222778095504, 0.956728131707],
  [40, 100, 22, 100, 0.00452988918166, 0.303294768703, 0.502790849578],
  [12, 12, 0, 6, 5.38677009265e-5, 0.735351530603, 1],
  [6, 6, 0, 12, 5.38677009265e-5, 0.54074187356, 1],
  [99, 200, 70, 200, 0.0022638610794, 0.423737050317, 0.566413345025],
  [1, 2, 1, 3, 0.7, 0.0125791170937, 0.987420882906],
  [8, 10, 3, 9, 0.0548940223863, 0.443904537692, 0.974789273673],
  [3, 16, 12, 20, 0.998215115316, 0.0404737339059, 0.456456546232],
  [5, 31, 1, 10, 0.541632750554, 0.0545243262149, 0.337271584973],
  [2, 2, 9, 26, 0.145502645503, 0.158113883008, 1],
  [3, 52, 14, 49, 0.999716130287, 0.0120593180267, 0.159473358639],
  [23, 34, 17, 35, 0.0865172369191, 0.494734699101, 0.826116572506],
  [6, 50, 4, 12, 0.982263628416, 0.0453353207737, 0.243101316706],
  [0, 14, 53, 60, 1, 0, 0.23163576165],
  [16, 42, 51, 52, 1, 0.235720546863, 0.543632504502],
  [5, 18, 4, 13, 0.72098789315, 0.0969492125255, 0.534801965583],
  [11, 19, 5, 41, 0.000414700808071, 0.334997844012, 0.797478561022],
];

const isClose = (got: number, wanted: number) => Math.abs(got - wanted) <= 1e-9 + 1e-8 * Math.abs(wanted);

t.test("Fisher's test and the intervals of Clopper and Pearson are those of scipy", async (t) => {
  t.equal(TABLES.length, 30);
  for (const [a, n, b, m, p, low, high] of TABLES) {
    const got = testDifference({ seen: a, trials: n }, { seen: b, trials: m });
    t.ok(isClose(got, p), `${a}/${n} and ${b}/${m}: got p ${got}, expected ${p}`);
    const interval = estimateRate(a, n);
    t.ok(
      isClose(interval.low, low) && isClose(interval.high, high),
      `${a}/${n}: got ${interval.low} to ${interval.high}`,
    );
  }
});

t.test('the intervals of very many trials are as exact', async (t) => {
  // scipy 1.17.1: binomtest(a, n).proportion_ci(0.95, method='exact')
  for (const [a, n, low, high] of [
    [0, 10000, 0, 0.000368819914622],
    [241, 10000, 0.0211834378219, 0.02729802456],
    [9999, 10000, 0.999442963002, 0.999997468222],
    [10000, 20000, 0.493045903842, 0.506954096158],
    [20000, 20000, 0.999815573036, 1],
  ] as const) {
    const interval = estimateRate(a, n);
    t.ok(
      isClose(interval.low, low) && isClose(interval.high, high),
      `${a}/${n}: got ${interval.low} to ${interval.high}`,
    );
  }
});

t.test('without trials nothing is known', async (t) => {
  t.strictSame(estimateRate(0, 0), { low: 0, high: 1 });
  t.equal(detectableRate(0), 1);
  t.equal(testDifference({ seen: 0, trials: 0 }, { seen: 3, trials: 3 }), 1);
});

t.test('the rate that trials would have shown, and the trials that a rate needs', async (t) => {
  t.equal(detectableRate(30).toFixed(3), '0.095', 'the rule of three, exactly');
  t.equal(detectableRate(3).toFixed(3), '0.632');
  for (const rate of [0.9, 0.65, 0.5, 0.1, 0.02]) {
    const trials = trialsToDetect(rate);
    t.ok(
      detectableRate(trials) <= rate && (trials === 1 || detectableRate(trials - 1) > rate),
      `${rate}: ${trials}`,
    );
  }
  t.equal(trialsToDetect(1), 1);
});

t.test("Holm's adjustment is that of R's p.adjust", async (t) => {
  const round = (values: readonly number[]) => values.map((value) => Number(value.toFixed(6)));
  // p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), 'holm')
  t.strictSame(round(adjustPValues([0.01, 0.02, 0.03, 0.04, 0.05])), [0.05, 0.08, 0.09, 0.09, 0.09]);
  // p.adjust(c(0.04, 0.001, 0.5, 0.001), 'holm')
  t.strictSame(round(adjustPValues([0.04, 0.001, 0.5, 0.001])), [0.08, 0.004, 0.5, 0.004]);
  t.strictSame(adjustPValues([]), []);
});

t.test(
  'e-values are adjusted by the worst set that contains them, and reject all that Holm rejects',
  async (t) => {
    t.strictSame(adjustEValues([40]), [40]);
    t.strictSame(adjustEValues([40, 0]), [20, 0], 'one that shows nothing halves the other');
    t.strictSame(adjustEValues([30, 30, 30]), [30, 30, 30], 'that agree support each other');
    t.strictSame(adjustEValues([60, 30, 3]), [31, 16.5, 3]);
    const random = lcg(7);
    for (let round = 0; round < 500; round += 1) {
      const values = Array.from({ length: 1 + Math.floor(random() * 6) }, () => Math.exp(random() * 12 - 4));
      const holm = adjustPValues(values.map((value) => Math.min(1, 1 / value)));
      const own = adjustEValues(values);
      t.ok(
        values.every((_, index) => (holm[index] ?? 1) > 0.05 || (own[index] ?? 0) >= 20),
        values.join(),
      );
    }
  },
);

function lcg(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const pairs = (more: readonly boolean[], less: readonly boolean[]): Block[] =>
  more.map((one, index) => ({ more: [one], less: [less[index] ?? false] }));

t.test('a fault in every trial of one arm and none of the other needs three pairs', async (t) => {
  const always = (count: number) => measureEvidence(pairs(Array(count).fill(true), Array(count).fill(false)));
  t.ok(always(2) < 20 && always(3) >= 20, `${always(2)}, ${always(3)}`);
  t.equal(foreseeBlocks(pairs([true], [false]), 20), 2);
  t.equal(foreseeBlocks(pairs([true], [true]), 20), null, 'what is the same on both decides nothing');
  t.equal(foreseeBlocks([], 20), null);
});

/** The expectation of the evidence after `count` blocks of independent trials with these rates: every outcome by its probability. */
function expectEvidence(count: number, more: number, less: number, perBoot: number): number {
  let sum = 0;
  const width = 2 * perBoot;
  for (let bits = 0; bits < 2 ** (width * count); bits += 1) {
    let probability = 1;
    const blocks = Array.from({ length: count }, (_, block) => {
      const read = (from: number, rate: number) =>
        Array.from({ length: perBoot }, (_unused, index) => {
          const seen = ((bits >> (block * width + from + index)) & 1) === 1;
          probability *= seen ? rate : 1 - rate;
          return seen;
        });
      return { more: read(0, more), less: read(perBoot, less) };
    });
    sum += probability * measureEvidence(blocks);
  }
  return sum;
}

t.test('the evidence is an e-value: where the rate is not higher its expectation is at most 1', async (t) => {
  for (const [more, less] of [
    [0.5, 0.5],
    [0.05, 0.05],
    [0.95, 0.95],
    [0.3, 0.6],
    [0, 1],
    [0.2, 0.25],
  ] as const)
    for (const [count, perBoot] of [
      [1, 1],
      [4, 1],
      [5, 1],
      [2, 2],
    ] as const) {
      const expectation = expectEvidence(count, more, less, perBoot);
      t.ok(expectation <= 1 + 1e-12, `${more} and ${less}, ${count} blocks of ${perBoot}: ${expectation}`);
    }
});

t.test('trials of one boot that all do the same count as one', async (t) => {
  const block = (size: number): Block => ({ more: Array(size).fill(true), less: Array(size).fill(false) });
  t.equal(measureEvidence([block(10)]), measureEvidence([block(1)]));
});
