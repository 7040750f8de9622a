// SPDX-License-Identifier: MIT
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runCommand } from '../host/index.ts';
import type { Kernel } from '../model/index.ts';
import { openSourceTexts } from './quote.ts';

const aKernel = (source: string, commit: string): Kernel => ({
  digest: commit,
  bootDigest: commit,
  name: 'a-kernel',
  arch: 'x86_64',
  release: '5.10.0',
  bootImage: '/nonexistent',
  vmlinux: '/nonexistent',
  modules: '/nonexistent',
  config: '/nonexistent',
  source,
  compiler: 'gcc',
  commit,
});

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
  const base = aKernel(directory, await commit('one\ntwo\nthree\n'));
  const patched = aKernel(directory, await commit('one\nTWO\nmore\nthree\n'));
  writeFileSync(join(directory, 'a.c'), 'the worktree is at another arm\n');

  const texts = openSourceTexts({ base, patched });
  t.equal(await texts.get('base')?.read('a.c'), 'one\ntwo\nthree\n');
  t.equal(await texts.get('patched')?.read('a.c'), 'one\nTWO\nmore\nthree\n');
  t.strictSame([...((await texts.get('base')?.changes('a.c')) ?? [])], [[2, 'removed']]);
  t.strictSame(
    [...((await texts.get('patched')?.changes('a.c')) ?? [])],
    [
      [2, 'added'],
      [3, 'added'],
    ],
  );
  t.equal((await texts.get('patched')?.changes('b.c'))?.size, 0);

  const steps = openSourceTexts({ base, 1: patched });
  t.strictSame([...((await steps.get('base')?.changes('a.c')) ?? [])], [[2, 'removed']]);
  t.strictSame([...((await steps.get('1')?.changes('a.c')) ?? [])].length, 2);

  const alone = openSourceTexts({ base }).get('base');
  t.equal((await alone?.changes('a.c'))?.size, 0, 'without a series nothing is changed');

  const lost = openSourceTexts({ base: aKernel(directory, '0123456789'), patched }).get('patched');
  t.equal(await lost?.read('a.c'), 'one\nTWO\nmore\nthree\n');
  t.equal((await lost?.changes('a.c'))?.size, 0, 'a commit that git has no more marks nothing');

  rmSync(join(directory, '.git'), { recursive: true });
  const gone = openSourceTexts({ base, patched }).get('base');
  t.equal(await gone?.read('a.c'), null);
});
