// SPDX-License-Identifier: MIT
import t from 'tap';
import type { Splat } from '../model/index.ts';
import { aFrame, aSplat } from '../testing/index.ts';
import { type Finished, findRoots } from './follow.ts';

/** What of a splat decides whether it follows from another: its title, type, taint, task, place in time. */

interface Part {
  readonly type?: string;
  readonly taint?: string;
  readonly task?: number;
  readonly pid?: number | null;
  readonly comm?: string | null;
  readonly boot?: number;
  /** When its headline came; its last line comes a second later. */
  readonly at?: number | null;
  readonly lastAt?: number | null;
}

const NO_CALLER = -2;

function aFinished(title: string, part: Part = {}): Finished {
  const { type = 'WARNING', taint = null, task = 7, pid = 7, comm = 'probe', boot = 0, at = 100 } = part;
  const splat: Splat = { ...aSplat({ title, type, taint, pid, comm }), text: '' };
  const lastSeconds = part.lastAt === undefined ? (at === null ? null : at + 1) : part.lastAt;
  return { splat, context: task, headlineStart: 0, boot, seconds: at, lastSeconds, unconfirmed: false };
}

const WARNING = 'WARNING in pond_poll';
const OOPS = 'general protection fault in pond_poll';
const KASAN = 'KASAN: use-after-free Read in pond_poll';
const SLEEP = 'BUG: sleeping function called from invalid context in exit_signals';

/** The root of the second of two splats. */
const rootOf = (...all: readonly Finished[]) => findRoots(all).at(-1);

t.test('a report that broke nothing explains no report that finds a fault of its own', async (t) => {
  const OWN: Readonly<Record<string, string>> = {
    [KASAN]: 'KASAN-USE-AFTER-FREE-READ',
    'KMSAN: uninit-value in f': 'KMSAN-UNINIT-VALUE',
    'KCSAN: data-race in f': 'KCSAN-DATARACE',
    'KFENCE: use-after-free in f': 'KFENCE-USE-AFTER-FREE-READ',
    'UBSAN: shift-out-of-bounds in f': 'UBSAN',
    'possible deadlock in f': 'LOCKDEP',
    'WARNING: bad unlock balance in f': 'LOCKDEP',
    'memory leak in f': 'LEAK',
    'BUG: soft lockup in f': 'HANG',
    'kernel BUG in f': 'BUG',
    [OOPS]: 'DoS',
    'kernel panic: stack is corrupted in f': 'DoS',
    'kernel panic: corrupted stack end in f': 'DoS',
  };
  for (const [title, type] of Object.entries(OWN)) {
    const later = aFinished(title, { type, at: 107 });
    t.equal(rootOf(aFinished(WARNING), later), null, `${title} after a warning`);
    t.equal(
      rootOf(aFinished('possible deadlock in g', { type: 'LOCKDEP' }), later),
      null,
      `${title} after lockdep`,
    );
    t.equal(
      rootOf(aFinished('UBSAN: shift-out-of-bounds in g', { type: 'UBSAN' }), later),
      null,
      `${title} after UBSAN`,
    );
    t.equal(rootOf(aFinished(OOPS, { type: 'DoS' }), later), 0, `${title} after an oops`);
  }
});

t.test('a report that broke nothing explains minor ones of its own task', async (t) => {
  const MINOR: Readonly<Record<string, string>> = {
    'WARNING in f': 'WARNING',
    'WARNING: refcount bug in f': 'REFCOUNT_WARNING',
    [SLEEP]: 'ATOMIC_SLEEP',
    'BUG: Bad rss-counter state': 'BUG',
    'INFO: trying to register non-static key in f': 'INFO',
  };
  for (const [title, type] of Object.entries(MINOR)) {
    t.equal(rootOf(aFinished(WARNING), aFinished(title, { type, at: 103 })), 0, title);
    t.equal(
      rootOf(aFinished(WARNING), aFinished(title, { type, at: 103, task: 8 })),
      null,
      `${title}, another task`,
    );
  }
  const hang = (title: string, at: number) => aFinished(title, { type: 'HANG', at });
  t.equal(
    rootOf(hang('BUG: soft lockup in f', 100), hang('INFO: rcu detected stall in f', 105)),
    0,
    'hang and hang',
  );
});

t.test('every report that breaks something is known as such', async (t) => {
  for (const title of [
    OOPS,
    KASAN,
    'KFENCE: invalid free in f',
    'BUG: unable to handle kernel paging request in f',
    'BUG: kernel NULL pointer dereference in f',
    'kernel BUG in f',
    'BUG: corrupted list in f',
    'BUG: bad usercopy in f',
    'BUG kmalloc-1k (Not tainted): Object corrupt',
    'BUG kmalloc-1k (Tainted: G W ): Poison overwritten',
    'divide error in f',
    'invalid opcode in f',
    'int3 in f',
    'stack segment fault in f',
    'Oops in f',
    'Internal error in f',
    'Unhandled fault in f',
    'Alignment trap in f',
    'BUG: Bad page state in f',
  ])
    t.equal(rootOf(aFinished(title), aFinished(KASAN, { type: 'KASAN-READ', at: 103 })), 0, title);
});

t.test('within ten seconds of the last line, and not later', async (t) => {
  const oops = aFinished(OOPS, { at: 100, lastAt: 104 });
  t.equal(rootOf(oops, aFinished(SLEEP, { at: 114 })), 0);
  t.equal(rootOf(oops, aFinished(SLEEP, { at: 114.1 })), null);
  const single = aFinished(OOPS, { at: 100, lastAt: null });
  t.equal(rootOf(single, aFinished(SLEEP, { at: 110 })), 0, 'a report whose lines have no later stamp');
  t.equal(rootOf(single, aFinished(SLEEP, { at: 110.1 })), null);
  t.equal(rootOf(oops, aFinished(SLEEP, { at: 99 })), null, 'an earlier stamp is no consequence');
  t.equal(rootOf(oops, aFinished(SLEEP, { at: 100 })), 0, 'the same stamp may be');
  t.equal(
    rootOf(aFinished(OOPS, { at: null }), aFinished(SLEEP, { at: null })),
    0,
    'without stamps the task decides',
  );
  t.equal(rootOf(oops, aFinished(SLEEP, { at: null })), 0);
  t.equal(rootOf(aFinished(OOPS, { at: null }), aFinished(SLEEP, { at: 500 })), 0);
});

t.test('nothing follows from a splat of another boot', async (t) => {
  t.equal(rootOf(aFinished(OOPS), aFinished(SLEEP, { at: 101, boot: 1 })), null);
  t.equal(rootOf(aFinished(OOPS), aFinished(SLEEP, { at: 101, boot: 1, taint: 'G D' })), null);
});

t.test('a taint that the kernel got between two reports says what broke it', async (t) => {
  const later = (taint: string) =>
    aFinished('possible deadlock in f', { type: 'LOCKDEP', at: 900, task: 9, taint });
  t.equal(rootOf(aFinished(OOPS), later('G D')), 0, 'a task died: at any time, in any task');
  t.equal(rootOf(aFinished(OOPS, { taint: 'G W' }), later('G D W')), 0);
  t.equal(rootOf(aFinished(OOPS, { taint: 'G D' }), later('G D')), null, 'it was dead before');
  t.equal(rootOf(aFinished(OOPS), later('G W')), null);
  t.equal(rootOf(aFinished(WARNING), later('G D')), null, 'a warning kills no task');
  const soon = (taint: string, at = 105) => aFinished(SLEEP, { type: 'ATOMIC_SLEEP', at, task: 9, taint });
  t.equal(rootOf(aFinished(KASAN), soon('G B')), 0, 'memory was found corrupted: soon, in any task');
  t.equal(rootOf(aFinished(KASAN), soon('G B', 200)), null);
  t.equal(rootOf(aFinished(KASAN, { taint: 'G B' }), soon('G B')), null);
  t.equal(rootOf(aFinished(KASAN), soon('G W')), null);
  t.equal(rootOf(aFinished(WARNING), soon('G B')), null);
});

t.test('a panic follows from what its words blame, other panics from what broke the kernel', async (t) => {
  const panic = (words: string, part: Part = {}) =>
    aFinished(`kernel panic: ${words}`, { type: 'DoS', at: 105, task: 9, ...part });
  for (const words of [
    'Fatal exception',
    'panic_on_warn set',
    'softlockup: hung tasks',
    'hung_task: blocked tasks',
    'kasan.fault set',
  ])
    t.equal(rootOf(aFinished(WARNING), panic(words)), 0, words);
  t.equal(rootOf(aFinished(WARNING), panic('Fatal exception', { at: 200 })), null, 'not soon');
  for (const words of ['dumptest', 'Attempted to kill init!', 'stack is corrupted in f']) {
    t.equal(rootOf(aFinished(WARNING), panic(words)), null, words);
    t.equal(rootOf(aFinished(OOPS), panic(words)), 0, `${words}, after an oops`);
    t.equal(rootOf(aFinished(OOPS), panic(words, { at: 200 })), null, `${words}, long after`);
  }
  const overflow = aFinished('kernel stack overflow in f', { type: 'DoS', at: 105, task: 9 });
  t.equal(rootOf(aFinished(OOPS), overflow), 0);
  t.equal(rootOf(aFinished(WARNING), overflow), null);
});

t.test('without caller ids the task is known by its name and number', async (t) => {
  const oops = (part: Part = {}) => aFinished(OOPS, { task: NO_CALLER, ...part });
  const later = (part: Part = {}) => aFinished(SLEEP, { task: NO_CALLER, at: 103, ...part });
  t.equal(rootOf(oops(), later()), 0);
  t.equal(rootOf(oops(), later({ pid: 8 })), null);
  t.equal(rootOf(oops(), later({ comm: 'other' })), null);
  t.equal(rootOf(oops({ pid: null }), later({ pid: null })), null, 'unknown is not the same');
  t.equal(rootOf(oops({ comm: null }), later({ comm: null })), null);
  t.equal(
    rootOf(oops({ pid: 0, comm: 'swapper' }), later({ pid: 0, comm: 'swapper' })),
    null,
    'the idle tasks share a number',
  );
  t.equal(rootOf(oops({ at: null }), later({ at: null })), null, 'nor without any stamp');
});

t.test('a root that broke something is preferred, and the earlier of two', async (t) => {
  const sleep = aFinished(SLEEP, { type: 'ATOMIC_SLEEP', at: 105 });
  t.equal(rootOf(aFinished(WARNING), aFinished(OOPS, { type: 'DoS', at: 103 }), sleep), 1);
  t.equal(rootOf(aFinished(OOPS, { task: 8 }), aFinished(OOPS, { at: 103 }), sleep), 1);
  t.strictSame(findRoots([aFinished(OOPS), aFinished(KASAN, { type: 'KASAN-READ', at: 103 }), sleep]), [
    null,
    0,
    0,
  ]);
});

t.test('what lockdep says of a task that leaked a lock follows from the leak', async (t) => {
  const leak = aFinished('BUG: workqueue leaked atomic, lock or RCU in f', { type: 'LOCKDEP' });
  const deadlock = (task: number, at: number) =>
    aFinished('possible deadlock in f', { type: 'LOCKDEP', task, at });
  t.equal(rootOf(leak, deadlock(7, 101)), 0);
  t.equal(rootOf(leak, deadlock(8, 101)), null, 'another task');
  t.equal(rootOf(deadlock(7, 99), leak), null, 'a deadlock leaks nothing');
});

t.test('a splat that follows explains nothing itself', async (t) => {
  const sleep = aFinished(SLEEP, { type: 'ATOMIC_SLEEP', at: 109, lastAt: 109 });
  const late = aFinished(WARNING, { at: 115 });
  t.strictSame(findRoots([aFinished(OOPS, { lastAt: 100 }), sleep, late]), [null, 0, null]);
});

t.test('of harmless roots the earlier is the root', async (t) => {
  const all = [
    aFinished(WARNING),
    aFinished('WARNING in g', { task: 9 }),
    aFinished(OOPS, { task: 9, type: 'DoS' }),
  ];
  t.equal(
    rootOf(...all, aFinished(SLEEP, { at: 105 })),
    0,
    'an oops of another task breaks nothing of this one',
  );
});

t.test('in a flood only the latest 64 roots are compared', async (t) => {
  const flood = (others: number) => [
    aFinished(WARNING, { task: 1 }),
    ...Array.from({ length: others }, (_, index) => aFinished(WARNING, { task: index + 2 })),
    aFinished(WARNING, { task: 1, at: 101 }),
  ];
  t.equal(rootOf(...flood(63)), 0);
  t.equal(rootOf(...flood(64)), null);
});

t.test(
  'a complaint from inside the end of an oops follows from the last oops, with or without stamps',
  async (t) => {
    const inside = (functions: readonly string[]) => {
      const own = aFinished(SLEEP, { type: 'ATOMIC_SLEEP', task: NO_CALLER, pid: 9, at: null });
      return { ...own, splat: { ...own.splat, frames: functions.map((name) => aFrame({ function: name })) } };
    };
    const oops = (pid: number) => aFinished(OOPS, { task: NO_CALLER, pid, at: null });
    t.equal(rootOf(oops(7), inside(['down_read', 'do_exit', 'die', 'do_trap'])), 0);
    t.equal(rootOf(oops(7), oops(8), inside(['do_exit', 'oops_end'])), 1);
    t.equal(rootOf(oops(7), inside(['do_exit', 'do_syscall_64'])), null);
  },
);

t.test('two warnings of the task that starts the kernel are related only in one function', async (t) => {
  const warn = (culprit: string) => {
    const own = aFinished(`WARNING in ${culprit}`, { task: 1, pid: 1, comm: 'swapper/0' });
    return { ...own, splat: { ...own.splat, culprit } };
  };
  t.equal(rootOf(warn('pond_init'), warn('lake_init')), null);
  t.equal(rootOf(warn('pond_init'), warn('pond_init')), 0);
});
