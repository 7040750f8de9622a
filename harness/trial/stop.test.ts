// SPDX-License-Identifier: MIT
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { Fault } from '../model/index.ts';
import { watchSpace } from './space.ts';
import { createTrialStop } from './stop.ts';

const full = new Fault({ blame: 'lab', code: 'HOST_DISK_FULL', message: 'full' });

t.test('a trial that nobody stops has no reason to stop', async (t) => {
  using stop = createTrialStop(new AbortController().signal, 60_000);
  t.equal(stop.reason(), null);
  t.equal(stop.signal.aborted, false);
});

t.test('the first reason stays', async (t) => {
  const outer = new AbortController();
  using stop = createTrialStop(outer.signal, 60_000);
  stop.stop(full);
  outer.abort();
  t.equal(stop.reason(), full);
  t.equal(stop.signal.reason, full);
});

t.test('an interruption is told from a reason that somebody gives', async (t) => {
  const outer = new AbortController();
  using stop = createTrialStop(outer.signal, 60_000);
  outer.abort();
  t.match(stop.reason(), { blame: 'lab', code: 'TRIAL_INTERRUPTED' });
  using given = createTrialStop(AbortSignal.abort(full), 60_000);
  t.equal(given.reason(), full);
  using before = createTrialStop(AbortSignal.abort(), 60_000);
  t.match(before.reason(), { code: 'TRIAL_INTERRUPTED' });
});

t.test('a trial that is overdue is a bug in ktrial', async (t) => {
  using stop = createTrialStop(new AbortController().signal, 10);
  await sleep(40);
  t.match(stop.reason(), { blame: 'harness', code: 'TRIAL_OVERDUE', message: /did not end within 0 min/ });
});

t.test('a trial that is over is not stopped any more', async (t) => {
  const outer = new AbortController();
  const stop = createTrialStop(outer.signal, 20);
  stop[Symbol.dispose]();
  outer.abort();
  await sleep(40);
  t.equal(stop.reason(), null);
});

t.test('a full disk is reported once; one that cannot be measured is not full', async (t) => {
  const reports: Fault[] = [];
  let freeMib = 4;
  using _watch = watchSpace('/runs', (fault) => reports.push(fault), {
    measureMib: async () => freeMib,
    everyMs: 5,
  });
  await sleep(40);
  t.equal(reports.length, 0, '4 MiB are enough');
  freeMib = 3;
  await sleep(60);
  t.equal(reports.length, 1);
  t.match(reports[0], { blame: 'lab', code: 'HOST_DISK_FULL', message: /\/runs is full/ });
  using _unknown = watchSpace('/runs', (fault) => reports.push(fault), {
    measureMib: () => Promise.reject(new Error('no')),
    everyMs: 5,
  });
  await sleep(30);
  t.equal(reports.length, 1);
});

t.test('a watch that is closed reports nothing', async (t) => {
  const reports: Fault[] = [];
  const watch = watchSpace('/runs', (fault) => reports.push(fault), {
    measureMib: async () => 0,
    everyMs: 5,
  });
  watch[Symbol.dispose]();
  await sleep(30);
  t.equal(reports.length, 0);
});
