// SPDX-License-Identifier: MIT
import t from 'tap';
import { aCallTrace, aLog } from '../testing/index.ts';
import { createScanner } from './index.ts';

/** What a scanner announces while the log is silent, and what it says when the log goes on. */
function watch() {
  const announced: string[] = [];
  const scanner = createScanner({ live: true, onSplat: (splat) => announced.push(splat.title) });
  let seconds = 100;
  return {
    announced,
    say(...lines: readonly string[]) {
      scanner.push(aLog(lines, { seconds }));
      seconds += 1;
    },
    flushQuiet: () => scanner.flushQuiet(),
    end: () => scanner.end().map((splat) => [splat.title, splat.frames.length]),
  };
}

t.test('a complaint without a trace is announced as soon as the log is silent, and once', async (t) => {
  const log = watch();
  log.say('WARNING: pond is nearly dry');
  t.strictSame(log.announced, [], 'more may come');
  log.flushQuiet();
  t.strictSame(log.announced, ['WARNING: pond is nearly dry']);
  log.flushQuiet();
  log.say('eth0: link up');
  log.flushQuiet();
  t.strictSame(log.end(), [['WARNING: pond is nearly dry', 0]]);
  t.strictSame(log.announced, ['WARNING: pond is nearly dry']);
});

t.test('a complaint whose kind has a trace is not announced before one has come', async (t) => {
  const log = watch();
  log.say('BUG: sleeping function called from invalid context at mm/slab.h:421');
  log.flushQuiet();
  t.strictSame(log.announced, []);
  log.say('CPU: 0 PID: 42 Comm: probe Not tainted 6.6.30 #1', aCallTrace('dump_stack pond_poll'));
  t.strictSame(log.announced, []);
  log.flushQuiet();
  const title = 'BUG: sleeping function called from invalid context in pond_poll';
  t.strictSame(log.announced, [title]);
  log.say(' vfs_poll+0x1/0x10', ' do_poll+0x1/0x10');
  t.strictSame(log.end(), [[title, 4]], 'lines that come after the announcement still belong to it');
  t.strictSame(log.announced, [title]);
});

t.test(
  'a report that is truncated so far is not announced, and one that got another name is, again',
  async (t) => {
    const log = watch();
    log.say('BUG: KASAN: use-after-free in pond_poll+0x1a4/0x2b0', aCallTrace('kasan_report pond_poll'));
    log.flushQuiet();
    t.strictSame(log.announced, [], 'the line with the kind of access is missing');
    log.say('Read of size 8 at addr ffff888012345678 by task probe/42');
    log.flushQuiet();
    t.strictSame(log.announced, ['KASAN: use-after-free Read in pond_poll']);

    const other = watch();
    other.say('general protection fault: 0000 [#1] SMP', 'Call Trace:', ' pond_read+0x1/0x10');
    other.flushQuiet();
    other.say('RIP: 0010:pond_poll+0x1a/0x30', 'Call Trace:', ' pond_poll+0x1/0x10');
    other.end();
    t.strictSame(other.announced, [
      'general protection fault in pond_read',
      'general protection fault in pond_poll',
    ]);
  },
);

t.test('after the end nothing is announced', async (t) => {
  const log = watch();
  log.say('WARNING: pond is nearly dry');
  log.end();
  log.flushQuiet();
  t.strictSame(log.announced, ['WARNING: pond is nearly dry']);
});

t.test('words that may be the firmware’s are not announced', async (t) => {
  const announced: string[] = [];
  const scanner = createScanner({ live: true, onSplat: (splat) => announced.push(splat.title) });
  scanner.push('WARNING: no console will be available to OS\n');
  scanner.flushQuiet();
  t.strictSame(announced, []);
});

t.test('a line that was a headline itself is not taken for the first line of the next report', async (t) => {
  const line = '[    1.000000] Kernel panic - not syncing: x';
  const announced: [number, number][] = [];
  const scanner = createScanner({ onSplat: ({ start, end }) => announced.push([start, end]) });
  scanner.push(Buffer.from(`Oops${line}\n`));
  scanner.flushQuiet();
  scanner.push(Buffer.from(`${line}\n`));
  scanner.end();
  const second = line.length + 5;
  t.strictSame(announced, [
    [0, second],
    [second, second + line.length + 1],
  ]);
});
