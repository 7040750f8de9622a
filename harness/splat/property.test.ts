// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import t from 'tap';
import { SAMPLE_LOGS } from '../testing/index.ts';
import { scanLog } from './index.ts';
import { SCAN_PROPERTIES } from './properties.fuzz.ts';

/** `make fuzz` tries the same with other seeds, for as long as one likes. */
const SEED = 20_231_123;
const RUNS = 250;

// Minutes on a busy machine.
t.setTimeout(240_000);

for (const { name, inputs, check } of SCAN_PROPERTIES)
  t.test(name, async (t) => {
    const details = fc.check(
      fc.property(inputs, ([log, places]) => {
        const wrong = check(log, places);
        if (wrong !== null) throw new Error(wrong);
      }),
      { seed: SEED, numRuns: RUNS },
    );
    t.equal(details.failed ? (fc.defaultReportMessage(details) ?? 'it failed') : '', '');
  });

for (const log of SAMPLE_LOGS)
  t.test(`${log.name}: its splats are found, each once`, async (t) => {
    t.strictSame(
      scanLog(log.text).map((splat) => splat.title),
      log.titles,
    );
  });

t.test('one log after another shows the splats of both, the same log twice too', async (t) => {
  for (const one of SAMPLE_LOGS)
    for (const other of SAMPLE_LOGS) {
      const splats = scanLog(one.text + other.text);
      t.strictSame(
        splats.map((splat) => splat.title),
        [...one.titles, ...other.titles],
        `${one.name}, then ${other.name}`,
      );
      const second = splats
        .slice(one.titles.length)
        .map((splat) => splat.start - Buffer.byteLength(one.text));
      t.strictSame(
        second,
        scanLog(other.text).map((splat) => splat.start),
        'and at the same places',
      );
    }
});
