// SPDX-License-Identifier: MIT
import { COMPARISONS, comparisonWords } from '../model/index.ts';
import type { Calibration, Share } from './tally.ts';

/** The words of campaigns with two arms. */
const WORDS = comparisonWords(2);

/** Prints a calibration for people: what was said of each seed, of each class, and where there was nothing to say. */
export function printCalibration({ seeds, detection, falseAlarms }: Calibration): string {
  const sections = [
    drawTable(
      ['seed', 'class', 'accelerator', 'verdicts', 'seen on the base', 'with the seed', 'most trials'],
      seeds.map((one) => [
        one.seed,
        nameClass(one),
        one.accelerator,
        COMPARISONS.flatMap((kind) => {
          const count = one.verdicts[kind];
          return count === undefined ? [] : [`${count} ${WORDS[kind]}`];
        }).join(', '),
        `${one.base.seen}/${one.base.trials}`,
        `${one.patched.count}/${one.patched.of}`,
        String(one.mostTrials),
      ]),
    ),
    drawTable(
      [
        'bugs',
        'accelerator',
        'seeds',
        'campaigns',
        'found',
        'inconclusive',
        'missed',
        'wrong',
        'detection rate',
      ],
      detection.map((one) => [
        nameClass(one),
        one.accelerator,
        ...[one.seeds, one.campaigns, one.found.count, one.inconclusive, one.missed, one.wrong].map(String),
        describeShare(one.found),
      ]),
    ),
    drawTable(
      ['no bug', 'accelerator', 'campaigns', 'of', 'alarms', 'inconclusive', 'false-alarm rate'],
      falseAlarms.flatMap((one) => {
        const row = (name: string, { count, of, interval }: Share, undecided: string) => [
          name,
          one.accelerator,
          String(one.campaigns),
          String(of),
          String(count),
          undecided,
          describeShare({ count, of, interval }),
        ];
        return [row('trials', one.trials, ''), row('verdicts', one.verdicts, String(one.inconclusive))];
      }),
    ),
  ];
  return `${sections.filter((one) => one !== '').join('\n')}`;
}

function nameClass({ class: kind, rate }: { readonly class: string; readonly rate: number | null }): string {
  return rate === null ? kind : `${kind}, ${rate} a trial`;
}

/** `95.0 % (82.3 % to 99.4 %)`: the interval of Clopper and Pearson, with 95 % confidence. */
function describeShare({ count, of, interval }: Share): string {
  if (of === 0) return 'not tried';
  return `${percent(count / of)} (${percent(interval.low)} to ${percent(interval.high)})`;
}

function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`;
}

/** Columns as wide as their widest cell; nothing where there is no row. */
function drawTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const widths = head.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const draw = (row: readonly string[]) =>
    `${row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()}\n`;
  return [head, ...rows].map(draw).join('');
}
