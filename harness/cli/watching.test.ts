// SPDX-License-Identifier: MIT
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { createActivity } from '../report/index.ts';
import { FakeMachine } from '../testing/index.ts';
import { showConsole } from './console.ts';
import { startHeartbeat, withHeartbeat } from './heartbeat.ts';
import type { Output } from './output.ts';

/** Standard error in memory. */
function anOutput(): { readonly err: Output; readonly text: () => string } {
  let text = '';
  let at = performance.now();
  const write = (part: string) => {
    text += part;
    at = performance.now();
  };
  return { err: { write, writtenAt: () => at } as unknown as Output, text: () => text };
}

t.test(
  'a console comes line by line behind the name of its machine, and its last words without a line feed too',
  async (t) => {
    const { err, text } = anOutput();
    const machine = new FakeMachine(t.testdir(), { console: '' });
    showConsole(machine, 'a.base.1', err);
    machine.say('[    1.0] one\r\n[    2.0] t');
    t.equal(text(), 'a.base.1: [    1.0] one\n');
    machine.say('wo\n[    3.0] last');
    t.match(text(), /a\.base\.1: \[ {4}2\.0\] two\n$/);
    await machine.stop();
    await sleep(0);
    t.match(text(), /a\.base\.1: \[ {4}3\.0\] last\n$/);
  },
);

t.test(
  'after a silence a line says what is being done and for how long, and none while others write',
  async (t) => {
    const { err, text } = anOutput();
    const place = { err, wordiness: 'usual', silenceMs: 40, lookMs: 5 } as const;
    await withHeartbeat(place, 'making the image', () => sleep(200));
    t.match(text(), /^\S+Z still at work: making the image, for .*\n/);
    const lines = text().split('\n').length;
    await sleep(100);
    t.equal(text().split('\n').length, lines, 'it stops with the work');
  },
);

t.test('with --quiet there is no heartbeat, and none when nothing runs', async (t) => {
  const { err, text } = anOutput();
  await withHeartbeat({ err, wordiness: 'quiet', silenceMs: 5, lookMs: 1 }, 'x', () => sleep(50));
  const stop = startHeartbeat({ err, wordiness: 'usual', silenceMs: 5, lookMs: 1 }, () => null);
  await sleep(50);
  stop();
  t.equal(text(), '');
});

t.test('what has run for the longest time is named, with its latest progress', async (t) => {
  let now = 0;
  const activity = createActivity(() => now);
  const event = (body: object) => activity.event({ format: 1, seq: 1, at: '', ...body } as never);
  t.equal(activity.describe(), null);
  event({ type: 'stageStarted', stage: 'build', title: 'build the kernel of the base' });
  now = 65_000;
  t.match(activity.describe(), /^build the kernel of the base, for 1 min 05 s/);
  event({ type: 'stageProgress', stage: 'build', text: 'CC a.o' });
  t.match(activity.describe(), /^build the kernel of the base: CC a\.o, for /);
  event({ type: 'stageEnded', stage: 'build', ok: true, text: '', durationMs: 1 });
  event({ type: 'trialStarted', trial: 'a.base.1', scenario: 'a', arm: 'base', kernel: null });
  event({ type: 'stepStarted', trial: 'a.base.1', phase: 'steps', label: 'run true' });
  event({ type: 'trialStarted', trial: 'a.base.2', scenario: 'a', arm: 'base', kernel: null });
  t.match(activity.describe(), /^a\.base\.1: run true, for .*, and 1 more$/);
});
