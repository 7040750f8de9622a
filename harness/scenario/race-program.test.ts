// SPDX-License-Identifier: MIT
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { PROJECT_ROOT } from '../testing/index.ts';
import { createRaceReader } from './race-output.ts';

/** The guest's program, compiled for this computer and run on it. Of times only the order is looked at. */

t.setTimeout(120_000);

const home = mkdtempSync(join(tmpdir(), 'ktrial-race-'));
t.teardown(() => rmSync(home, { recursive: true, force: true }));
const program = join(home, 'race');
const compiled = spawnSync(
  'gcc',
  [
    ...['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror', '-o', program],
    join(PROJECT_ROOT, 'images/guest/race.c'),
  ],
  { encoding: 'utf8' },
);
t.equal(compiled.status, 0, compiled.stderr);

function race(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    cwd: home,
    env: { ...process.env, KTRIAL_SEED: '7' },
    timeout: 60_000,
  });
  const reader = createRaceReader(() => []);
  reader.read(stdout);
  const rounds = [...stdout.matchAll(/^round .*$/gm)].map(([line]) => readRound(line));
  return { ...reader.result(), status, stdout, stderr, rounds };
}

/** Starts by actor, from the first start that was planned, in microseconds. */
function readRound(line: string) {
  const starts = new Map(
    [...line.matchAll(/ ([a-z]\w*) \S+:\d+ (-?\d+) (-?\d+)/g)].map(([, name, started]) => [
      String(name),
      Number(started) / 1000,
    ]),
  );
  const [, number, offset, spread] = line.split(' ');
  return { number: Number(number), offsetUs: Number(offset), spreadUs: Number(spread) / 1000, starts };
}

const command = (name: string, text: string, hit = '', cpu = '-') => [
  ...['actor', name, cpu, '-', hit, 'command', '1', text],
];

const isPossible = cpus().length > 1;
const skip = isPossible ? false : 'this computer has one CPU';

t.test('no actor starts before its offset, and each start and result is reported', { skip }, async (t) => {
  const got = race(
    ...['-n', '20', '-o', '-2000:1000:5'],
    ...['actor', 'first', '+', '-', '', 'write', '4', '0', join(home, 'none'), '0', 'x'],
    ...command('second', 'exit 3', '3', '+'),
  );
  t.equal(got.status, 0, got.stderr);
  t.strictSame(got.end, { reason: 'rounds', detail: [''] });
  t.strictSame(
    got.points.map((one) => [one.offsetUs, one.rounds, one.hits]),
    [-2000, -1000, 0, 1000, 2000].map((offsetUs) => [offsetUs, 4, 4]),
  );
  t.strictSame([...(got.actors.get('first') ?? [])], [['ENOENT', 20]]);
  t.strictSame([...(got.actors.get('second') ?? [])], [['3', 20]]);
  for (const { offsetUs, spreadUs, starts } of got.rounds) {
    const first = starts.get('first') ?? Number.NaN;
    const second = starts.get('second') ?? Number.NaN;
    t.ok(first >= Math.max(0, -offsetUs), `the first one waits: ${first} us`);
    t.ok(second >= Math.max(0, offsetUs), `the second one waits: ${second} us`);
    t.ok(
      Math.abs(Math.abs(second - first - offsetUs) - spreadUs) < 0.002,
      'the spread is what they differ by',
    );
  }
  t.equal(new Set(got.rounds.map((one) => one.number)).size, 20);
});

t.test('jitter comes from the seed: the same again, and within its bound', { skip }, async (t) => {
  const run = () =>
    race('-n', '12', '-o', '5000:0:1', '-j', '4000', ...command('a', 'true'), ...command('b', 'true'));
  const [one, other] = [run(), run()];
  t.strictSame(
    one.rounds.map((round) => round.offsetUs),
    other.rounds.map((round) => round.offsetUs),
    'the offset that is reported is that of the sweep',
  );
  for (const { starts } of one.rounds) t.ok((starts.get('b') ?? 0) >= 1000);
});

t.test('every kind of action, what is done before and after, and ROUND', { skip }, async (t) => {
  const got = race(
    ...['-n', '3'],
    ...['before', 'success', 'write', '4', '0', '/dev/null', '0', 'x'],
    ...['before', '0', 'command', '1', 'echo $ROUND >>before'],
    ...['after', '!', 'command', '1', 'echo $ROUND >>after; exit 9'],
    ...['actor', 'uuids', '-', 'nice:5', '', 'write', '3', '1', '/dev/null', '4'],
    ...['actor', 'loader', '-', 'fifo:1', 'ENOENT', 'insmod', '2', join(home, 'none.ko'), 'a=1'],
    ...['actor', 'unloader', '-', '-', '!', 'rmmod', '1', 'no_such_module'],
    ...command('shell', 'exit $ROUND', '2'),
  );
  t.equal(got.end?.reason, 'rounds', got.stdout);
  t.strictSame([...(got.actors.get('uuids') ?? [])], [['success', 12]]);
  t.strictSame([...(got.actors.get('loader') ?? [])], [['ENOENT', 3]]);
  t.strictSame([...(got.actors.get('shell')?.keys() ?? [])], ['1', '2', '3']);
  t.equal(got.hits, 3);
  t.equal(readFileSync(join(home, 'before'), 'utf8'), '1\n2\n3\n');
  t.equal(readFileSync(join(home, 'after'), 'utf8'), '1\n2\n3\n');
});

t.test(
  'what ends a race is said: a hit, the time, an action, an actor that does not end',
  { skip },
  async (t) => {
    const both = (text: string, hit = '') => [...command('a', text, hit), ...command('b', 'true')];
    t.match(race('-n', '9', '-1', ...both('[ $ROUND != 3 ]', '1')), {
      hits: 1,
      end: { reason: 'hit' },
      rounds: { length: 3 },
    });
    t.match(race('-t', '1', '-n', '100000', ...both('true')).end, { reason: 'time' });
    t.strictSame(race('-n', '9', 'before', '0', 'command', '1', '[ $ROUND != 2 ]', ...both('true')).end, {
      reason: 'before',
      detail: ['2', '1', '1'],
    });
    t.strictSame(
      race('-n', '9', 'after', 'EIO', 'rmmod', '1', 'no_such_module', ...both('true')).end?.reason,
      'after',
    );
    const late = race('-n', '9', '-T', '300', ...both('sleep 100'));
    t.strictSame(late.end, { reason: 'timeout', detail: ['1'] });
    t.strictSame([...(late.actors.get('a') ?? [])], [['timeout', 1]]);
  },
);

t.test(
  'an actor that the kernel kills is reported, and takes part in the next round',
  { skip },
  async (t) => {
    const got = race('-n', '3', ...command('a', 'kill -KILL $PPID', 'SIGKILL'), ...command('b', 'true'));
    t.strictSame([...(got.actors.get('a') ?? [])], [['SIGKILL', 3]]);
    t.strictSame([...(got.actors.get('b') ?? [])], [['0', 3]]);
    t.equal(got.hits, 3);
  },
);

t.test('SIGTERM ends it after the present round, and nothing is left', { skip }, async (t) => {
  const child = spawn(program, [...command('a', 'sleep 0.1'), ...command('b', 'true')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
    if (/^round 3 /m.test(printed)) child.kill('SIGTERM');
  });
  await once(child, 'close');
  t.equal(child.exitCode, 0);
  t.match(printed, /end stopped\n$/);
  const { stdout } = spawnSync('pgrep', ['-f', program], { encoding: 'utf8' });
  t.equal(stdout, '');
});

t.test('a CPU that is not there is refused with a reason', async (t) => {
  const got = race('-n', '1', ...command('a', 'true', '', '999'), ...command('b', 'true'));
  t.equal(got.status, 64);
  t.match(got.stderr, isPossible ? /a CPU that this machine does not have/ : /needs two CPUs/);
});

t.test('bad usage is refused', async (t) => {
  for (const args of [
    [],
    command('a', 'true'),
    ['-o', '1:2', ...command('a', 'true'), ...command('b', 'true')],
    ['actor', 'a', '-', '-', '', 'write', '2', '0', '/f', ...command('b', 'true')],
    ['actor', 'a', '-', '-', '', 'jump', '1', 'x', ...command('b', 'true')],
    ['before', '0', 'command', '9', 'true'],
  ])
    t.equal(race(...args).status, 2, args.join(' '));
});
