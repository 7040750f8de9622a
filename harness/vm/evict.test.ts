// SPDX-License-Identifier: MIT
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { takeLock } from '../host/index.ts';
import { evictTemplates, lockOf, reapTemplates, removeTemplate } from './evict.ts';

const SIZE = 64 * 1024;

/** A template of 64 KiB that was last used at a time, in seconds. */
async function putTemplate(directory: string, key: string, usedAt: number): Promise<void> {
  await mkdir(join(directory, key));
  await writeFile(join(directory, key, 'ram'), Buffer.alloc(SIZE, 1));
  await writeFile(lockOf(directory, key), '');
  await utimes(join(directory, key), usedAt, usedAt);
}

t.test('the least recently used templates go first, with their locks, until the rest fits', async (t) => {
  const directory = t.testdir();
  for (const [index, key] of ['new', 'old', 'middle'].entries())
    await putTemplate(directory, key, [300, 100, 200][index] ?? 0);
  await evictTemplates(directory, 2 * SIZE, 'new');
  t.strictSame((await readdir(directory)).sort(), ['middle', 'middle.lock', 'new', 'new.lock']);
  await evictTemplates(directory, 0, 'new');
  t.strictSame((await readdir(directory)).sort(), ['new', 'new.lock'], 'the one that was just made stays');
});

t.test('a template that is in use stays, whatever the limit', async (t) => {
  const directory = t.testdir();
  await putTemplate(directory, 'used', 100);
  await putTemplate(directory, 'free', 200);
  const user = await takeLock(lockOf(directory, 'used'), { shared: true });
  await evictTemplates(directory, 0, 'made');
  t.strictSame((await readdir(directory)).sort(), ['used', 'used.lock']);
  await user[Symbol.asyncDispose]();
});

t.test('what killed makers left is removed; templates, and what is in use, stay', async (t) => {
  const directory = t.testdir();
  await putTemplate(directory, 'good', 100);
  await writeFile(lockOf(directory, 'stale'), '');
  for (const name of ['dead.part-abc', 'busy.part-def']) {
    await mkdir(join(directory, name));
    await writeFile(join(directory, name, 'ram'), 'half');
  }
  await writeFile(lockOf(directory, 'dead'), '');
  const maker = await takeLock(lockOf(directory, 'busy'));
  const removed = await reapTemplates(directory);
  t.strictSame((await readdir(directory)).sort(), ['busy.lock', 'busy.part-def', 'good', 'good.lock']);
  t.ok(removed.includes('dead.part-abc') && removed.includes('stale.lock'), removed.join(' '));
  t.strictSame(await reapTemplates(directory), [], 'there is nothing left to remove');
  await maker[Symbol.asyncDispose]();
  t.strictSame(await reapTemplates(join(directory, 'nowhere')), []);
});

t.test('a removed template leaves nothing behind', async (t) => {
  const directory = t.testdir();
  await putTemplate(directory, 'one', 100);
  await removeTemplate(join(directory, 'one'));
  t.strictSame(await readdir(directory), ['one.lock']);
});
