// SPDX-License-Identifier: MIT
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runCommand } from '../host/index.ts';
import { findChangedLines, parseChangedLines, readSourceText } from './text.ts';

const git = (directory: string, ...args: string[]) =>
  runCommand('git', ['-c', 'user.name=t', '-c', 'user.email=t@localhost', ...args], { cwd: directory });

async function commit(directory: string): Promise<string> {
  await git(directory, 'add', '-A');
  await git(directory, 'commit', '-qm', 'x');
  return (await git(directory, 'rev-parse', 'HEAD')).stdout.trim();
}

t.test('text and changed lines are read from the commits, whatever is checked out', async (t) => {
  const directory = t.testdir({
    'a.c': 'one\ntwo\nthree\nfour\n',
    'with space.c': 'x\n',
    'old.c': `${Array.from({ length: 30 }, (_, index) => `line ${index + 1}`).join('\n')}\n`,
  });
  await git(directory, 'init', '-q');
  const older = await commit(directory);
  writeFileSync(join(directory, 'a.c'), 'one\n-- two\n++ more\nthree\n');
  writeFileSync(join(directory, 'with space.c'), 'x\ny\n');
  await git(directory, 'mv', 'old.c', 'new.c');
  writeFileSync(
    join(directory, 'new.c'),
    `${Array.from({ length: 30 }, (_, index) => (index === 9 ? 'other' : `line ${index + 1}`)).join('\n')}\n`,
  );
  const newer = await commit(directory);
  writeFileSync(join(directory, 'a.c'), 'a third state\n');
  t.equal(await readSourceText(directory, older, 'a.c'), 'one\ntwo\nthree\nfour\n');
  t.equal(await readSourceText(directory, newer, 'a.c'), 'one\n-- two\n++ more\nthree\n');
  t.equal(await readSourceText(directory, newer, 'absent.c'), null);
  t.equal(await readSourceText(directory, '0123456789', 'a.c'), null);
  t.equal(await readSourceText(directory, newer, '../a.c'), null);
  t.equal(await readSourceText(directory, newer, '/etc/passwd'), null);
  const { removed, added } = await findChangedLines(directory, older, newer);
  const plain = (lines: ReadonlyMap<string, ReadonlySet<number>>) =>
    Object.fromEntries([...lines].map(([path, numbers]) => [path, [...numbers]]));
  t.strictSame(plain(removed), { 'a.c': [2, 4], 'old.c': [10] });
  t.strictSame(plain(added), { 'a.c': [2, 3], 'with space.c': [2], 'new.c': [10] });
  await t.rejects(findChangedLines(directory, older, '0123456789'), { code: 'HOST_COMMAND_FAILED' });
});

t.test('a line of a hunk that looks like a heading is not one', async (t) => {
  const { removed, added } = parseChangedLines(
    [
      '--- a/x.c',
      '+++ b/x.c',
      '@@ -3 +3,2 @@ f',
      '--- a/other.c',
      '+++ b/other.c',
      '+@@ -1 +1 @@',
      '\\ No newline at end of file',
      '--- a/y.c',
      '+++ /dev/null',
      '@@ -1,2 +0,0 @@',
      '-a',
      '-b',
      '',
    ].join('\n'),
  );
  t.strictSame([...(removed.get('x.c') ?? [])], [3]);
  t.strictSame([...(added.get('x.c') ?? [])], [3, 4]);
  t.strictSame([...(removed.get('y.c') ?? [])], [1, 2]);
  t.strictSame([[...removed.keys()], [...added.keys()]], [['x.c', 'y.c'], ['x.c']]);
});
