// SPDX-License-Identifier: MIT
import t from 'tap';
import { anEventStream, aSplat, aTrial, aVerdict, dateEvents } from '../testing/index.ts';
import { createProgress, formatDuration, type ProgressOptions } from './index.ts';

const lost = aTrial('vm.base.2', {
  outcome: 'failed',
  blame: 'lab',
  reason: 'QEMU was killed',
  bootMs: null,
});
const stream = anEventStream(
  [aTrial('vm.base.1'), aTrial('vm.patched.1', { splats: [aSplat()] }), lost],
  aVerdict([], { reason: '1 regressed' }),
);

/** Gives a stream to progress and returns all that it wrote. */
async function show(events: typeof stream, options: Omit<ProgressOptions, 'write'>): Promise<string> {
  let text = '';
  const progress = createProgress({
    ...options,
    write(part) {
      text += part;
    },
  });
  for (const event of events) {
    progress.event(event);
    if (options.interactive) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await progress.end();
  return text;
}

t.test('without a terminal each thing that happens is one dated line', async (t) => {
  const lines = (await show(stream, { interactive: false, color: false })).trimEnd().split('\n');
  t.strictSame(lines, [
    '2026-01-01T00:00:00Z on trial: a sample series: 3 trials on base and patched, logs in /runs/1',
    '2026-01-01T00:00:00Z build the base kernel …',
    '2026-01-01T00:00:10Z build-base: CC file10.o',
    '2026-01-01T00:00:20Z build-base: CC file20.o',
    '2026-01-01T00:00:30Z build-base: done in 30.0 s',
    '2026-01-01T00:00:30Z vm.base.1: started',
    '2026-01-01T00:01:02Z vm.base.1: booted in 32.0 s on tcg',
    '2026-01-01T00:01:31Z vm.base.1: passed in 1 min 01 s: every expectation was met and the log is clean',
    '2026-01-01T00:01:31Z vm.patched.1: started',
    '2026-01-01T00:02:03Z vm.patched.1: booted in 32.0 s on tcg',
    '2026-01-01T00:02:11Z vm.patched.1: the kernel complains: KASAN: use-after-free Read in sample_remove',
    '2026-01-01T00:02:32Z vm.patched.1: failed (kernel) in 1 min 01 s: KASAN: use-after-free Read in sample_remove',
    '2026-01-01T00:02:32Z vm.base.2: started',
    '2026-01-01T00:03:33Z vm.base.2: failed (lab) in 1 min 01 s: QEMU was killed',
    '2026-01-01T00:03:33Z verdict: 1 regressed',
  ]);
});

t.test('no text of a guest can move the cursor or break a line', async (t) => {
  const events = dateEvents([[0, { type: 'splatSeen', trial: 'x', title: 'a\nb\u001b[2Jc' }]]);
  t.equal(
    await show(events, { interactive: false, color: false }),
    '2026-01-01T00:00:00Z x: the kernel complains: a b?[2Jc\n',
  );
});

t.test('on a terminal the tree ends with one line for each stage and trial', async (t) => {
  const text = await show(stream, { interactive: true, color: false });
  const last = text.split('\u001b[?25h').map((part) => part.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, ''));
  t.match(last[0], /✔ build the base kernel, 30\.0 s\s*$/);
  t.match(text, /⠋|⠙/, 'something turns');
  const sheet = last
    .slice(1)
    .join('')
    .split('\n')
    .filter((line) => line !== '');
  const final = sheet.slice(-3);
  t.match(final[0], /^✔ vm\.base\.1: passed, 1 min 01 s/);
  t.match(final[1], /^✖ vm\.patched\.1: failed \(kernel\), 1 min 01 s: KASAN/);
  t.match(final[2], /^✖ vm\.base\.2: failed \(lab\), 1 min 01 s: QEMU was killed/);
  t.notMatch(text, /\u001b\[[0-9;]*m/, 'colour was not asked for');
});

t.test(
  'a tree fits its terminal, draws trials that nobody announced, and ends though a trial never did',
  async (t) => {
    const events = dateEvents([
      [0, { type: 'trialStarted', trial: 'x.base.1', scenario: 'x', kernel: null, arm: 'base' }],
      [1, { type: 'stepStarted', trial: 'x.base.1', phase: 'steps', label: 'w'.repeat(200) }],
    ]);
    const text = await show(events, {
      interactive: true,
      color: true,
      size: () => ({ columns: 40, rows: 10 }),
    });
    t.match(text, /x\.base\.1: w+…/);
    t.match(text, /✖ x\.base\.1: w+/, 'what did not end is not ticked off');
    for (const line of text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '').split(/[\r\n]+/))
      t.ok(line.length <= 40, line);
  },
);

t.test('a tree that cannot be drawn says so and stops nothing', async (t) => {
  let text = '';
  let drawing = false;
  const progress = createProgress({
    interactive: true,
    color: false,
    write(part) {
      text += part;
    },
    size() {
      if (drawing) throw new Error('no terminal');
      return { columns: 80, rows: 24 };
    },
  });
  for (const event of stream) progress.event(event);
  drawing = true;
  await progress.end();
  t.match(text, /the task tree failed and is not drawn any more: Error: no terminal/);
});

t.test('durations are written as people say them', async (t) => {
  t.equal(formatDuration(850), '850 ms');
  t.equal(formatDuration(12_340), '12.3 s');
  t.equal(formatDuration(59_990), '1 min 00 s');
  t.equal(formatDuration(245_000), '4 min 05 s');
});
