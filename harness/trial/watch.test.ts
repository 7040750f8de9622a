// SPDX-License-Identifier: MIT
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { type ConsoleWatch, watchConsole } from './watch.ts';

const NEVER = new AbortController().signal;

interface Watched {
  readonly watch: ConsoleWatch;
  readonly titles: readonly string[];
  say(text: string): void;
}

/** A watch on a console whose file has the same bytes. */
function aWatch(directory: string, quietMs = 20): Watched {
  const path = join(directory, 'console.log');
  writeFileSync(path, '');
  const titles: string[] = [];
  const watch = watchConsole({ path, quietMs: () => quietMs, onSplat: (splat) => titles.push(splat.title) });
  return {
    watch,
    titles,
    say(text) {
      appendFileSync(path, text);
      watch.push(Buffer.from(text));
    },
  };
}

const aFlood = (count: number, text = 'noise') =>
  Array.from({ length: count }, (_, index) => `[    1.000000] ${text} ${index}\n`).join('');

t.test('a line that came before the wait is found, and one that comes during it', async (t) => {
  const { watch, say } = aWatch(t.testdir());
  say('first\nsec');
  t.equal(await watch.waitFor(/^first$/, 1, NEVER), true);
  t.equal(await watch.waitFor(/^sec/, 1, NEVER), false, 'a line that is not complete does not count');
  const waiting = watch.waitFor(/^second$/, 5_000, NEVER);
  say('ond\r\n');
  t.equal(await waiting, true);
});

t.test('lines before a mark do not count', async (t) => {
  const { watch, say } = aWatch(t.testdir());
  say('old\n');
  watch.mark();
  t.equal(await watch.waitFor(/old/, 1, NEVER), false);
  say('new\n');
  t.equal(await watch.waitFor(/new/, 1, NEVER), true);
});

t.test('a wait ends when its signal aborts', async (t) => {
  const { watch } = aWatch(t.testdir());
  const stop = new AbortController();
  const waiting = watch.waitFor(/x/, 60_000, stop.signal);
  stop.abort();
  t.equal(await waiting, false);
  t.equal(await watch.waitFor(/x/, 60_000, stop.signal), false);
});

t.test('a line behind a flood is found, and so is one in front of it', async (t) => {
  const { watch, say } = aWatch(t.testdir());
  say('marked before\n');
  watch.mark();
  say('the needle in front\n');
  say(aFlood(90_000));
  say('the needle behind\n');
  t.equal(await watch.waitFor(/needle behind/, 1, NEVER), true);
  t.equal(await watch.waitFor(/needle in front/, 5_000, NEVER), true);
  t.equal(await watch.waitFor(/marked before/, 300, NEVER), false, 'the mark counts in the file as well');
  t.equal(await watch.waitFor(/noise 45000$/, 5_000, NEVER), true);
});

t.test('long lines are kept within bounds, and the last ones are there', async (t) => {
  const { watch, say } = aWatch(t.testdir());
  for (let round = 0; round < 40; round += 1) say(`${'x'.repeat(1024 * 1024)} end ${round}\n`);
  t.equal(await watch.waitFor(/ end 39$/, 1, NEVER), true);
});

t.test('a kernel has spoken once it printed a line, with stamps or without', async (t) => {
  for (const line of [
    '[    0.000000] Linux version 5.10.0',
    '<6>[    0.000000] x',
    '[   12.345678][    T1] x',
    'Linux version 5.10.0 (gcc 12)',
    'Command line: console=ttyS0',
    'Kernel command line: console=ttyS0',
    'early console in extract_kernel',
    'Kernel panic - not syncing: x',
  ]) {
    const { watch, say } = aWatch(t.testdir());
    t.equal(watch.spoke, false);
    say(`SeaBIOS (version 1.16.2)\niPXE (https://ipxe.org)\nBooting from ROM...\n\n[12] x\n`);
    t.equal(watch.spoke, false, 'firmware is no kernel');
    say(`${line}\n`);
    t.equal(watch.spoke, true, line);
    say('something else\n');
    t.equal(watch.spoke, true);
  }
});

t.test('the time since the last output is measured', async (t) => {
  const { watch, say } = aWatch(t.testdir());
  await sleep(30);
  t.ok(watch.silentMs() >= 25);
  say('x');
  t.ok(watch.silentMs() < 25);
});

t.test('a splat is announced once the console is quiet, and not before', async (t) => {
  const quietMs = 500;
  const { watch, titles, say } = aWatch(t.testdir(), quietMs);
  say('[   20.000000] WARNING: pond is nearly dry\n');
  await sleep(0.6 * quietMs);
  t.strictSame(titles, []);
  say('[   20.100000] eth0: link up\n');
  await sleep(0.6 * quietMs);
  t.strictSame(titles, [], 'any output starts the silence again');
  await sleep(0.6 * quietMs);
  t.strictSame(titles, ['WARNING: pond is nearly dry']);
  t.strictSame(
    watch.end().map((splat) => splat.title),
    ['WARNING: pond is nearly dry'],
  );
});

t.test('nothing is announced after the end', async (t) => {
  const { watch, titles, say } = aWatch(t.testdir(), 20);
  say('[   20.000000] WARNING: pond is nearly dry\n');
  watch.end();
  const before = titles.length;
  await sleep(40);
  t.equal(titles.length, before);
});

t.test(
  'a flood of any kind hides no splat that came before it or after it, and fills no memory',
  async (t) => {
    const before = '[    1.000000] BUG: unable to handle page fault for address: 0000000000000001\n';
    const after = '[    9.000000] WARNING: CPU: 0 PID: 1 at mm/slub.c:1 kfree+0x1/0x2\n';
    const floods: readonly [string, Uint8Array][] = [
      ['a line without an end', Buffer.alloc(65_536, 'a')],
      ['NULs', Buffer.alloc(65_536)],
      ['carriage returns, which hide a line on a terminal', Buffer.from('hidden\r'.repeat(9_000))],
      ['half UTF-8', Buffer.alloc(65_536, 0xe2)],
      ['escapes', Buffer.from('\u001b[2J\u001b]0;title\u0007'.repeat(4_000))],
      ['empty lines', Buffer.alloc(65_536, '\n')],
      ['results of a test', Buffer.from('ok 1 - all good\nBail out!\n1..0\n'.repeat(2_000))],
      ['unfinished stamps', Buffer.from('[    1.0'.repeat(8_000))],
    ];
    for (const [what, piece] of floods) {
      const { watch, titles, say } = aWatch(t.testdir());
      const rss = process.memoryUsage().rss;
      say(before);
      for (let bytes = 0; bytes < 16 * 1024 * 1024; bytes += piece.length) watch.push(piece);
      say('\n');
      say(after);
      watch.end();
      t.match(titles[0] ?? '', /^BUG: unable to handle/, what);
      t.match(titles.at(-1) ?? '', /^WARNING/, what);
      t.equal(titles.length, 2, what);
      t.ok(process.memoryUsage().rss - rss < 200 * 1024 * 1024, `${what}: memory`);
    }
  },
);
