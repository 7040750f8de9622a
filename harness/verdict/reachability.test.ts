// SPDX-License-Identifier: MIT
import t from 'tap';
import type { TrialResult } from '../model/index.ts';
import { aSplat, aTrial } from '../testing/index.ts';
import { settleReachability } from './index.ts';

function unreachable(id: string, part: Partial<TrialResult> = {}): TrialResult {
  return aTrial(id, {
    outcome: 'failed',
    blame: 'lab',
    fault: 'GUEST_UNREACHABLE',
    reason: 'the guest did not become ready within 600 s',
    bootMs: null,
    ...part,
  });
}

t.test('a guest that is not reachable is the kernel’s fault once the base came up', async (t) => {
  const base = aTrial('s.base.1');
  const [kept, settled] = settleReachability([base, unreachable('s.patched.1')], 'base');
  t.equal(kept, base);
  t.match(settled, {
    outcome: 'failed',
    blame: 'kernel',
    fault: 'GUEST_UNREACHABLE',
    reason: 'the kernel did not boot, and the base did: the guest did not become ready within 600 s',
  });
  t.strictSame(settled?.findings, [
    {
      kind: 'death',
      signature: 'death:boot',
      title: 'the kernel did not boot',
      step: null,
      details: ['the guest did not become ready within 600 s'],
      splat: null,
    },
  ]);
});

t.test('it does not matter which of the two ended first, nor how the base trial went on', async (t) => {
  const bad = aTrial('s.base.1', { outcome: 'failed', blame: 'lab', reason: 'SSH died' });
  const [settled] = settleReachability([unreachable('s.patched.1'), bad], 'base');
  t.equal(settled?.blame, 'kernel');
});

t.test('settling twice changes nothing more', async (t) => {
  const once = settleReachability([aTrial('s.base.1'), unreachable('s.patched.1')], 'base');
  t.strictSame(settleReachability(once, 'base'), once);
});

t.test('it stays the lab’s as long as nothing shows that this computer boots the scenario', async (t) => {
  const others: readonly (readonly [string, readonly TrialResult[]])[] = [
    ['no base trial yet', []],
    ['the base is not reachable either', [unreachable('s.base.1')]],
    ['the base came up with another scenario, and so another machine', [aTrial('other.base.1')]],
    ['another arm came up', [aTrial('s.1..2.1')]],
  ];
  for (const [name, trials] of others)
    t.equal(settleReachability([unreachable('s.patched.1'), ...trials], 'base')[0]?.blame, 'lab', name);
});

t.test('the base is not measured against itself', async (t) => {
  const trials = settleReachability([aTrial('s.base.1'), unreachable('s.base.2')], 'base');
  t.equal(trials[1]?.blame, 'lab');
});

t.test('only a guest that was never reached is settled', async (t) => {
  const parts: readonly Partial<TrialResult>[] = [
    { fault: 'GUEST_WRONG_KEY' },
    { fault: 'CONSOLE_SILENT' },
    { fault: null },
    { blame: 'harness' },
    { blame: 'scenario' },
    { bootMs: 4000 },
    { outcome: 'notRun' },
  ];
  for (const part of parts) {
    const trial = unreachable('s.patched.1', part);
    t.equal(settleReachability([aTrial('s.base.1'), trial], 'base')[1], trial, JSON.stringify(part));
  }
});

t.test('a finding that is no splat does not explain it', async (t) => {
  const { splats: _, findings } = aTrial('x', { splats: [aSplat()] });
  const missed = findings.map((one) => ({ ...one, kind: 'expectation' as const }));
  const [, settled] = settleReachability(
    [aTrial('s.base.1'), unreachable('s.patched.1', { findings: missed })],
    'base',
  );
  t.strictSame(
    settled?.findings.map((one) => one.kind),
    ['expectation', 'death'],
  );
});

t.test('a splat that explains why it did not boot is the only finding', async (t) => {
  const { splats, findings } = aTrial('x', { splats: [aSplat()] });
  const trial = unreachable('s.patched.1', { splats, findings });
  const [, settled] = settleReachability([aTrial('s.base.1'), trial], 'base');
  t.equal(settled?.blame, 'kernel');
  t.strictSame(settled?.findings, findings);
});
