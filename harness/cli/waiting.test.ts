// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import t from 'tap';
import { pause } from '../host/index.ts';
import { forEachRow, KTRIAL, runShell } from '../testing/program.ts';

t.setTimeout(240_000);

const FILES = { 'ok.yaml': 'name: ok\ndescription: a test\nsteps:\n  - run: "true"\n', d: {} };
const RUN = 'ktrial run --kernel smoke-5.10 --scenarios ok.yaml --dry-run';

/** A program that waits for ever is killed after this time, which is then its exit code: 137. */
const DEADLINE_MS = 45_000;

t.test('a named pipe at which nobody writes holds nothing up', async (t) => {
  const cwd = t.testdir(FILES);
  await runShell('mkfifo p d/p.yaml', { cwd });
  const lines = [
    'ktrial lint p',
    'ktrial lint d',
    'ktrial lint d ok.yaml p',
    'ktrial scan p',
    'ktrial scan ok.yaml p',
    'ktrial scan --vmlinux p ok.yaml',
    'ktrial scan --vmlinux ok.yaml --source p ok.yaml',
    'ktrial run --kernel smoke-5.10 --scenarios p --dry-run',
    'ktrial run --kernel smoke-5.10 --scenarios d --dry-run',
    `${RUN} p`,
    `${RUN} --config p`,
    `${RUN} --run-directory p`,
    `${RUN} -o tap:p`,
    'ktrial report p',
    'ktrial show p',
  ];
  await forEachRow(lines, async (line) => {
    const { exitCode, stderr, stdout } = await runShell(line, { cwd, timeoutMs: DEADLINE_MS });
    t.equal(exitCode, 2, `${line}: ${stdout}${stderr}`);
  });
});

/** Starts the program with an input at which nobody writes; returns its exit code after signals, and what it said. */
async function interrupt(args: readonly string[], cwd: string, signals: readonly NodeJS.Signals[]) {
  const script = 'exec 0< <(exec sleep 60) 3< <(exec sleep 60); exec "$@"';
  const { PATH = '' } = process.env;
  const child = spawn('bash', ['-c', script, 'bash', process.execPath, KTRIAL, ...args], {
    cwd,
    env: { PATH, HOME: cwd },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  const pid = child.pid as number;
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const ended = new Promise<number | string>((resolve) =>
    child.once('exit', (code, signal) => resolve(code ?? signal ?? '')),
  );
  const timer = setTimeout(() => process.kill(-pid, 'SIGKILL'), DEADLINE_MS);
  // The program listens to signals once it catches the interrupt, the second one.
  while (child.exitCode === null && child.signalCode === null) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    if (BigInt(`0x${/^SigCgt:\s*(\w+)$/m.exec(status)?.[1] ?? '0'}`) & 2n) break;
    await pause(50);
  }
  await pause(3000);
  for (const signal of signals) {
    child.kill(signal);
    await pause(20);
  }
  const end = await ended;
  clearTimeout(timer);
  process.kill(-pid, 'SIGKILL');
  return { end, said };
}

t.test('an interruption ends what waits for input, with 130', async (t) => {
  const cwd = t.testdir(FILES);
  const run = ['run', '--kernel', 'smoke-5.10', '--dry-run'];
  const rows: readonly (readonly [args: readonly string[], signals: readonly NodeJS.Signals[]])[] = [
    [['scan'], ['SIGINT']],
    [['scan', '-'], ['SIGTERM']],
    [['scan', '/dev/stdin'], ['SIGHUP']],
    [['scan', '/dev/fd/3'], ['SIGINT']],
    [
      ['lint', '/dev/fd/3'],
      ['SIGINT', 'SIGINT'],
    ],
    [[...run, '-', '--scenarios', 'ok.yaml'], ['SIGINT']],
    [
      [...run, '/dev/fd/3', '--scenarios', 'ok.yaml'],
      ['SIGTERM', 'SIGTERM'],
    ],
    [[...run, '--scenarios', '/dev/fd/3'], ['SIGINT']],
    [[...run, '--scenarios', 'ok.yaml', '--config', '/dev/fd/3'], ['SIGINT']],
  ];
  await forEachRow(rows, async ([args, signals]) => {
    const { end, said } = await interrupt(args, cwd, signals);
    // What waits in a thread of Node's is ended by the signal itself, for which a shell shows 130.
    t.ok(end === 130 || end === 'SIGINT', `${args.join(' ')}: ${end} ${said}`);
    t.match(said, /ktrial: stopping/, args.join(' '));
  });
});

t.test('the pipe of <(command) and standard input are read to their end', async (t) => {
  const cwd = t.testdir(FILES);
  const lines = [
    'ktrial lint <(cat ok.yaml)',
    'ktrial lint /dev/stdin <ok.yaml',
    'cat ok.yaml | ktrial lint /dev/stdin',
    'ktrial run --kernel smoke-5.10 --scenarios <(cat ok.yaml) --dry-run',
    `${RUN} --config <(echo CONFIG_A=y)`,
  ];
  await forEachRow(lines, async (line) => {
    const { exitCode, stderr, stdout } = await runShell(line, { cwd, timeoutMs: DEADLINE_MS });
    t.equal(exitCode, 0, `${line}: ${stdout}${stderr}`);
  });
});
