// SPDX-License-Identifier: MIT
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { runCommand } from '../host/index.ts';
import { findNeeded } from './library.ts';

t.setTimeout(120_000);

const LIBRARIES = '/usr/lib/x86_64-linux-gnu';

/** A root with a program that needs libouter, which needs libinner, behind a link as Debian has them. */
async function buildRoot(t: { teardown(undo: () => Promise<void>): void }): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'ktrial-library-'));
  t.teardown(() => rm(root, { recursive: true, force: true }));
  const libraries = join(root, LIBRARIES);
  await mkdir(libraries, { recursive: true });
  await mkdir(join(root, 'usr/bin'));
  await writeFile(join(root, 'inner.c'), 'int inner(void) { return 1; }\n');
  await writeFile(join(root, 'outer.c'), 'int inner(void);\nint outer(void) { return inner(); }\n');
  await writeFile(join(root, 'main.c'), 'int outer(void);\nvoid _start(void) { outer(); for (;;); }\n');
  const cc = (...args: string[]) => runCommand('gcc', ['-nostdlib', '-fPIC', ...args], { cwd: root });
  await cc('-shared', '-Wl,-soname,libinner.so.1', '-o', `${libraries}/libinner.so.1.2`, 'inner.c');
  await symlink('libinner.so.1.2', `${libraries}/libinner.so.1`);
  await cc(
    '-shared',
    '-Wl,-soname,libouter.so',
    '-o',
    `${libraries}/libouter.so`,
    'outer.c',
    `${libraries}/libinner.so.1`,
  );
  await cc('-o', 'usr/bin/main', 'main.c', `${libraries}/libouter.so`, `-Wl,-rpath-link,${libraries}`);
  await mkdir(join(root, 'lib64'));
  await writeFile(join(root, 'lib64/ld-linux-x86-64.so.2'), 'not ELF, but kept');
  return root;
}

t.test(
  'a program is kept with its libraries, their libraries, the links on the way and its loader',
  async (t) => {
    const root = await buildRoot(t);
    t.strictSame((await findNeeded(root, ['/usr/bin/main'])).sort(), [
      '/lib64/ld-linux-x86-64.so.2',
      '/usr/bin/main',
      `${LIBRARIES}/libinner.so.1`,
      `${LIBRARIES}/libinner.so.1.2`,
      `${LIBRARIES}/libouter.so`,
    ]);
  },
);

t.test('a library that no package contains is named, with the file that needs it', async (t) => {
  const root = await buildRoot(t);
  await rm(join(root, LIBRARIES, 'libinner.so.1'));
  await t.rejects(findNeeded(root, ['/usr/bin/main']), {
    code: 'IMAGE_LIBRARY_MISSING',
    message: /libouter\.so needs libinner\.so\.1/,
  });
});

t.test('a program that no package contains is a mistake in the recipe', async (t) => {
  const root = await buildRoot(t);
  await t.rejects(findNeeded(root, ['/usr/bin/mian']), { code: 'IMAGE_PROGRAM_MISSING', blame: 'request' });
});

t.test('a link is followed inside the root, not on this computer', async (t) => {
  const root = await buildRoot(t);
  await symlink('/usr/bin/main', join(root, 'usr/bin/alias'));
  t.strictSame((await findNeeded(root, ['/usr/bin/alias'])).slice(0, 2), ['/usr/bin/alias', '/usr/bin/main']);
});
