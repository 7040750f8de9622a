// SPDX-License-Identifier: MIT
import { statSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { linkOrCopy } from './link.ts';

t.test('on one file system a disk is linked, and takes no room twice', async (t) => {
  const [from, to] = [join(t.testdir(), 'from'), join(t.testdirName, 'to')];
  await writeFile(from, 'content');
  await linkOrCopy(from, to);
  t.equal((await stat(to)).ino, (await stat(from)).ino);
  await linkOrCopy('/nonexistent', to);
  t.equal(await readFile(to, 'utf8'), 'content', 'one that is there stays');
});

const isOther = statSync('/dev/shm').dev !== statSync(process.cwd()).dev;
const skip = isOther ? false : 'there is no other file system';

t.test('on another file system it is copied without its holes, whole or not at all', { skip }, async (t) => {
  const directory = t.testdir();
  const other = await mkdtemp('/dev/shm/ktrial-link-');
  t.teardown(() => rm(other, { recursive: true }));
  const from = join(directory, 'from');
  await writeFile(from, 'content');
  await truncate(from, 64 * 1024 * 1024);
  await Promise.all([1, 2, 3].map(() => linkOrCopy(from, join(other, 'to'))));
  const copy = await stat(join(other, 'to'));
  t.equal(copy.size, 64 * 1024 * 1024);
  t.ok(copy.blocks * 512 < 1024 * 1024, 'empty space takes no room');
  t.strictSame(await readdir(other), ['to']);
  await t.rejects(linkOrCopy('/nonexistent', join(other, 'never')));
  t.strictSame(await readdir(other), ['to']);
});
