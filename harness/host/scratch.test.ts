// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { exists, makeScratch, reapScratch } from './index.ts';
import { scratchParent } from './scratch.ts';

/** Runs lines of our code in another process that kills itself at the end. */
function runKilled(body: string, env: Readonly<Record<string, string>> = {}): string {
  const index = JSON.stringify(new URL('./index.js', import.meta.url).href);
  const script = `import * as host from ${index};\n${body}\nprocess.kill(process.pid, 'SIGKILL');`;
  const { signal, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  if (signal !== 'SIGKILL') throw new Error(stderr);
  return stdout.trim();
}

t.test('a scratch directory is gone with its content when it is closed', async (t) => {
  let path = '';
  {
    await using scratch = await makeScratch('test', t.testdir());
    path = scratch.path;
    writeFileSync(join(path, 'file'), '');
    t.ok(await exists(path));
  }
  t.notOk(await exists(path));
});

t.test('what killed processes left behind is removed and returned, and nothing else', async (t) => {
  const cache = join(t.testdir(), 'cache');
  const room = join(cache, 'kernels');
  mkdirSync(room, { recursive: true });
  const stale = runKilled(`
    const scratch = await host.makeScratch('test');
    console.log(scratch.path);
    await host.makeScratch('bake', ${JSON.stringify(room)});
    await host.makeDirectoryAtomic(${JSON.stringify(join(room, 'abc'))}, async () => {
      process.kill(process.pid, 'SIGKILL');
    });`);
  const left = readdirSync(room).sort();
  t.match(left, [/^abc\.part-/, /^ktrial-bake-/], 'the directories of the killed process');
  await using ours = await makeScratch('test');
  await using inCache = await makeScratch('bake', room);
  const [foreign] = left.map((name) => name.replace(/-[0-9a-f]{8}-(\w{6})$/, '-01234567-$1'));
  for (const name of ['ktrial-bake', 'ktrial-1-1-mine', 'notes-1-1-00000000-abcdef', foreign ?? ''])
    mkdirSync(join(room, name));
  const removed = await reapScratch(cache);
  t.strictSame(
    removed.filter((path) => path.startsWith(cache) || path === stale),
    [stale, ...left.map((name) => join(room, name))].sort(),
  );
  t.notOk(await exists(stale));
  t.ok((await exists(ours.path)) && (await exists(inCache.path)), 'a living process keeps its own');
  t.strictSame(
    readdirSync(room).sort(),
    [
      'ktrial-bake',
      'ktrial-1-1-mine',
      'notes-1-1-00000000-abcdef',
      foreign,
      inCache.path.slice(room.length + 1),
    ].sort(),
    'names without an owner, and those of other computers, stay',
  );
  t.strictSame(
    (await reapScratch(cache)).filter((path) => path.startsWith(cache)),
    [],
  );
});

t.test(
  'sockets in a scratch directory have paths that the kernel accepts, however long TMPDIR is',
  async (t) => {
    const long = join(t.testdir(), 'x'.repeat(100));
    mkdirSync(long);
    const path = runKilled(`console.log((await host.makeScratch('machine')).path)`, { TMPDIR: long });
    t.ok(Buffer.byteLength(join(path, 'guest-agent')) <= 107, path);
    t.ok((await reapScratch(join(long, 'cache'))).includes(path), 'it is found there too');
    t.ok(Buffer.byteLength(scratchParent()) <= 40);
  },
);
