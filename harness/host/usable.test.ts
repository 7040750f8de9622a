// SPDX-License-Identifier: MIT
import { chmodSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { isFault } from '../model/index.ts';
import { requireUsableDirectory, requireUsablePath } from './usable.ts';

const named = (path: string) =>
  ({ path, what: 'the cache directory', setting: 'XDG_CACHE_HOME', blame: 'lab' }) as const;

t.test('a path that builds see has nothing in it that make or a shell would interpret', async (t) => {
  for (const path of ['/home/ann/.cache/ktrial', '/srv/Zoë/a_b+c@d=e~f-1.2', '/日本/x'])
    t.doesNotThrow(() => requireUsablePath(named(path), true), path);
  for (const path of [
    '/a b',
    '/a$b',
    "/a'b",
    '/a"b',
    '/a\\b',
    '/a:b',
    '/a#b',
    '/a%b',
    '/a,b',
    '/a;b',
    '/a*b',
    '/a(b',
  ])
    t.throws(() => requireUsablePath(named(path), true), { code: 'HOST_BAD_PATH', blame: 'request' }, path);
  for (const path of ['', 'relative', './x', '~/x', '/a\nb', '/a\u001bb', '/a\u0085b'])
    t.throws(
      () => requireUsablePath(named(path)),
      { code: 'HOST_BAD_PATH', message: /cache directory/ },
      path,
    );
  t.doesNotThrow(() => requireUsablePath(named('/a b')), 'what no build sees may have blanks');
});

t.test('a directory that is there or can be made passes, and is not made', async (t) => {
  const directory = t.testdir({ there: {} });
  await requireUsableDirectory(named(directory));
  await requireUsableDirectory(named(join(directory, 'a/b/c')));
  t.notOk(existsSync(join(directory, 'a')));
});

t.test('a directory that cannot be made is told with the reason and the setting', async (t) => {
  const directory = t.testdir({ file: '' });
  const at = (name: string) => join(directory, name);
  symlinkSync('nowhere', at('broken'));
  symlinkSync('loop', at('loop'));
  mkdirSync(at('closed'));
  chmodSync(at('closed'), 0o500);
  const rows: readonly (readonly [string, string])[] = [
    [at('file'), 'HOST_NOT_A_DIRECTORY'],
    [at('file/below'), 'HOST_NOT_A_DIRECTORY'],
    [at('broken'), 'HOST_NOT_A_DIRECTORY'],
    [at('broken/below'), 'HOST_NOT_A_DIRECTORY'],
    [at('loop'), 'HOST_NOT_A_DIRECTORY'],
    [at('n'.repeat(300)), 'HOST_NOT_A_DIRECTORY'],
    ['/dev/null', 'HOST_NOT_A_DIRECTORY'],
    // Root may write everywhere.
    ...(process.getuid?.() === 0 ? [] : ([[at('closed'), 'HOST_NOT_ALLOWED']] as const)),
  ];
  for (const [path, code] of rows)
    try {
      await requireUsableDirectory(named(path));
      t.fail(`${path} passed`);
    } catch (error) {
      if (!isFault(error, code)) throw error;
      t.equal(error.blame, 'lab');
      t.match(error.next, /XDG_CACHE_HOME/);
    }
  await t.rejects(requireUsableDirectory({ ...named(at('none')), mustExist: true }), {
    code: 'HOST_NOT_A_DIRECTORY',
    message: /is not there/,
  });
  await t.rejects(requireUsableDirectory(named(directory), Number.MAX_SAFE_INTEGER), {
    code: 'HOST_DISK_FULL',
    blame: 'lab',
  });
});
