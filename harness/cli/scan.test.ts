// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runCommand } from '../host/index.ts';
import { PROJECT_ROOT } from '../testing/index.ts';

t.setTimeout(240_000);

const MAIN = join(PROJECT_ROOT, 'dist/harness/cli/main.js');
const SOURCE = `int start_kernel(int *);
__attribute__((noinline)) int outer(volatile int *p) {
	*p = 3;
	return *p * 2;
}
int main(int n, char **v) {
	return outer(&n) + 1;
}
int start_kernel(int *p) { return *p; }
`;

/** Output and exit code of `ktrial scan`; nothing of this computer's environment but its PATH. */
function scan(words: readonly string[], input = '', env: Readonly<Record<string, string>> = {}) {
  const { PATH = '' } = process.env;
  const { stdout, stderr, status } = spawnSync(process.execPath, [MAIN, 'scan', ...words], {
    input,
    encoding: 'utf8',
    env: { PATH, ...env },
  });
  return { stdout, stderr, status };
}

/** A linked program with debug information, and the log of a warning in it. */
async function aKernel(directory: string) {
  const build = join(directory, 'build');
  const vmlinux = join(build, 'vmlinux');
  await runCommand('gcc', ['-g', '-O0', '-o', vmlinux, 'init/main.c'], { cwd: join(directory, 'linux') });
  const { stdout } = await runCommand('nm', ['-S', vmlinux]);
  const size = Number.parseInt(/^\S+ (\S+) T outer$/m.exec(stdout)?.[1] ?? '', 16);
  const place = `outer+0x0/0x${size.toString(16)}`;
  const log = [
    '------------[ cut here ]------------',
    `WARNING: CPU: 0 PID: 7 at init/main.c:2 ${place}`,
    'CPU: 0 PID: 7 Comm: sample Not tainted 5.10.0 #1',
    `RIP: 0010:${place}`,
    'Call Trace:',
    ' nowhere+0x1/0x2',
    '---[ end trace 0000000000000000 ]---',
  ];
  return { vmlinux, log: `${log.map((line) => `[    1.000000] ${line}`).join('\n')}\n` };
}

const FILES = { linux: { init: { 'main.c': SOURCE } }, build: {} };
const LOG =
  '[    1.0] BUG: kernel NULL pointer dereference, address: 0\n[    1.0] Kernel panic - not syncing: x\n';

t.test('what only some count is counted when it is named', async (t) => {
  const log = '[    1.0] Out of memory: Killed process 42 (probe) total-vm:1048576kB\n';
  t.equal(scan([], log).status, 0);
  const { status, stdout } = scan(['--also', 'interrupt,outOfMemory'], log);
  t.equal(status, 1);
  t.match(stdout, 'out of memory: killed process');
  const unknown = scan(['--also', 'weather'], log);
  t.match(unknown.stderr, /no optional kind weather/);
  t.match(unknown.stderr, /machineCheck/);
  t.not(unknown.status, 0);
});

t.test('a log is read from standard input, named or not, and from a file, with one answer', async (t) => {
  const file = join(t.testdir({ 'a.log': LOG }), 'a.log');
  const answers = [scan([], LOG), scan(['-'], LOG), scan([file])];
  for (const { stdout, stderr, status } of answers) {
    t.match(stdout, /NULL pointer dereference/);
    t.strictSame([stderr, status], ['', 1]);
    t.equal(stdout, answers[0]?.stdout);
  }
  t.strictSame(scan(['-'], 'all is well\n'), {
    stdout: 'no complaint of the kernel in 1 line\n',
    stderr: '',
    status: 0,
  });
});

t.test('programs get one line of JSON a file, and exit code 0', async (t) => {
  const file = join(t.testdir({ 'a.log': LOG }), 'a.log');
  const { stdout, status } = scan(['--json', file, '-'], 'all is well\n');
  t.equal(status, 0);
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.strictSame(
    lines.map((line) => [line.file, line.splats.length]),
    [
      [file, 1],
      ['-', 0],
    ],
  );
  t.equal(lines[0].splats[0].source, null);
});

t.test('colour is for terminals, and for whom asks for it', async (t) => {
  t.notMatch(scan([], LOG).stdout, /\u001b/);
  t.match(scan([], LOG, { FORCE_COLOR: '1' }).stdout, /\u001b\[/);
  t.notMatch(scan([], LOG, { FORCE_COLOR: '1', NO_COLOR: '1' }).stdout, /\u001b/);
});

t.test(
  'source lines and text come from a vmlinux and its tree; without the tree there are lines',
  async (t) => {
    const directory = t.testdir(FILES);
    const { vmlinux, log } = await aKernel(directory);
    const source = join(directory, 'linux');
    const quoted = scan(['--vmlinux', vmlinux, '--source', source], log);
    t.match(quoted.stdout, /^ {2}at outer\+0x0\/0x\w+ init\/main\.c:2$/m);
    t.ok(
      quoted.stdout.includes(
        [
          'main.c:2',
          '      1  | int start_kernel(int *);',
          '    > 2  | __attribute__((noinline)) int outer(volatile int *p) {',
          '      3  |         *p = 3;',
          '',
        ].join('\n'),
      ),
      quoted.stdout,
    );
    const json = JSON.parse(scan(['--json', '--vmlinux', vmlinux, '--source', source], log).stdout);
    t.match(json.splats[0].source, { function: 'outer', file: 'init/main.c', line: 2 });
    t.strictSame(
      json.splats[0].source.lines.map((line: { number: number }) => line.number),
      [1, 2, 3],
    );
    const bare = scan(['--vmlinux', vmlinux], log).stdout;
    t.match(bare, /at outer\+0x0\S+ init\/main\.c:2\n/);
    t.notMatch(bare, /\|/);
    writeFileSync(join(source, 'init/main.c'), 'another tree\n');
    t.notMatch(
      scan(['--vmlinux', vmlinux, '--source', source], log).stdout,
      /\|/,
      'a line that is not there',
    );
    renameSync(vmlinux, join(source, 'vmlinux'));
    writeFileSync(join(source, 'init/main.c'), SOURCE);
    t.match(scan(['--vmlinux', join(source, 'vmlinux')], log).stdout, /> 2 {2}\| __attribute__/, 'beside it');
  },
);

t.test('what is not there is said before a log is read', async (t) => {
  const directory = t.testdir({ 'a.log': LOG });
  const words = (...given: string[]) => {
    const { stdout, stderr, status } = scan([...given, join(directory, 'a.log')]);
    t.strictSame([stdout, status], ['', 2], given.join(' '));
    return stderr;
  };
  t.match(words('--vmlinux', '/nonexistent/vmlinux'), /there is no vmlinux/);
  t.match(words('--source', directory), /without --vmlinux/);
  t.match(words('--vmlinux', process.execPath, '--source', '/nonexistent'), /no source directory/);
  t.match(words('/nonexistent/log'), /there is no log/);
});
