// SPDX-License-Identifier: MIT
import t from 'tap';
import { delay, pause, withDeadline } from './wait.ts';

const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

t.test('a pause ends after its time, and at once when its signal aborts', async (t) => {
  const alive = setInterval(() => {}, 1_000); // a pause does not keep the process alive
  t.teardown(() => clearInterval(alive));
  const begun = performance.now();
  await pause(20);
  t.ok(performance.now() - begun >= 19);
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 5);
  await pause(60_000, stop.signal);
  await pause(60_000, stop.signal);
  t.ok(performance.now() - begun < 30_000);
});

t.test(
  'a deadline lets a quick promise through, as a value or as an error, and leaves no timer',
  async (t) => {
    const before = timers();
    t.equal(await withDeadline(Promise.resolve(1), 60_000, () => 2), 1);
    await t.rejects(
      withDeadline(Promise.reject(new Error('its own')), 60_000, () => 2),
      { message: 'its own' },
    );
    t.equal(timers(), before);
  },
);

t.test('a slow promise is replaced by what `late` returns or throws', async (t) => {
  const never = new Promise<never>(() => {});
  t.equal(await withDeadline(never, 5, () => 2), 2);
  const fail = () => {
    throw new Error('too late');
  };
  await t.rejects(withDeadline(never, 5, fail), { message: 'too late' });
});

t.test('a time that is longer than a timer of Node does not end at once', async (t) => {
  const LONG_MS = 2 ** 31 + 5_000;
  const stop = new AbortController();
  const waits = [
    pause(LONG_MS, stop.signal),
    delay(LONG_MS, stop.signal),
    delay(Number.POSITIVE_INFINITY, stop.signal),
  ];
  const ended = await Promise.race([Promise.any(waits).then(() => true), delay(100).then(() => false)]);
  t.equal(ended, false);
  stop.abort();
  await Promise.all(waits);
  t.equal(
    await withDeadline(
      delay(50).then(() => 1),
      LONG_MS,
      () => 2,
    ),
    1,
  );
});
