// SPDX-License-Identifier: MIT
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { Fault } from '../model/index.ts';
import {
  digestFile,
  exists,
  inheritEnvironment,
  makeDirectoryAtomic,
  quoteArgv,
  runCommand,
  takeLock,
  UndoStack,
  writeFileAtomic,
} from './index.ts';

inheritEnvironment(process.env);

async function faultOf(work: Promise<unknown>): Promise<Fault> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

t.test('a command gives its output, and its exit code where that is an answer', async (t) => {
  const result = await runCommand('sh', ['-c', 'echo out; echo err >&2; exit 3'], { accept: [3] });
  t.strictSame([result.stdout, result.stderr, result.exitCode], ['out\n', 'err\n', 3]);
});

t.test('a failing command is a fault that shows the command and its last words', async (t) => {
  const fault = await faultOf(runCommand('sh', ['-c', 'echo bad luck >&2; exit 4']));
  t.equal(fault.code, 'HOST_COMMAND_FAILED');
  t.match(fault.message, /exit code 4/);
  t.match(fault.details.join('\n'), /command: sh -c .*bad luck/s);
});

t.test('a missing program is named with the line that installs it', async (t) => {
  const fault = await faultOf(runCommand('qemu-system-x86_64-not-there', []));
  t.equal(fault.code, 'HOST_PROGRAM_MISSING');
  const known = await faultOf(runCommand('mksquashfs', [], { env: { PATH: '/nowhere' } }));
  t.match(known.next, /apt-get install -y squashfs-tools/);
});

t.test('the deadline ends a command with all of its children', async (t) => {
  const directory = t.testdir();
  const file = join(directory, 'alive');
  const fault = await faultOf(
    runCommand('sh', ['-c', `(sleep 2; touch ${file}) & sleep 20`], { timeoutMs: 300 }),
  );
  t.equal(fault.code, 'HOST_COMMAND_TIMEOUT');
  await new Promise((resolve) => setTimeout(resolve, 2500));
  t.notOk(await exists(file), 'the grandchild is gone too');
});

t.test('an aborted command is an interruption', async (t) => {
  const fault = await faultOf(runCommand('sleep', ['20'], { signal: AbortSignal.timeout(100) }));
  t.equal(fault.code, 'HOST_INTERRUPTED');
});

t.test('the environment of commands holds nothing of ours but what is passed on', async (t) => {
  inheritEnvironment({ ...process.env, MAKEFLAGS: '-j99', GIT_DIR: '/nowhere' });
  const { stdout } = await runCommand('env', []);
  t.notMatch(stdout, /MAKEFLAGS|GIT_DIR/);
  t.match(stdout, /^LC_ALL=C\.UTF-8$/m);
});

t.test('a lock keeps a second taker waiting until it is freed', async (t) => {
  const path = join(t.testdir(), 'lock');
  const first = await takeLock(path);
  let waited = false;
  let taken = false;
  const second = takeLock(path, {
    onWait: () => {
      waited = true;
    },
  }).then((lock) => {
    taken = true;
    return lock;
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.strictSame([waited, taken], [true, false]);
  await first[Symbol.asyncDispose]();
  await (await second)[Symbol.asyncDispose]();
  t.ok(taken);
});

t.test('the kernel frees a lock when its holder is killed', async (t) => {
  const path = join(t.testdir(), 'lock');
  const script = `import { takeLock } from ${JSON.stringify(new URL('./index.js', import.meta.url).href)}; await takeLock(${JSON.stringify(path)}); process.kill(process.pid, 'SIGKILL');`;
  await runCommand(process.execPath, ['--input-type=module', '-e', script], { accept: 'any' }).catch(
    () => null,
  );
  const lock = await takeLock(path);
  await lock[Symbol.asyncDispose]();
  t.pass('taken again');
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

t.test('a file is written whole and its digest is that of sha256sum', async (t) => {
  const path = join(t.testdir(), 'deep/file');
  await writeFileAtomic(path, 'hello\n');
  const { stdout } = await runCommand('sha256sum', [path]);
  t.equal(await digestFile(path), stdout.slice(0, 64));
});

t.test('undo runs in reverse order, goes on past failures and tells them', async (t) => {
  const order: string[] = [];
  const stack = new UndoStack();
  stack.add('first', () => {
    order.push('first');
  });
  stack.add('broken', () => {
    throw new Error('stuck');
  });
  stack.add('last', async () => {
    order.push('last');
  });
  t.strictSame(await stack.unwind(), ['broken: stuck']);
  t.strictSame(order, ['last', 'first']);
});

t.test('an argument vector is quoted so that a shell reads the same words', async (t) => {
  const argv = ['echo', "it's", 'a b', '$HOME', '--x=1'];
  const { stdout } = await runCommand('sh', ['-c', `printf '%s\\n' ${quoteArgv(argv)}`]);
  t.strictSame(stdout.trimEnd().split('\n'), argv);
});
