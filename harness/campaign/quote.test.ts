// SPDX-License-Identifier: MIT
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runCommand } from '../host/index.ts';
import { openSourceText } from './quote.ts';

t.test('each arm is quoted from its own commit, with what the series does to its lines', async (t) => {
  const directory = t.testdir({ 'a.c': 'one\ntwo\nthree\n', 'b.c': 'same\n' });
  const git = async (...args: string[]) =>
    (
      await runCommand('git', ['-c', 'user.name=t', '-c', 'user.email=t@localhost', ...args], {
        cwd: directory,
      })
    ).stdout.trim();
  const commit = async (text: string) => {
    writeFileSync(join(directory, 'a.c'), text);
    await git('add', '-A');
    await git('commit', '-qm', 'x');
    return git('rev-parse', 'HEAD');
  };
  await git('init', '-q');
  const base = await commit('one\ntwo\nthree\n');
  const tip = await commit('one\nTWO\nmore\nthree\n');
  writeFileSync(join(directory, 'a.c'), 'the worktree is at another arm\n');
  const patch = { number: 1, subject: 'x', commit: tip, how: 'plain', files: ['a.c'] } as const;
  const state = { base, applied: [patch] };

  const before = openSourceText(directory, base, state);
  const after = openSourceText(directory, tip, state);
  t.equal(await before.read('a.c'), 'one\ntwo\nthree\n');
  t.equal(await after.read('a.c'), 'one\nTWO\nmore\nthree\n');
  t.strictSame([...(await before.changes('a.c'))], [[2, 'removed']]);
  t.strictSame(
    [...(await after.changes('a.c'))],
    [
      [2, 'added'],
      [3, 'added'],
    ],
  );
  t.equal((await after.changes('b.c')).size, 0);

  const alone = openSourceText(directory, base, { base, applied: [] });
  t.equal((await alone.changes('a.c')).size, 0, 'without a series nothing is changed');

  const lost = openSourceText(directory, tip, { base: '0123456789', applied: [patch] });
  t.equal(await lost.read('a.c'), 'one\nTWO\nmore\nthree\n');
  t.equal((await lost.changes('a.c')).size, 0, 'a commit that git no longer has marks nothing');

  rmSync(join(directory, '.git'), { recursive: true });
  t.equal(await openSourceText(directory, base, state).read('a.c'), null);
});
