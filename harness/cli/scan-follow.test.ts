// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { appendFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { pause } from '../host/index.ts';
import { forEachRow, KTRIAL, runShell } from '../testing/program.ts';

t.setTimeout(240_000);

const DEADLINE_MS = 45_000;

const REPORT = [
  '[   18.509175] ------------[ cut here ]------------',
  '[   18.509176] WARNING: CPU: 0 PID: 66 at drivers/pond/pond.c:12 pond_poll+0x12/0x40',
  '[   18.509177] CPU: 0 PID: 66 Comm: probe Not tainted 6.1.0 #1',
  '[   18.509178] RIP: 0010:pond_poll+0x12/0x40',
  '[   18.509179] Call Trace:',
  '[   18.509180]  <TASK>',
  '[   18.509181]  pond_read+0x22/0x80',
  '[   18.509182]  </TASK>',
  '[   18.509183] ---[ end trace 0000000000000000 ]---',
  '',
].join('\n');
const QUIET = '[   18.000000] pond: ready\n';
const TITLE = 'WARNING in pond_poll';
const another = (log: string) => log.replaceAll('pond_poll', 'pond_write').replaceAll('   18.', '   99.');

/** `journalctl -kf`, and a serial console. */
const FORMS: Readonly<Record<string, (log: string) => string>> = {
  dmesg: (log) => log,
  journal: (log) => log.replace(/^\[.*?\]/gm, 'Nov 25 03:07:18 otter kernel:'),
  serial: (log) => log.replaceAll('\n', '\r\n'),
};

/** Starts `ktrial scan --follow`; what it prints can be waited for while its input is open. */
function start(args: readonly string[], cwd: string) {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [KTRIAL, 'scan', '--follow', ...args], {
    cwd,
    env: { PATH, HOME: cwd },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  child.stdin.on('error', () => {});
  const ended = new Promise<number | string>((resolve) =>
    child.once('close', (code, signal) => resolve(code ?? signal ?? '')),
  );
  const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  return {
    input: child.stdin,
    /** Waits until a text was printed so often. */
    async printed(text: string, times = 1): Promise<boolean> {
      for (let round = 0; round < 1500; round += 1) {
        if (`${stdout}${stderr}`.split(text).length > times) return true;
        if (child.exitCode !== null || child.signalCode !== null) return false;
        await pause(20);
      }
      return false;
    },
    async end(signal?: NodeJS.Signals) {
      if (signal) child.kill(signal);
      else child.stdin.end();
      const exitCode = await ended;
      clearTimeout(timer);
      return { exitCode, stdout, stderr };
    },
  };
}

t.test('a complaint of a pipe is printed while the pipe is open', async (t) => {
  await forEachRow(Object.entries(FORMS), async ([name, form]) => {
    const program = start([], '/');
    program.input.write(form(QUIET + REPORT));
    t.ok(await program.printed(TITLE), `${name}: as soon as it is whole`);
    program.input.write(form(another(REPORT)));
    t.ok(await program.printed('WARNING in pond_write'), name);
    const { exitCode, stdout, stderr } = await program.end();
    t.strictSame([exitCode, stderr], [0, ''], name);
    t.match(stdout, /^2 complaints in 19 lines$/m, name);
  });
});

t.test('a file is followed while it grows, is emptied and is replaced, until Ctrl-C', async (t) => {
  const cwd = t.testdir({ log: QUIET });
  const path = join(cwd, 'log');
  const program = start(['--fail', 'log'], cwd);
  // A report that is not whole is not told.
  appendFileSync(path, REPORT.slice(0, 60));
  await pause(600);
  appendFileSync(path, REPORT.slice(60));
  t.ok(await program.printed(TITLE));
  truncateSync(path);
  await pause(600);
  appendFileSync(path, another(REPORT));
  t.ok(await program.printed('WARNING in pond_write'));
  renameSync(path, `${path}.1`);
  writeFileSync(path, QUIET + another(another(REPORT)).replaceAll('pond_write', 'pond_close'));
  t.ok(await program.printed('WARNING in pond_close'));
  const { exitCode, stdout, stderr } = await program.end('SIGINT');
  t.strictSame([exitCode, stderr], [1, '']);
  t.match(stdout, /^3 complaints in \d+ lines$/m);
});

t.test('a report that stops in the middle is announced, and told at the end', async (t) => {
  const torn = `${QUIET}${REPORT.split('\n').slice(0, 4).join('\n')}\n`;
  const program = start(['--fail'], '/');
  program.input.write(torn);
  t.ok(await program.printed('a report began'));
  const { exitCode, stdout } = await program.end();
  t.equal(exitCode, 1);
  t.match(stdout, TITLE);
});

t.test('the exit code tells of complaints where --fail asks for it', async (t) => {
  const cwd = t.testdir({ bad: QUIET + REPORT, good: QUIET });
  const rows: readonly (readonly [string, number])[] = [
    ['ktrial scan bad', 1],
    ['ktrial scan good', 0],
    ['ktrial scan --fail bad', 1],
    ['ktrial scan --json bad', 0],
    ['ktrial scan --json --fail bad', 1],
    ['ktrial scan --json --fail good', 0],
    ['cat bad | ktrial scan --follow', 0],
    ['cat bad | ktrial scan --follow --fail -', 1],
    ['cat bad | ktrial scan --follow --fail --json', 1],
    ['cat good | ktrial scan --follow --fail', 0],
    ['ktrial scan --follow --fail <(cat bad)', 1],
    [`timeout --preserve-status -s INT 3 "\${KTRIAL[@]}" scan --follow good`, 0],
    [`timeout --preserve-status 3 "\${KTRIAL[@]}" scan --follow --fail bad`, 1],
  ];
  await forEachRow(rows, async ([line, expected]) => {
    const { exitCode, stdout, stderr } = await runShell(line, { cwd });
    t.equal(exitCode, expected, `${line}: ${stdout}${stderr}`);
    t.equal(stderr, '', line);
  });
});

t.test('programs get a line of JSON a complaint', async (t) => {
  const cwd = t.testdir({ log: QUIET + REPORT + another(REPORT) });
  const { stdout } = await runShell('cat log | ktrial scan --follow --json', { cwd });
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.strictSame(
    lines.map(({ format, file, corrects, splat }) => [format, file, corrects, splat.title]),
    [
      [1, '-', false, TITLE],
      [1, '-', false, 'WARNING in pond_write'],
    ],
  );
});

t.test('it ends when nobody reads it any more', async (t) => {
  const cwd = t.testdir({ one: QUIET + REPORT, two: another(REPORT) });
  const input = '<(exec 2>/dev/null; cat one; sleep 3; cat two; exec sleep 55)';
  const line = `ktrial scan --follow < ${input} | head -n 1; echo "\${PIPESTATUS[0]}"`;
  const { exitCode, stdout } = await runShell(line, { cwd, timeoutMs: DEADLINE_MS });
  t.strictSame([exitCode, stdout], [0, `${TITLE}\n0\n`]);
});

t.test('what cannot be followed is refused, and nothing is never a clean log', async (t) => {
  const cwd = t.testdir({ log: QUIET, empty: '', d: {} });
  const rows: readonly (readonly [string, RegExp])[] = [
    [': | ktrial scan --follow', /SCAN_EMPTY/],
    [`timeout --preserve-status -s INT 3 "\${KTRIAL[@]}" scan --follow empty`, /SCAN_EMPTY/],
    ['gzip -c log | ktrial scan --follow', /SCAN_NOT_TEXT/],
    ['ktrial scan --follow "$(command -v bash)"', /SCAN_NOT_TEXT/],
    ['ktrial scan --follow log log', /SCAN_FOLLOW_ONE/],
    ['ktrial scan --follow none', /INPUT_NOT_FOUND/],
    ['ktrial scan --follow d', /INPUT_NOT_A_FILE/],
    ['ktrial scan --follow /dev/zero', /INPUT_NOT_A_FILE/],
    ['ktrial scan --follow --grade d', /cannot be used/],
  ];
  await forEachRow(rows, async ([line, answer]) => {
    const { exitCode, stdout, stderr } = await runShell(line, { cwd });
    t.strictSame([exitCode, stdout], [2, ''], line);
    t.match(stderr, answer, line);
  });
});
