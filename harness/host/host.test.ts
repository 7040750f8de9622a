// SPDX-License-Identifier: MIT
import { existsSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { Fault, quoteArgs } from '../model/index.ts';
import { digestFile, exists, makeDirectoryAtomic, runCommand, writeFileAtomic } from './index.ts';

function isZombie(pid: string): boolean {
  return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

async function faultOf(work: Promise<unknown>): Promise<Fault> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

t.test('a command returns its output, and its exit code if that is accepted', async (t) => {
  const result = await runCommand('sh', ['-c', 'echo out; echo err >&2; exit 3'], { accept: [3] });
  t.strictSame([result.stdout, result.stderr, result.exitCode], ['out\n', 'err\n', 3]);
});

t.test('a failing command is a fault with the command and its last lines of output', async (t) => {
  const fault = await faultOf(runCommand('sh', ['-c', 'echo bad luck >&2; exit 4']));
  t.equal(fault.code, 'HOST_COMMAND_FAILED');
  t.match(fault.message, /exit code 4/);
  t.match(fault.details.join('\n'), /command: sh -c .*bad luck/s);
});

t.test('the fault for a missing program has the command that installs it', async (t) => {
  const fault = await faultOf(runCommand('qemu-system-x86_64-not-there', []));
  t.equal(fault.code, 'HOST_PROGRAM_MISSING');
  const known = await faultOf(runCommand('mksquashfs', [], { env: { PATH: '/nowhere' } }));
  t.match(known.next, /apt-get install -y squashfs-tools/);
});

t.test('a command has its own standard input and the default signals', async (t) => {
  const { stdout } = await runCommand('cat', [], { input: 'through\n' });
  t.equal(stdout, 'through\n');
  const listed = await runCommand('sh', ['-c', 'grep SigIgn /proc/self/status; ls -l /proc/self/fd']);
  const ignored = BigInt(`0x${/^SigIgn:\s(\w+)$/m.exec(listed.stdout)?.[1]}`);
  t.equal(
    ignored & 0x7fffffffn,
    0n,
    'no standard signal is ignored; what is inherited beyond them is not ours',
  );
  t.equal(
    listed.stdout.match(/socket:/g)?.length,
    2,
    'standard output and error, and not the pipe to ktrial',
  );
});

t.test('a program that a signal ended is a fault even where every exit code is an answer', async (t) => {
  const fault = await faultOf(runCommand('sh', ['-c', 'kill -KILL $$'], { accept: 'any' }));
  t.strictSame([fault.code, fault.blame], ['HOST_COMMAND_FAILED', 'lab']);
  t.match(fault.message, /was killed by SIGKILL/);
  t.equal((await runCommand('sh', ['-c', 'exit 129'], { accept: 'any' })).exitCode, 129, "git's usage error");
});

t.test('what a command leaves running ends with it', async (t) => {
  const { stdout } = await runCommand('sh', ['-c', 'sleep 60 >/dev/null 2>&1 & echo $!']);
  const gone = () => !existsSync(`/proc/${stdout.trim()}`) || isZombie(stdout.trim());
  for (let tries = 0; tries < 100 && !gone(); tries += 1) await sleep(20);
  t.ok(gone());
});

t.test('the timeout kills a command with all its children', async (t) => {
  const directory = t.testdir();
  const file = join(directory, 'alive');
  const fault = await faultOf(
    runCommand('sh', ['-c', `(sleep 2; touch ${file}) & sleep 20`], { timeoutMs: 300 }),
  );
  t.equal(fault.code, 'HOST_COMMAND_TIMEOUT');
  await sleep(2500);
  t.notOk(await exists(file), 'the grandchild is gone too');
});

t.test('an aborted command is an interruption', async (t) => {
  const fault = await faultOf(runCommand('sleep', ['20'], { signal: AbortSignal.timeout(100) }));
  t.equal(fault.code, 'HOST_INTERRUPTED');
});

t.test('commands get only the listed variables of the environment', async (t) => {
  process.env.MAKEFLAGS = '-j99';
  process.env.GIT_DIR = '/nowhere';
  t.teardown(() => {
    delete process.env.MAKEFLAGS;
    delete process.env.GIT_DIR;
  });
  const { stdout } = await runCommand('env', []);
  t.notMatch(stdout, /MAKEFLAGS|GIT_DIR/);
  t.match(stdout, /^LC_ALL=C\.UTF-8$/m);
});

t.test('a directory appears whole or not at all', async (t) => {
  const path = join(t.testdir(), 'a/b');
  await t.rejects(
    makeDirectoryAtomic(path, async (temporary) => {
      await writeFile(join(temporary, 'half'), '');
      throw new Error('no more');
    }),
  );
  t.notOk(await exists(path));
  await makeDirectoryAtomic(path, (temporary) => writeFile(join(temporary, 'whole'), 'x'));
  t.equal(await readFile(join(path, 'whole'), 'utf8'), 'x');
  await makeDirectoryAtomic(path, (temporary) => writeFile(join(temporary, 'other'), 'y'));
  t.notOk(await exists(join(path, 'other')), 'the first one stays');
});

t.test('a file is written whole, and its digest is the one that sha256sum prints', async (t) => {
  const path = join(t.testdir(), 'deep/file');
  await writeFileAtomic(path, 'hello\n');
  const { stdout } = await runCommand('sha256sum', [path]);
  t.equal(await digestFile(path), stdout.slice(0, 64));
});

t.test('a shell reads a quoted argument vector as the same arguments', async (t) => {
  const argv = ['echo', "it's", 'a b', '$HOME', '--x=1'];
  const { stdout } = await runCommand('sh', ['-c', `printf '%s\\n' ${quoteArgs(argv)}`]);
  t.strictSame(stdout.trimEnd().split('\n'), argv);
});
