// SPDX-License-Identifier: MIT
import { mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { digestFile, runCommand } from '../host/index.ts';
import { makeKeys } from './keys.ts';
import { bakeOverlay } from './overlay.ts';

t.setTimeout(120_000);

async function scratch(t: { teardown(undo: () => Promise<void>): void }): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'ktrial-overlay-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A directory with one module, as a kernel build leaves it: deep, and full of debug information. */
async function buildModules(directory: string): Promise<string> {
  const modules = join(directory, 'modules');
  await mkdir(join(modules, 'drivers/toy'), { recursive: true });
  await writeFile(
    join(directory, 'toy.c'),
    `${'/* toy */ '.repeat(100)}\nint toy(int x) { return x + 1; }\n`,
  );
  await runCommand('gcc', ['-g3', '-c', '-o', join(modules, 'drivers/toy/toy.ko'), join(directory, 'toy.c')]);
  await writeFile(join(modules, 'drivers/toy/toy.o'), 'no module');
  await writeFile(
    join(modules, 'modules.dep'),
    'drivers/toy/toy.ko: drivers/a.ko lib/b-c.ko\ndrivers/a.ko:\n',
  );
  return modules;
}

t.test(
  'an overlay contains the run’s keys, files, and the modules with their dependencies and without debug information',
  async (t) => {
    const directory = await scratch(t);
    const modules = await buildModules(directory);
    const keys = makeKeys();
    const path = join(directory, 'overlay.squashfs');
    await bakeOverlay(path, {
      keys,
      kernel: { arch: 'x86_64', modules },
      files: [
        { path: '/l2/tiny/kernel', content: 'kernel' },
        { path: '/bin/tool', from: join(directory, 'toy.c'), mode: 0o755 },
      ],
    });
    const { stdout } = await runCommand('unsquashfs', ['-lln', path]);
    const listed = stdout
      .split('\n')
      .filter((line) => line.startsWith('-'))
      .map((line) => `${line.split(' ')[0]} ${line.slice(line.indexOf('squashfs-root') + 13)}`);
    t.strictSame(listed, [
      '-rwxr-xr-x /bin/tool',
      '-rw-r--r-- /keys/authorized_keys',
      '-rw------- /keys/host',
      '-rw-r--r-- /l2/tiny/kernel',
      '-rw-r--r-- /modules/modules.dep',
      '-rw-r--r-- /modules/toy.ko',
    ]);
    t.notMatch(stdout, / (?!0\/0)\d+\/\d+ /, 'everything belongs to root');
    const out = join(directory, 'out');
    await runCommand('unsquashfs', ['-quiet', '-no-progress', '-d', out, path]);
    t.equal(await readFile(join(out, 'keys/authorized_keys'), 'utf8'), `${keys.clientPublicLine}\n`);
    t.equal(
      await readFile(join(out, 'modules/modules.dep'), 'utf8'),
      'toy.ko: a.ko b-c.ko\na.ko:\n',
      'as the modules are here: all in one directory',
    );
    const stripped = await stat(join(out, 'modules/toy.ko'));
    t.ok(stripped.size < (await stat(join(modules, 'drivers/toy/toy.ko'))).size);
  },
);

t.test('the same content gives the same bytes, at any time and under any umask', async (t) => {
  const directory = await scratch(t);
  const keys = makeKeys();
  const source = join(directory, 'source');
  await writeFile(source, 'content');
  const bake = async (name: string, order: (paths: string[]) => string[]) => {
    const files = order(['/a', '/b/c', '/d']).map((path) => ({ path, from: source }));
    await bakeOverlay(join(directory, name), { keys, files });
    return digestFile(join(directory, name));
  };
  const first = await bake('first', (paths) => paths);
  await utimes(source, 1, 1);
  const before = process.umask(0o077);
  const second = await bake('second', (paths) => paths.reverse()).finally(() => process.umask(before));
  t.equal(first, second);
});

t.test('missing modules are a lab fault, and nothing is left behind', async (t) => {
  const directory = await scratch(t);
  const path = join(directory, 'overlay.squashfs');
  await t.rejects(
    bakeOverlay(path, { keys: makeKeys(), kernel: { arch: 'x86_64', modules: join(directory, 'none') } }),
    {
      code: 'IMAGE_MODULES_MISSING',
      blame: 'lab',
    },
  );
  const { stdout } = await runCommand('ls', ['-A', directory]);
  t.equal(stdout, '');
});
