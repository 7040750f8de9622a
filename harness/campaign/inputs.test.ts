// SPDX-License-Identifier: MIT
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runGit } from '../host/index.ts';
import { writeSeries } from '../series/index.ts';
import { aSeries } from '../testing/request.ts';
import { readKernel, readSeriesArgument } from './inputs.ts';

const series = await aSeries([{ subject: 'core: two', file: 'core.c', before: 'one\n', after: 'two\n' }]);
const mail = Buffer.from(writeSeries(series));

function aPlace(directory: string) {
  return {
    root: directory,
    workingDirectory: join(directory, 'here'),
    signal: new AbortController().signal,
    readStandardInput: async () => mail,
  };
}

t.test('a kernel is one of kernels/, or a file', async (t) => {
  const definition =
    'name: tiny\ndescription: a test\nsource: {git: {repository: /linux, ref: main}}\nconfig: {fragments: [a.config]}\n';
  const place = aPlace(
    t.testdir({ here: {}, kernels: { 'tiny.yaml': definition, 'a.config': 'CONFIG_A=y\n' } }),
  );
  t.equal((await readKernel('tiny', place)).path, join(place.root, 'kernels/tiny.yaml'));
  await t.rejects(readKernel('absent', place), { code: 'KERNEL_UNKNOWN' });
});

t.test('a series is standard input, a file or a directory', async (t) => {
  const place = aPlace(
    t.testdir({ here: { 'a.mbox': mail, 'b..mbox': mail, patches: { '0001-x.patch': mail } } }),
  );
  for (const arg of ['-', 'a.mbox', 'b..mbox', './a.mbox', 'patches', join(place.workingDirectory, 'a.mbox')])
    t.equal((await readSeriesArgument(arg, undefined, place)).digest, series.digest, arg);
  t.equal((await readSeriesArgument('-', undefined, place)).origin, 'standard input');
});

t.test('a series is a range of a repository, the working directory if none is named', async (t) => {
  const place = aPlace(t.testdir({ here: { git: { 'core.c': 'one\n' } } }));
  const cwd = join(place.workingDirectory, 'git');
  const git = (...args: string[]) =>
    runGit(['-c', 'user.name=t', '-c', 'user.email=t@localhost', ...args], { cwd });
  await git('init', '-q', '-b', 'main');
  await git('add', '.');
  await git('commit', '-qm', 'one');
  await git('branch', 'before/it');
  writeFileSync(join(cwd, 'core.c'), 'two\n');
  await git('commit', '-qam', 'two');
  for (const range of ['before/it..main', 'before/it..'])
    t.match(await readSeriesArgument(range, 'git', place), { patches: [{ subject: 'two' }] }, range);
  const inside = { ...place, workingDirectory: cwd };
  t.equal((await readSeriesArgument('HEAD~1..HEAD', undefined, inside)).patches.length, 1);
  t.equal((await readSeriesArgument('HEAD~1..HEAD', cwd, place)).patches.length, 1);
});

t.test('what is neither is told, with what may be named', async (t) => {
  const place = aPlace(t.testdir({ here: {} }));
  for (const arg of ['absent.mbox', '../absent', 'a/../absent', 'absent/../x..y', '/absent'])
    await t.rejects(
      readSeriesArgument(arg, undefined, place),
      {
        blame: 'request',
        code: 'CAMPAIGN_NO_SERIES',
        message: `there is no mailbox or directory ${arg}`,
        next: 'name an mbox file, a directory of patches, a range A..B of a git repository, or - for standard input',
      },
      arg,
    );
});

t.test('an interruption ends the reading of a range', async (t) => {
  const place = aPlace(t.testdir({ here: {} }));
  const stopped = { ...place, signal: AbortSignal.abort(new Error('stopped by the user')) };
  await t.rejects(readSeriesArgument('a..b', undefined, stopped), { message: /interrupted/ });
});
