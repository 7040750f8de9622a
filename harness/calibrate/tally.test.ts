// SPDX-License-Identifier: MIT
import t from 'tap';
import type { Comparison } from '../model/index.ts';
import { aSignature, aSplat, aState, aTrial, aVerdict } from '../testing/index.ts';
import type { SeedClass } from './manifest.ts';
import { type CampaignOutcome, summariseCampaign } from './outcome.ts';
import { printCalibration } from './table.ts';
import { tallyOutcomes } from './tally.ts';

function anOutcome(
  seed: string,
  comparison: Comparison,
  part: Partial<CampaignOutcome> = {},
): CampaignOutcome {
  const bug: SeedClass = 'deterministic';
  return {
    seed,
    class: bug,
    rate: null,
    directory: `${seed}.1`,
    dice: 1,
    accelerator: 'tcg',
    comparison,
    reason: '',
    verdicts: { [comparison]: 1 },
    regressed: [],
    base: { seen: 0, trials: 3 },
    patched: { seen: 3, trials: 3 },
    lost: 0,
    durationMs: 1000,
    ...part,
  };
}

t.test('a campaign is summarised by its verdict and the trials that judge, on what they ran', async (t) => {
  const splat = aSplat();
  const tcg = { accelerator: { kind: 'tcg', reason: 'no KVM' } } as const;
  const lost = { outcome: 'failed', blame: 'lab', fault: 'MACHINE_ENDED' } as const;
  const results = [
    aTrial('one.base.1', { ...tcg, widened: true }),
    aTrial('one.patched.1', { ...tcg, widened: true, splats: [splat] }),
    aTrial('one.base.1.unwidened', { ...tcg, widened: false }),
    aTrial('one.patched.1.unwidened', { ...tcg, widened: false }),
    aTrial('one.base.2', { ...tcg, ...lost, widened: true }),
    aTrial('one.patched.2', { ...tcg, widened: true }),
    aTrial('one.patched.1.control', { ...tcg, control: true, splats: [splat] }),
  ];
  const scenario = {
    scenario: 'one',
    comparison: 'regressed' as const,
    reason: '',
    signatures: [aSignature(splat), aSignature(splat, { comparison: 'inconclusive', title: 'another' })],
  };
  const verdict = aVerdict([scenario], { comparison: 'regressed', reason: '1 regressed' });
  const seed = { name: 'bug', class: 'widened', rate: null } as const;
  t.strictSame(summariseCampaign(seed, 'bug.1', aState(results, verdict)), {
    seed: 'bug',
    class: 'widened',
    rate: null,
    directory: 'bug.1',
    dice: 1,
    accelerator: 'tcg',
    comparison: 'regressed',
    reason: '1 regressed',
    verdicts: { regressed: 1 },
    regressed: [splat.title],
    base: { seen: 0, trials: 1 },
    patched: { seen: 1, trials: 2 },
    lost: 1,
    durationMs: 3_600_000,
  });
  t.equal(summariseCampaign(seed, 'bug.1', aState(results, null)), null, 'no verdict, no outcome');
});

t.test('only regressed counts as found, and what was seen on the base is wrong', async (t) => {
  const said: readonly Comparison[] = [
    ...['regressed', 'regressed', 'clean', 'inconclusive'],
    ...['notReproduced', 'fixed', 'notFixed'],
  ] as never;
  const [row, ...others] = tallyOutcomes(said.map((one) => anOutcome('bug', one))).detection;
  t.equal(others.length, 0);
  t.match(row, { campaigns: 7, seeds: 1, inconclusive: 2, missed: 1, wrong: 2, found: { count: 2, of: 7 } });
  // Clopper and Pearson for 2 of 7.
  t.equal(row?.found.interval.low.toFixed(4), '0.0367');
  t.equal(row?.found.interval.high.toFixed(4), '0.7096');
});

t.test('classes, rates and accelerators have a row each', async (t) => {
  const rare = { class: 'rare', rate: 0.2 } as const;
  const { detection } = tallyOutcomes([
    anOutcome('a', 'regressed'),
    anOutcome('b', 'regressed'),
    anOutcome('b', 'regressed', { accelerator: 'kvm' }),
    anOutcome('c', 'clean', rare),
    anOutcome('d', 'clean', { ...rare, rate: 0.05 }),
    anOutcome('none', 'clean', { class: 'none' }),
  ]);
  t.strictSame(
    detection.map((one) => [one.class, one.rate, one.accelerator, one.seeds, one.campaigns]),
    [
      ['deterministic', null, 'tcg', 2, 2],
      ['deterministic', null, 'kvm', 1, 1],
      ['rare', 0.2, 'tcg', 1, 1],
      ['rare', 0.05, 'tcg', 1, 1],
    ],
  );
});

t.test('false alarms are counted by trials of both arms and by the verdicts of scenarios', async (t) => {
  const none = { class: 'none', base: { seen: 0, trials: 100 } } as const;
  const { falseAlarms } = tallyOutcomes([
    anOutcome('bug', 'regressed'),
    anOutcome('none', 'clean', { ...none, patched: { seen: 0, trials: 100 }, verdicts: { clean: 8 } }),
    anOutcome('none', 'regressed', {
      ...none,
      patched: { seen: 2, trials: 100 },
      verdicts: { regressed: 1, clean: 6, inconclusive: 1 },
    }),
  ]);
  t.match(falseAlarms, [
    { campaigns: 2, trials: { count: 2, of: 400 }, verdicts: { count: 1, of: 16 }, inconclusive: 1 },
  ]);
});

t.test('the table has what was counted, and nothing of what was not run', async (t) => {
  const rare = { class: 'rare', rate: 0.2, patched: { seen: 4, trials: 20 } } as const;
  const printed = printCalibration(
    tallyOutcomes([
      ...[1, 2, 3].map(() => anOutcome('use-after-free', 'regressed')),
      anOutcome('seldom', 'clean', rare),
      anOutcome('none', 'clean', {
        class: 'none',
        base: { seen: 0, trials: 100 },
        patched: { seen: 0, trials: 100 },
      }),
    ]),
  );
  t.equal(
    printed,
    [
      'seed            class              accelerator  verdicts         seen on the base  with the seed  most trials',
      'use-after-free  deterministic      tcg          3 regressed      0/9               9/9            6',
      'seldom          rare, 0.2 a trial  tcg          1 clean on both  0/3               4/20           23',
      'none            none               tcg          1 clean on both  0/100             0/100          200',
      '',
      'bugs               accelerator  seeds  campaigns  found  inconclusive  missed  wrong  detection rate',
      'deterministic      tcg          1      3          3      0             0       0      100.0 % (29.2 % to 100.0 %)',
      'rare, 0.2 a trial  tcg          1      1          0      0             1       0      0.0 % (0.0 % to 97.5 %)',
      '',
      'no bug    accelerator  campaigns  of   alarms  inconclusive  false-alarm rate',
      'trials    tcg          1          200  0                     0.0 % (0.0 % to 1.8 %)',
      'verdicts  tcg          1          1    0       0             0.0 % (0.0 % to 97.5 %)',
      '',
    ].join('\n'),
  );
  t.equal(printCalibration(tallyOutcomes([])), '');
});
