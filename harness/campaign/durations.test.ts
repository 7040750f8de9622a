// SPDX-License-Identifier: MIT
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { aTrial } from '../testing/index.ts';
import { openDurations } from './durations.ts';

const planned = (scenario: string, arm: string) => ({
  id: `${scenario}.${arm}.1`,
  scenario,
  arm,
  attempt: 1,
  seed: 1,
  boot: 'cold' as const,
  control: false,
});

t.test('what earlier runs took is remembered by kernel, scenario and side', async (t) => {
  const directory = t.testdir();
  const first = await openDurations(directory, 'k');
  t.equal(first.expect(planned('s', 'base')), null);
  for (const durationMs of [100, 300, 200]) first.learn(aTrial('s.base.1', { durationMs }));
  first.learn(aTrial('s.patched.1', { durationMs: 900, outcome: 'failed', blame: 'kernel' }));
  first.learn(aTrial('s.base.1', { durationMs: 5, outcome: 'failed', blame: 'lab' }));
  first.learn(aTrial('s.base.1', { durationMs: 7, outcome: 'notRun', blame: null }));
  await first.save();
  const later = await openDurations(directory, 'k');
  t.equal(later.expect(planned('s', 'base')), 200, 'the median, without what the lab cut short');
  t.equal(later.expect(planned('s', '1..2')), 900, 'any arm with patches is the other side');
  t.equal(later.expect(planned('new', 'base')), null);
  t.equal((await openDurations(directory, 'other')).expect(planned('s', 'base')), null);
});

t.test('a scenario that ran on one side only is expected to take as long on the other', async (t) => {
  const durations = await openDurations(t.testdir(), 'k');
  durations.learn(aTrial('s.base.1', { durationMs: 100 }));
  t.equal(durations.expect(planned('s', 'patched')), 100);
  t.equal(durations.expect(planned('new', 'base')), 100, 'and an unknown one as long as those of this run');
});

t.test('a cut-off or foreign file is discarded and written again', async (t) => {
  for (const text of ['null', '12', '[1]', '{"k/s/base":', '{"k/s/base":"x"}', '{"k/s/base":[null]}', '\0']) {
    const directory = t.testdir();
    const path = join(directory, 'durations.json');
    writeFileSync(path, text);
    const durations = await openDurations(directory, 'k');
    t.equal(durations.expect(planned('s', 'base')), null, JSON.stringify(text));
    durations.learn(aTrial('s.base.1', { durationMs: 100 }));
    await durations.save();
    t.strictSame(JSON.parse(readFileSync(path, 'utf8')), { 'k/s/base': [100] }, JSON.stringify(text));
  }
});

t.test('only the newest of a kind are remembered, by kernel', async (t) => {
  const directory = t.testdir();
  const durations = await openDurations(directory, 'k');
  for (let durationMs = 1; durationMs <= 7; durationMs += 1)
    durations.learn(aTrial('s.base.1', { durationMs }));
  durations.learn(aTrial('s.patched.1', { durationMs: 9 }));
  t.equal(durations.expect(planned('s', 'base')), 5);
  await durations.save();
  const text = readFileSync(join(directory, 'durations.json'), 'utf8');
  t.equal(text, `${JSON.stringify({ 'k/s/base': [3, 4, 5, 6, 7], 'k/s/series': [9] }, null, 1)}\n`);
});

t.test(
  'the other side is expected before other scenarios of the run, and the median of an even number is the lower',
  async (t) => {
    const durations = await openDurations(t.testdir(), 'k');
    durations.learn(aTrial('s.patched.1', { durationMs: 100 }));
    for (const durationMs of [1, 3]) durations.learn(aTrial('t.base.1', { durationMs }));
    t.equal(durations.expect(planned('s', 'base')), 100);
    t.equal(durations.expect(planned('t', 'patched')), 1);
    t.equal(durations.expect(planned('new', 'base')), 3);
  },
);

t.test('a trial that failed for any reason but the kernel teaches nothing', async (t) => {
  const durations = await openDurations(t.testdir(), 'k');
  for (const blame of ['lab', 'scenario', 'harness'] as const)
    durations.learn(aTrial('s.base.1', { outcome: 'failed', blame, durationMs: 5 }));
  durations.learn(aTrial('s.base.1', { outcome: 'notRun', blame: 'kernel', durationMs: 5 }));
  t.equal(durations.expect(planned('s', 'base')), null);
});

t.test(
  'a length of zero is a length, a negative one is none, and a directory that is not there is made',
  async (t) => {
    const directory = t.testdir({ 'durations.json': '{"k/s/base":[0],"k/t/base":[-1]}' });
    const durations = await openDurations(directory, 'k');
    t.equal(durations.expect(planned('s', 'base')), 0);
    t.equal(durations.expect(planned('t', 'base')), null);
    const blocked = t.testdir({ file: '' });
    await (await openDurations(join(blocked, 'file'), 'k')).save();
    t.pass('a cache that cannot be written is no reason to fail');
  },
);
