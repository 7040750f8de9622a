// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { PROJECT_ROOT } from '../testing/index.ts';

t.setTimeout(240_000);

/** Runs the suite with an empty cache: nothing here needs one. */
function bench(t: { testdir(): string }, ...words: string[]) {
  const { PATH = '' } = process.env;
  const main = join(PROJECT_ROOT, 'dist/harness/bench/main.js');
  const { stdout, stderr, status } = spawnSync(process.execPath, [main, ...words], {
    encoding: 'utf8',
    env: { PATH, HOME: t.testdir() },
  });
  return { stdout, stderr, status };
}

/** Names that programs rely on. */
const PROMISED = [
  ...['boot.cold', 'freeze', 'thaw.qmp', 'thaw.firstCommand', 'trials.perHour.coldBoot'],
  ...[
    'memory.clones1',
    'memory.clones10',
    'build.cold',
    'build.oneLine',
    'per-patch.builds',
    'per-patch.total',
  ],
  ...['scan.quiet', 'scan.mixed', 'scan.flood', 'scan.quietProcess', 'scan.mixedProcess'],
  ...['cli.help', 'cli.scanHelp', 'cli.scanLog'],
  ...['sandbox.cold.cost', 'sandbox.oneLine.cost'],
  ...['run.trivial.firstTrial', 'run.trivial.total', 'edit.firstTrial', 'source.ready', 'source.growth'],
];

t.test('every promised figure is there, once', async (t) => {
  const names = bench(t, '--list')
    .stdout.trimEnd()
    .split('\n')
    .map((line) => line.replace(/ .*$/, ''));
  t.equal(new Set(names).size, names.length);
  for (const name of PROMISED) t.ok(names.includes(name), name);
});

t.test('programs get one object on standard output, progress is on standard error', async (t) => {
  const { stdout, stderr, status } = bench(t, '--json', '--only', 'cli.node,cli.help', '--iterations', '2');
  t.equal(status, 0, stderr);
  const figures = JSON.parse(stdout);
  t.strictSame(Object.keys(figures), ['cli.node', 'cli.help']);
  for (const figure of Object.values<Record<string, unknown>>(figures)) {
    t.match(figure, { unit: 'ms', n: 2 });
    for (const key of ['median', 'min', 'max']) t.ok(Number(figure[key]) > 0, key);
  }
  t.match(stderr, /^cli\.help \d+/m);
});

t.test('what cannot be measured is an error that says why, with exit code 69', async (t) => {
  const { stdout, status } = bench(t, '--json', '--only', 'boot', '--kernel', 'no-such-kernel');
  t.equal(status, 69);
  t.match(JSON.parse(stdout), { 'boot.cold': { unit: 's', error: /no-such-kernel/ } });
});

t.test('unknown names and options are refused', async (t) => {
  for (const words of [['--only', 'bot'], ['--iterations', '0'], ['--fast']]) {
    const { stdout, status } = bench(t, ...words);
    t.strictSame([stdout, status], ['', 2], words.join(' '));
  }
});
