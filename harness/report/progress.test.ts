// SPDX-License-Identifier: MIT
import { setTimeout as sleep } from 'node:timers/promises';
import xterm from '@xterm/headless';
import t from 'tap';
import type { LiveEventBody, RunEvent } from '../model/index.ts';
import { anEventStream, aSplat, aTrial, aVerdict, dateEvents } from '../testing/index.ts';
import { createProgress } from './index.ts';
import { formatDuration } from './words.ts';

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

/** Gives events to progress without a terminal and returns the lines that it wrote. */
function listLines(events: readonly RunEvent[]): readonly string[] {
  let text = '';
  const progress = createProgress({
    interactive: false,
    color: false,
    size: () => ({ columns: 80, rows: 24 }),
    write(part) {
      text += part;
    },
  });
  for (const event of events) progress.event(event);
  void progress.end();
  return text.trimEnd().split('\n');
}

/** Gives events to progress on a real terminal emulator. */
async function openTerminal(columns: number, rows: number, color = false) {
  const terminal = new xterm.Terminal({ cols: columns, rows, convertEol: true, allowProposedApi: true });
  let raw = '';
  const progress = createProgress({
    interactive: true,
    color,
    size: () => ({ columns: terminal.cols, rows: terminal.rows }),
    write(part) {
      raw += part;
      terminal.write(part);
    },
  });
  /** What stands on the terminal now, the lines that scrolled away first. */
  const read = async () => {
    await new Promise<void>((resolve) => terminal.write('', resolve));
    const { active } = terminal.buffer;
    return Array.from(
      { length: active.length },
      (_, index) => active.getLine(index)?.translateToString(true) ?? '',
    ).filter((line) => line !== '');
  };
  return { terminal, progress, read, raw: () => raw };
}

const queue = (
  done: number,
  running: number,
  waiting: number,
  remainingMs: number | null,
): LiveEventBody => ({
  type: 'queueChanged',
  done,
  running,
  waiting,
  remainingMs,
});

t.test('without a terminal each thing that happens is one dated line', async (t) => {
  t.strictSame(listLines(stream), [
    '2026-01-01T00:00:00Z on trial: a sample series: 3 trials on base and patched',
    '2026-01-01T00:00:00Z build the base kernel …',
    '2026-01-01T00:00:10Z build the base kernel: CC file10.o',
    '2026-01-01T00:00:20Z build the base kernel: CC file20.o',
    '2026-01-01T00:00:30Z build the base kernel: done in 30.0 s',
    '2026-01-01T00:00:30Z vm.base.1: started',
    '2026-01-01T00:01:02Z vm.base.1: booted in 32.0 s on tcg',
    '2026-01-01T00:01:31Z vm.base.1: passed in 1 min 01 s: every expectation was met and the log is clean',
    '2026-01-01T00:01:31Z vm.patched.1: started',
    '2026-01-01T00:02:03Z vm.patched.1: booted in 32.0 s on tcg',
    '2026-01-01T00:02:11Z vm.patched.1: the kernel complains: KASAN: use-after-free Read in sample_remove',
    '2026-01-01T00:02:32Z vm.patched.1: failed (kernel) in 1 min 01 s',
    '2026-01-01T00:02:32Z vm.base.2: started',
    '2026-01-01T00:03:33Z vm.base.2: failed (lab) in 1 min 01 s: QEMU was killed',
    '2026-01-01T00:03:33Z verdict: 1 regressed',
  ]);
});

t.test('every other event that people should hear of has its sentence', async (t) => {
  const trial = 'x.base.1';
  const step = {
    label: 'load',
    kind: 'run',
    phase: 'setup',
    startedAt: '',
    durationMs: 1,
    details: ['no such file'],
  } as const;
  const lines = listLines(
    dateEvents([
      [0, { type: 'resumed', lost: [] }],
      [0, { type: 'noted', text: 'a newer version was left out' }],
      [0, { type: 'stageEnded', stage: 'image', ok: false, text: 'disk full', durationMs: 100 }],
      [0, { type: 'cloneFellBack', trial, reason: 'its state could not be read' }],
      [0, { type: 'stepEnded', trial, step: { ...step, outcome: 'passed' } }],
      [0, { type: 'stepEnded', trial, step: { ...step, outcome: 'failed' } }],
      [
        0,
        {
          type: 'rejected',
          rejection: { kind: 'doesNotCompile', diagnostics: [], logTail: [], applied: [] },
        },
      ],
      [
        0,
        {
          type: 'ended',
          reason: { kind: 'fault', blame: 'lab', code: 'HOST_DISK_FULL', message: 'the disk is full' },
        },
      ],
      [0, { type: 'ended', reason: { kind: 'interrupted' } }],
      [0, { type: 'ended', reason: { kind: 'finished' } }],
    ]),
  );
  t.strictSame(
    lines.map((line) => line.slice('2026-01-01T00:00:00Z '.length)),
    [
      'resumed: what was cut off is done again',
      'note: a newer version was left out',
      'image: failed (disk full) in 100 ms',
      'x.base.1: no clone, booting instead: its state could not be read',
      'x.base.1: setup "load" failed: no such file',
      'rejected: the kernel does not compile with the series',
      'stopped by a fault (lab): the disk is full',
      'interrupted',
    ],
  );
});

t.test('a complaint is announced once in a trial, and again in another', async (t) => {
  const seen = (trial: string) => ({ type: 'splatSeen', trial, title: 'WARNING in f' }) as const;
  const lines = listLines(
    dateEvents([
      [0, seen('x.base.1')],
      [1, seen('x.base.1')],
      [2, seen('x.base.2')],
    ]),
  );
  t.equal(lines.length, 2);
});

t.test(
  'an estimate comes before the first trial has ended where there is one, and never says 0 s',
  async (t) => {
    const say = (...bodies: readonly LiveEventBody[]) =>
      listLines(dateEvents(bodies.map((body, second) => [second, body] as const))).map((line) =>
        line.slice(21),
      );
    t.strictSame(say(queue(0, 1, 3, null)), [''], 'nothing is known, nothing is said');
    t.strictSame(say(queue(0, 1, 3, 250_000), queue(0, 2, 2, 240_000)), [
      '0 of 4 trials done, 1 running, about 5 min to go',
    ]);
    t.strictSame(say(queue(3, 1, 0, 0)), ['3 of 4 trials done, 1 running']);
    t.strictSame(say(queue(3, 1, 0, 400)), ['3 of 4 trials done, 1 running, about 5 s to go']);
    t.strictSame(say(queue(4, 0, 0, 0)), ['4 of 4 trials done, 0 running']);
  },
);

t.test('no text of a guest can move the cursor or break a line', async (t) => {
  const events = dateEvents([[0, { type: 'splatSeen', trial: 'x', title: 'a\nb\u001b[2Jc' }]]);
  t.strictSame(listLines(events), ['2026-01-01T00:00:00Z x: the kernel complains: a b?[2Jc']);
  const { progress, read, raw } = await openTerminal(80, 24);
  for (const event of events) progress.event(event);
  await progress.end();
  t.strictSame(await read(), ['· x: the kernel complains: a b?[2Jc']);
  t.notMatch(raw(), /\u001b/);
});

t.test('on a terminal what has ended stays, one line each, and nothing else is left', async (t) => {
  const { progress, read, raw } = await openTerminal(120, 24);
  for (const event of stream) progress.event(event);
  await progress.end();
  t.strictSame(await read(), [
    '· on trial: a sample series: 3 trials on base and patched',
    '✔ build the base kernel: done in 30.0 s',
    '✔ vm.base.1: passed in 1 min 01 s: every expectation was met and the log is clean',
    '· vm.patched.1: the kernel complains: KASAN: use-after-free Read in sample_remove',
    '✖ vm.patched.1: failed (kernel) in 1 min 01 s',
    '✖ vm.base.2: failed (lab) in 1 min 01 s: QEMU was killed',
    '· verdict: 1 regressed',
  ]);
  t.notMatch(raw(), /\u001b\[[0-9;]*m/, 'colour was not asked for');
});

t.test('what runs stands below, with its latest step and the queue', async (t) => {
  const { progress, read } = await openTerminal(80, 24, true);
  const start = (trial: string) =>
    ({ type: 'trialStarted', trial, scenario: 'x', kernel: null, arm: 'base' }) as const;
  for (const event of dateEvents([
    [0, queue(0, 0, 2, null)],
    [0, start('x.base.1')],
    [0, start('x.base.2')],
    [1, { type: 'stepStarted', trial: 'x.base.2', phase: 'steps', label: 'remove the device' }],
    [1, queue(0, 2, 0, 61_000)],
  ]))
    progress.event(event);
  const bare = (lines: readonly string[]) => lines.map((line) => line.slice(2));
  t.strictSame(bare(await read()), [
    'x.base.1: started',
    'x.base.2: remove the device',
    '0 of 2 trials done, 2 running, about 2 min to go',
  ]);
  for (const event of dateEvents([[2, queue(2, 0, 0, null)]])) progress.event(event);
  t.strictSame(bare(await read()), ['x.base.1: started', 'x.base.2: remove the device']);
  for (const event of dateEvents([[2, queue(0, 2, 0, null)]])) progress.event(event);
  const before = (await read())[0]?.[0];
  await sleep(500);
  t.not((await read())[0]?.[0], before, 'something turns');
  t.equal((await read()).length, 3);
  await progress.end();
  t.strictSame(await read(), [
    '✖ x.base.1: started (not finished)',
    '✖ x.base.2: remove the device (not finished)',
  ]);
  await sleep(300);
  t.equal((await read()).length, 2, 'nothing is drawn after the end');
});

t.test('lines use the whole width of the terminal and no more', async (t) => {
  const label = `${'日'.repeat(30)}${'w'.repeat(300)}`;
  for (const columns of [40, 80, 200]) {
    const { progress, read } = await openTerminal(columns, 10);
    for (const event of dateEvents([[0, { type: 'stepStarted', trial: 'x.base.1', phase: 'steps', label }]]))
      progress.event(event);
    const lines = await read();
    t.equal(lines.length, 1, `${columns} columns: it does not wrap`);
    t.match(lines[0], /…$/);
    await progress.end();
    t.equal((await read()).length, 1);
  }
});

const longStep = (index: number) =>
  dateEvents([
    [index, { type: 'stepStarted', trial: `x.base.${index}`, phase: 'steps', label: 'word '.repeat(30) }],
  ]);

t.test('a terminal with few rows shows as much as it has room for', async (t) => {
  const { progress, read } = await openTerminal(100, 6);
  for (let index = 0; index < 9; index += 1) for (const event of longStep(index)) progress.event(event);
  t.match((await read()).at(-1), /and 6 more$/);
  t.equal((await read()).length, 4);
  await progress.end();
});

t.test('a terminal that becomes narrower shows no line twice', async (t) => {
  const { terminal, progress, read } = await openTerminal(100, 24);
  for (let index = 0; index < 4; index += 1) for (const event of longStep(index)) progress.event(event);
  t.equal((await read()).length, 4);
  terminal.resize(60, 24);
  t.equal((await read()).length, 8, 'the terminal wraps what was drawn');
  for (const event of longStep(0)) progress.event(event);
  t.strictSame(
    (await read()).map((line) => line.slice(2, 10)),
    ['x.base.0', 'x.base.1', 'x.base.2', 'x.base.3'],
  );
  await progress.end();
});

t.test(
  'a terminal that cannot be written to is reported to whoever sends the event, and stops nothing else',
  async (t) => {
    let broken = false;
    const progress = createProgress({
      interactive: true,
      color: false,
      size: () => ({ columns: 80, rows: 24 }),
      write() {
        if (broken) throw new Error('no terminal');
      },
    });
    const [first, second] = stream.slice(1, 3);
    if (first) progress.event(first);
    broken = true;
    await sleep(500);
    t.throws(() => second && progress.event(second), /no terminal/);
    broken = false;
    await progress.end();
  },
);

t.test('durations are written as people say them', async (t) => {
  t.equal(formatDuration(850), '850 ms');
  t.equal(formatDuration(12_340), '12.3 s');
  t.equal(formatDuration(59_990), '1 min 00 s');
  t.equal(formatDuration(245_000), '4 min 05 s');
});
