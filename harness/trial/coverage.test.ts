// SPDX-License-Identifier: MIT
import t from 'tap';
import type { ChangedFunction, Guest } from '../model/index.ts';
import { Fault } from '../model/index.ts';
import { countHits, parseCounts, startCounting } from './coverage.ts';

const aFunction = (name: string, more: Partial<ChangedFunction> = {}): ChangedFunction => ({
  function: name,
  file: 'a.c',
  probes: [`m:${name}`],
  inlined: false,
  unmeasured: null,
  ...more,
});

const timeouts = { scale: (ms: number) => ms };

function aGuest(reply: (command: string) => { exitCode?: number; stdout?: string } | Error) {
  const asked: string[] = [];
  const guest: Pick<Guest, 'run'> = {
    async run(command) {
      asked.push(command);
      const answer = reply(command);
      if (answer instanceof Error) throw answer;
      return { exitCode: 0, signal: null, stdout: '', stderr: '', durationMs: 1, timedOut: false, ...answer };
    },
  };
  return { guest, asked };
}

t.test('what the module says becomes hits, and what it cannot say does not become "never executed"', (t) => {
  const counts = parseCounts(
    'm:a 3 0\nm:b 0 0\nm:c 0 -22\nm:d 0 -2\nm:e 0 0\nn 0 -2\nm:h.isra.0 2 0\nnoise\n',
  );
  const functions = [
    aFunction('a'),
    aFunction('b'),
    aFunction('c'),
    aFunction('d'),
    aFunction('e', { inlined: true }),
    aFunction('n', { probes: ['n'], inlined: null }),
    aFunction('g', { probes: [], unmeasured: 'inlined' }),
    aFunction('h', { probes: ['m:h.isra.0', 'm:a'] }),
    aFunction('lost'),
  ];
  t.strictSame(
    countHits(functions, counts).map((one) => [one.function, one.hits, one.unmeasured]),
    [
      ['a', 3, undefined],
      ['b', 0, undefined],
      ['c', null, 'refused'],
      // Its module was never loaded.
      ['d', 0, undefined],
      ['e', null, 'alsoInlined'],
      ['n', null, 'refused'],
      ['g', null, 'inlined'],
      ['h', 5, undefined],
      ['lost', null, 'unread'],
    ],
  );
  t.end();
});

t.test('a guest is told the names before the steps and asked after them', async (t) => {
  const { guest, asked } = aGuest((command) => ({ stdout: command.startsWith('cat') ? 'm:a 1 0\n' : '' }));
  const counting = await startCounting(guest, [aFunction('a')], timeouts);
  t.strictSame(asked, [
    [
      'insmod /overlay/modules/ktrial_coverage.ko',
      'cd /sys/module/ktrial_coverage/parameters',
      '{ to=count; [ ! -d /sys/module/m ] || to=count_loaded; }',
      "echo 'm:a' >$to",
    ].join(' && '),
  ]);
  t.match(await counting.read(null), { functions: [{ function: 'a', hits: 1 }] });
  t.equal(asked[1], 'cat /proc/ktrial_coverage');
});

t.test('many names are told in pieces of which a page has room', async (t) => {
  const { guest, asked } = aGuest(() => ({}));
  const functions = Array.from({ length: 150 }, (_, index) =>
    aFunction(`a_function_with_a_long_name_${index}`),
  );
  await startCounting(guest, functions, timeouts);
  const pieces = [...(asked[0] ?? '').matchAll(/echo '([^']*)'/g)].map(([, names = '']) => names);
  t.ok(pieces.every((piece) => piece.length < 4000));
  t.equal(pieces.join(' ').split(' ').length, 150);
});

t.test('without functions the guest is not asked', async (t) => {
  const { guest, asked } = aGuest(() => ({}));
  t.equal(await (await startCounting(guest, [], timeouts)).read(null), null);
  const inlined = aFunction('a', { probes: [], unmeasured: 'inlined' });
  t.match(await (await startCounting(guest, [inlined], timeouts)).read(null), {
    functions: [{ hits: null, unmeasured: 'inlined' }],
  });
  t.strictSame(asked, []);
});

t.test(
  'a guest that refuses the module, dies or does not answer fails nothing: nothing is known',
  async (t) => {
    const unread = { functions: [{ function: 'a', hits: null, unmeasured: 'unread' }] };
    const gone = new Fault({ blame: 'lab', code: 'GUEST_CONNECTION_LOST', message: 'gone' });
    const read = async (reply: Parameters<typeof aGuest>[0], fault: Fault | null = null) =>
      (await startCounting(aGuest(reply).guest, [aFunction('a')], timeouts)).read(fault);
    t.match(await read(() => ({ exitCode: 1 })), unread);
    t.match(await read(() => gone), unread);
    t.match(await read((command) => (command.startsWith('cat') ? gone : {})), unread);
    const { guest, asked } = aGuest(() => ({}));
    const counting = await startCounting(guest, [aFunction('a')], timeouts);
    t.match(await counting.read(gone), unread);
    t.equal(asked.length, 1, 'after a fault it is not asked');
  },
);
