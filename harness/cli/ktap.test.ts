// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { PROJECT_ROOT } from '../testing/index.ts';

const MAIN = join(PROJECT_ROOT, 'dist/harness/cli/main.js');

/** Output and exit code of `ktrial ktap`. */
function ktap(args: readonly string[], input: string | Buffer = '', cwd = PROJECT_ROOT) {
  const { PATH = '' } = process.env;
  const { stdout, stderr, status } = spawnSync(process.execPath, [MAIN, 'ktap', ...args], {
    cwd,
    input,
    encoding: 'utf8',
    env: { PATH },
  });
  return { stdout, stderr, status };
}

const GOOD = 'KTAP version 1\n1..2\nok 1 pond\nok 2 lake # SKIP no water\n';
const BAD = 'KTAP version 1\n1..2\nok 1 pond\n# lake: expected 3\nnot ok 2 lake\n';

t.test('a log in which all is ok exits with 0, and every test is listed', async (t) => {
  const { stdout, status } = ktap([], GOOD);
  t.equal(status, 0);
  t.equal(stdout, 'ok      pond\nskip    lake: no water\n2 tests: 1 skip, 1 ok\n');
});

t.test('a failing test exits with 1, and what it printed is below it', async (t) => {
  const { stdout, status } = ktap(['-'], BAD);
  t.equal(status, 1);
  t.equal(stdout, 'ok      pond\nnot ok  lake\n          # lake: expected 3\n2 tests: 1 not ok, 1 ok\n');
  t.equal(
    ktap(['--failed'], BAD).stdout,
    'not ok  lake\n          # lake: expected 3\n2 tests: 1 not ok, 1 ok\n',
  );
});

t.test('a log without KTAP exits with 2 and says what was expected', async (t) => {
  const { stderr, status } = ktap([], '[    1.0] Linux version 6.12\n');
  t.equal(status, 2);
  t.match(stderr, 'standard input: got 1 line without KTAP, expected a line "KTAP version 1"');
});

t.test('of several logs each is read, packed ones too, and one without KTAP is no clean log', async (t) => {
  const directory = t.testdir({ 'a.log': GOOD, 'c.log': 'nothing\n', 'b.log.gz': gzipSync(BAD) as never });
  const { stdout, stderr, status } = ktap(['a.log', 'b.log.gz', 'c.log'], '', directory);
  t.equal(status, 2);
  t.match(stdout, /^a\.log:\nok {6}pond\n[\s\S]*b\.log\.gz:\n[\s\S]*not ok {2}lake/);
  t.match(stderr, /c\.log: got 1 line without KTAP[\s\S]*1 of 3 logs could not be read/);
});

t.test('JSON has one object a log', async (t) => {
  const { stdout, status } = ktap(['--json'], BAD);
  t.equal(status, 1);
  t.strictSame(JSON.parse(stdout), {
    format: 1,
    log: '-',
    tests: [
      { name: 'pond', outcome: 'ok', reason: null, details: [] },
      { name: 'lake', outcome: 'notOk', reason: null, details: ['# lake: expected 3'] },
    ],
    counts: { tests: 2, failed: 1 },
    bailOut: null,
    problems: [],
  });
});

t.test('a file that is not there is the request’s fault', async (t) => {
  const { stderr, status } = ktap(['nowhere.log']);
  t.equal(status, 2);
  t.match(stderr, 'nowhere.log');
});
