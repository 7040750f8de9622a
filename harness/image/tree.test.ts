// SPDX-License-Identifier: MIT
import { lstat, mkdir, mkdtemp, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { isPlaced, placeDirectory, placeFile, placeLink } from './tree.ts';

/** A tree, and beside it a file that must not be written. */
async function scratch(t: { teardown(undo: () => Promise<void>): void }) {
  const directory = await mkdtemp(join(tmpdir(), 'ktrial-tree-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const tree = join(directory, 'tree');
  const precious = join(directory, 'precious');
  await mkdir(tree);
  await mkdir(join(directory, 'outside'));
  await writeFile(precious, 'precious');
  return { tree, precious, outside: join(directory, 'outside') };
}

t.test('a file replaces a link and is never written through it', async (t) => {
  const { tree, precious } = await scratch(t);
  await placeLink(tree, '/sbin/init', precious);
  await placeFile(tree, '/sbin/init', { content: 'ours' }, 0o755);
  t.equal(await readFile(precious, 'utf8'), 'precious');
  t.equal(await readFile(join(tree, 'sbin/init'), 'utf8'), 'ours');
  await placeLink(tree, '/sbin/copy', precious);
  await placeFile(tree, '/sbin/copy', { from: join(tree, 'sbin/init') }, 0o644);
  t.equal(await readFile(precious, 'utf8'), 'precious');
});

t.test('nothing is written below a linked directory, or above the tree', async (t) => {
  const { tree, outside } = await scratch(t);
  await symlink(outside, join(tree, 'lib'));
  await t.rejects(placeFile(tree, '/lib/x.so', { content: '' }, 0o644), {
    code: 'IMAGE_PATH_BLOCKED',
    message: /lib in it is a link/,
  });
  for (const path of ['/../x', '/a/../../x', '/', '/a/..'])
    await t.rejects(placeFile(tree, path, { content: '' }, 0o644), { code: 'IMAGE_PATH_BLOCKED' }, path);
  t.notOk(await isPlaced(outside, 'x.so'));
});

t.test('modes are the requested ones, whatever the umask', async (t) => {
  const { tree } = await scratch(t);
  const before = process.umask(0o077);
  try {
    await placeDirectory(tree, '/a/b');
    await placeFile(tree, '/a/b/c', { content: '' }, 0o644);
  } finally {
    process.umask(before);
  }
  t.equal((await lstat(join(tree, 'a'))).mode & 0o777, 0o755);
  t.equal((await lstat(join(tree, 'a/b/c'))).mode & 0o777, 0o644);
});

t.test('a broken link exists', async (t) => {
  const { tree } = await scratch(t);
  await placeLink(tree, '/bin/sh', 'busybox');
  t.ok(await isPlaced(tree, '/bin/sh'));
  t.notOk(await isPlaced(tree, '/bin/busybox'));
  t.equal(await readlink(join(tree, 'bin/sh')), 'busybox');
});
