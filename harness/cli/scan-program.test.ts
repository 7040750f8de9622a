// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import t from 'tap';
import { runCommand } from '../host/index.ts';
import { PROJECT_ROOT } from '../testing/index.ts';
import { forEachRow, KTRIAL, runShell } from '../testing/program.ts';

t.setTimeout(240_000);

const SCAN = join(import.meta.dirname, 'scan-main.js');
const LOG = '[    1.000000] WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2\n';
const FILES = { bad: LOG, good: '[    1.0] all is well\n', empty: '' };

/** Prints the address of every module that a program loads. */
const WATCH = `
import { register } from 'node:module';
register('data:text/javascript,' + encodeURIComponent(\`
import { writeSync } from 'node:fs';
export async function load(url, context, next) { writeSync(2, url + '\\\\n'); return next(url, context); }\`));`;

/** Rooms and packages that a command line loads: `host`, `commander`. */
async function findLoaded(words: readonly string[]): Promise<ReadonlySet<string>> {
  const watch = `data:text/javascript,${encodeURIComponent(WATCH)}`;
  const { stderr } = await runCommand(process.execPath, ['--import', watch, ...words], {
    accept: [0, 1],
    cwd: PROJECT_ROOT,
  });
  return new Set(
    [...stderr.matchAll(/^file:\/\/.*?\/(?:dist\/harness|node_modules)\/([^/\n]+)/gm)].map(
      ([, name = '']) => name,
    ),
  );
}

t.test('the program answers as the verb does', async (t) => {
  const cwd = t.testdir(FILES);
  const lines = [
    'bad',
    'good bad',
    '--json bad good',
    '--json --fail bad',
    '--follow --fail < bad',
    '--follow --json < bad',
    '--limit splats=1 --also outOfMemory bad',
    '--color always bad',
    'empty',
    'none',
    '--also weather bad',
    '--limit splats=x bad',
    '--also= bad',
    '--nonsense',
    '""',
  ];
  await forEachRow(lines, async (line) => {
    const own = await runShell(`node ${SCAN} ${line}`, { cwd });
    const other = await runShell(`ktrial scan ${line}`, { cwd });
    t.equal(own.stdout, other.stdout, line);
    t.equal(own.exitCode, other.exitCode, line);
    // The hint where the options are listed names the program.
    const said = own.stderr
      .replace('(ktrial-scan --help shows what there is)\n', '')
      .replaceAll('ktrial-scan [', 'ktrial scan [');
    t.equal(said, other.stderr, line);
  });
});

t.test('it loads nothing that scanning a log does not need', async (t) => {
  const cwd = t.testdir(FILES);
  t.strictSame([...(await findLoaded([SCAN, '--help']))].sort(), ['cli', 'commander', 'model']);
  const needed = ['cli', 'commander', 'host', 'model', 'scan', 'splat'];
  t.strictSame([...(await findLoaded([SCAN, join(cwd, 'good')]))].sort(), needed);
  t.strictSame([...(await findLoaded([SCAN, '--json', join(cwd, 'bad')]))].sort(), needed);
  const whole = await findLoaded([KTRIAL, 'list']);
  t.ok(whole.has('campaign') && whole.has('zod'), 'what is loaded is seen');
});
