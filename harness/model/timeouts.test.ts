// SPDX-License-Identifier: MIT
import t from 'tap';
import { makeTimeouts, type Timeouts, type TimeoutsRequest } from './index.ts';

const request: TimeoutsRequest = { accelerator: 'tcg', measuredBootMs: 4_000, scenarioMs: 60_000 };
const FIXED: readonly string[] = ['factor', 'bootMs', 'cloneUpMs', 'trialMs'];

const limitsOf = (timeouts: Timeouts) =>
  Object.entries(timeouts).filter((entry): entry is [string, number] => typeof entry[1] === 'number');

t.test('the fast machine has the times as they are written', async (t) => {
  const timeouts = makeTimeouts(request);
  t.equal(timeouts.factor, 1);
  t.equal(timeouts.scale(1_234), 1_234);
  t.match(timeouts, {
    scenarioMs: 60_000,
    graceMs: 10_000,
    quietMs: 1_000,
    noOutputMs: 180_000,
    aliveMs: 5_000,
  });
});

t.test(
  'what the guest does is scaled by the measured boot; what was fixed before it booted is not',
  async (t) => {
    const fast = new Map(limitsOf(makeTimeouts(request)));
    const slow = limitsOf(makeTimeouts({ ...request, measuredBootMs: 14_000 }));
    for (const [name, ms] of slow)
      if (!FIXED.includes(name)) t.equal(ms, 3.5 * (fast.get(name) ?? 0), name);
      else if (name !== 'factor') t.equal(ms, fast.get(name), name);
    t.equal(makeTimeouts({ ...request, measuredBootMs: 14_000 }).scale(1_000), 3_500);
  },
);

t.test('the factor lies between 1 and 20, and is 1 before anything was measured', async (t) => {
  for (const [measuredBootMs, factor] of [
    [null, 1],
    [0, 1],
    [3_999, 1],
    [6_000, 1.5],
    [80_000, 20],
    [900_000, 20],
  ] as const)
    t.equal(makeTimeouts({ ...request, measuredBootMs }).factor, factor);
});

t.test('a boot may take longer where it is emulated', async (t) => {
  t.equal(makeTimeouts({ ...request, accelerator: 'kvm' }).bootMs, 120_000);
  t.equal(makeTimeouts(request).bootMs, 600_000);
});

t.test('the grace can be chosen, and is scaled like any other', async (t) => {
  t.equal(makeTimeouts({ ...request, graceMs: 2_000, measuredBootMs: 8_000 }).graceMs, 4_000);
});

t.test('the limit of the trial is beyond all others together, however slow the machine', async (t) => {
  for (const measuredBootMs of [null, 4_000, 30_000, 80_000, 1e9])
    for (const scenarioMs of [1_000, 600_000, 36_000_000]) {
      const timeouts = makeTimeouts({ ...request, measuredBootMs, scenarioMs });
      const others = limitsOf(timeouts).filter(([name]) => name !== 'trialMs' && name !== 'factor');
      t.ok(timeouts.trialMs > others.reduce((sum, [, ms]) => sum + ms, 0), `${measuredBootMs} ${scenarioMs}`);
    }
});

t.test('a second set made from the measured boot has the same limit for the whole trial', async (t) => {
  t.equal(makeTimeouts({ ...request, measuredBootMs: null }).trialMs, makeTimeouts(request).trialMs);
});
