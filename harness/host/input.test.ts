// SPDX-License-Identifier: MIT
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { isFault } from '../model/index.ts';
import { listInput, lookAtInput, readInput, streamInput } from './input.ts';
import { makeScratch } from './scratch.ts';

const options = { what: 'log', limitBytes: 4096, raise: '--limit x=9' };

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'none';
  } catch (error) {
    if (!isFault(error) || error.blame !== 'request') throw error;
    return error.code;
  }
}

t.test('a plain file is read whole, up to the limit', async (t) => {
  const directory = t.testdir({ empty: '', full: 'x'.repeat(4096), over: 'x'.repeat(4097) });
  t.equal((await readInput(join(directory, 'empty'), options)).length, 0);
  t.equal((await readInput(join(directory, 'full'), options)).length, 4096);
  t.equal(await codeOf(readInput(join(directory, 'over'), options)), 'INPUT_TOO_LARGE');
});

t.test('what is no plain file is refused before it is opened, and is the request’s fault', async (t) => {
  // A socket's path is short.
  await using scratch = await makeScratch('input');
  const directory = scratch.path;
  writeFileSync(join(directory, 'file'), 'x');
  const at = (name: string) => join(directory, name);
  mkdirSync(at('directory'));
  execFileSync('mkfifo', [at('fifo')]);
  symlinkSync('nowhere', at('broken'));
  symlinkSync('loop', at('loop'));
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(at('socket'), resolve));
  const cases: readonly [string, string][] = [
    [at('directory'), 'INPUT_NOT_A_FILE'],
    [at('fifo'), 'INPUT_NOT_A_FILE'],
    [at('socket'), 'INPUT_NOT_A_FILE'],
    ['/dev/zero', 'INPUT_NOT_A_FILE'],
    ['/dev/null', 'INPUT_NOT_A_FILE'],
    [at('broken'), 'INPUT_NOT_FOUND'],
    [at('loop'), 'INPUT_UNREADABLE'],
    [at('none'), 'INPUT_NOT_FOUND'],
    [at('file/below'), 'INPUT_NOT_FOUND'],
    [at('n'.repeat(300)), 'INPUT_NOT_FOUND'],
    ['', 'INPUT_NOT_FOUND'],
    ['a\0b', 'INPUT_UNREADABLE'],
    // A file of /proc has no size that could be checked before.
    ['/proc/self/mem', 'INPUT_UNREADABLE'],
    ['/proc/kallsyms', 'INPUT_TOO_LARGE'],
  ];
  for (const [path, code] of cases)
    t.equal(await codeOf(readInput(path, options)), code, JSON.stringify(path));
  t.equal(await codeOf(listInput(at('file'), 'directory')), 'INPUT_NOT_FOUND');
  t.same(await listInput(directory, 'directory'), ['broken', 'directory', 'fifo', 'file', 'loop', 'socket']);
  t.equal(await lookAtInput(at('fifo'), 'log'), 'pipe');
  t.equal(await lookAtInput('/dev/zero', 'log'), 'other');
  t.equal(await codeOf(lookAtInput(at('none'), 'log')), 'INPUT_NOT_FOUND');
  server.close();
});

const PROGRAM = `
import { readInput } from '${fileURLToPath(new URL('./input.js', import.meta.url))}';
const abort = new AbortController();
process.on('SIGINT', () => abort.abort());
console.log('reading');
const read = readInput('/dev/fd/3', { what: 'log', limitBytes: 4096, raise: '', signal: abort.signal });
read.then((bytes) => { console.log('got ' + bytes); process.exit(0); }, (fault) => { console.log(fault.code); process.exit(2); });
`;

t.test('the pipe of <(command) is read, and an abort ends a read that nothing answers', async (t) => {
  const start = (source: string) =>
    spawn(
      'bash',
      ['-c', `exec "$0" --input-type=module -e "$1" 3< <(${source})`, process.execPath, PROGRAM],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
  const fed = start('printf abc');
  let printed = '';
  fed.stdout.on('data', (chunk) => {
    printed += String(chunk);
  });
  await new Promise((resolve) => fed.once('close', resolve));
  t.match(printed, /got abc/);
  const silent = start('sleep 20');
  const ended = new Promise((resolve) => silent.once('close', resolve));
  printed = '';
  silent.stdout.on('data', (chunk) => {
    printed += String(chunk);
    if (/reading/.test(String(chunk))) setTimeout(() => silent.kill('SIGINT'), 200);
  });
  await ended;
  t.match(printed, /HOST_INTERRUPTED/);
  t.equal(silent.exitCode, 2);
});

t.test('a large file comes whole, and is closed when its reader stops early', async (t) => {
  const directory = t.testdir({});
  const path = join(directory, 'large');
  const content = Buffer.alloc(3 * 1024 * 1024 + 1, 'a line\n');
  writeFileSync(path, content);
  const limits = { ...options, limitBytes: content.length };
  t.ok((await readInput(path, limits)).equals(content));
  for await (const piece of streamInput(path, limits)) {
    t.ok(content.subarray(0, piece.length).equals(piece));
    break;
  }
  const open = readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false;
    }
  });
  t.strictSame(open, []);
});

t.test('a file is not read after an abort', async (t) => {
  const directory = t.testdir({});
  writeFileSync(join(directory, 'file'), 'x');
  const signal = AbortSignal.abort();
  t.equal(await codeOf(readInput(join(directory, 'file'), { ...options, signal })), 'HOST_INTERRUPTED');
});
