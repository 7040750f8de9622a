// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import t from 'tap';
import { runCommand } from '../host/index.ts';
import { quoteArgs } from '../model/index.ts';
import { PROJECT_ROOT } from '../testing/index.ts';

t.setTimeout(240_000);

const MAIN = join(import.meta.dirname, 'main.js');

/** Runs a shell line in which `ktrial` is the command line under test; the exit codes of a pipe's parts are on the last line. */
async function shell(line: string) {
  const ktrial = quoteArgs([process.execPath, MAIN]);
  return runCommand('bash', ['-c', `ktrial() { ${ktrial} "$@"; }; ${line}`], {
    accept: 'any',
    cwd: PROJECT_ROOT,
  });
}

t.test('a reader that goes away is no fault', async (t) => {
  for (const line of [
    'ktrial --help | head -c1 >/dev/null; echo $PIPESTATUS',
    'ktrial run --help | true; echo $PIPESTATUS',
    'ktrial lint 2>&1 | true; echo $PIPESTATUS',
    'ktrial lint 2>&1 | head -c1 >/dev/null; echo $PIPESTATUS',
    'ktrial lint 2>&1 >/dev/null | true; echo $PIPESTATUS',
    'ktrial list | true; echo $PIPESTATUS',
    `echo all is well | ktrial scan | true; echo \${PIPESTATUS[1]}`,
    'ktrial run --kernel smoke-5.10 --scenarios scenarios/mdev/quick --dry-run | true; echo $PIPESTATUS',
    'ktrial run --kernel smoke-5.10 --scenarios scenarios/mdev/quick --dry-run 2>&1 >/dev/null | true; echo $PIPESTATUS',
  ])
    t.equal((await shell(line)).stdout.trim(), '0', line);
});

t.test('an output that cannot be written is the lab’s fault, never a verdict', async (t) => {
  for (const line of [
    'ktrial lint >/dev/full; echo $?',
    'ktrial --help >/dev/full; echo $?',
    'ktrial --version >/dev/full; echo $?',
    'echo all is well | ktrial scan --json >/dev/full; echo $?',
    'ktrial run --kernel smoke-5.10 --scenarios scenarios/mdev/quick --dry-run >/dev/full; echo $?',
  ]) {
    const { stdout, stderr } = await shell(line);
    t.equal(stdout.trim(), '69', line);
    t.match(stderr, /the disk is full.*HOST_DISK_FULL/, line);
  }
  const silent = await shell('ktrial run --kernel no-such 2>/dev/full; echo $?');
  t.equal(silent.stdout.trim(), '2', 'the request is wrong whether or not anybody can read it');
});

t.test('closed outputs do not turn an answer into a verdict', async (t) => {
  t.equal((await shell('ktrial lint >&- 2>&-; echo $?')).stdout.trim(), '0');
  t.equal((await shell('ktrial lint no-such-file.yaml >&- 2>&-; echo $?')).stdout.trim(), '2');
});

t.test('an error that nobody foresaw is exit code 70, not 1', async (t) => {
  const scriptOf = (failing: string) => `process.argv = [process.argv[0], 'ktrial', 'lint'];
    const timer = setInterval(() => {
      if (process.listenerCount('uncaughtException') === 0) return;
      clearInterval(timer);
      ${failing}
    }, 1);
    await import(${JSON.stringify(MAIN)});`;
  const run = (failing: string) =>
    runCommand(process.execPath, ['--input-type=module', '-e', scriptOf(failing)], { accept: 'any' });
  const thrown = await run("throw new TypeError('nobody foresaw this');");
  t.equal(thrown.exitCode, 70, thrown.stderr);
  t.match(thrown.stderr, /a bug in ktrial: nobody foresaw this/);
  const rejected = await run("void Promise.reject(new TypeError('nobody foresaw this'));");
  t.equal(rejected.exitCode, 70, rejected.stderr);
});
