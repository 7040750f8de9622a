// SPDX-License-Identifier: MIT
import { mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openOutputFiles } from './index.ts';

/** Stores `out/vmlinux` under a name, and returns the path. */
async function store(directory: string, name: string): Promise<string> {
  const files = await openOutputFiles(join(directory, 'out'));
  const to = join(directory, name, 'vmlinux');
  await files.put('vmlinux', to, to);
  await files.close();
  return to;
}

t.test('a file that make left alone is stored once, and copied when it changed', async (t) => {
  const directory = t.testdir({ out: { vmlinux: 'first' } });
  const first = await store(directory, 'one');
  const second = await store(directory, 'two');
  t.equal(statSync(second).ino, statSync(first).ino);
  writeFileSync(join(directory, 'out/vmlinux'), 'second');
  const third = await store(directory, 'three');
  t.equal(readFileSync(third, 'utf8'), 'second');
  t.equal(readFileSync(first, 'utf8'), 'first');
});

t.test('a stored file that was truncated is not linked again', async (t) => {
  const directory = t.testdir({ out: { vmlinux: 'first' } });
  truncateSync(await store(directory, 'one'), 2);
  t.equal(readFileSync(await store(directory, 'two'), 'utf8'), 'first');
});

t.test('what was stored may be forgotten or unreadable: then it is copied', async (t) => {
  const directory = t.testdir({ out: { vmlinux: 'first' } });
  await store(directory, 'start');
  const memory = join(directory, 'stored.json');
  const text = readFileSync(memory, 'utf8');
  mkdirSync(join(directory, 'stores'));
  for (const [index, broken] of ['', 'null', '7', '[]', '{"vmlinux":null}', text.slice(0, -9)].entries()) {
    writeFileSync(memory, broken);
    t.equal(readFileSync(await store(directory, `stores/${index}`), 'utf8'), 'first', broken);
  }
});
