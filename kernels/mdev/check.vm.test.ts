// SPDX-License-Identifier: MIT
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runCommand } from '../../harness/host/index.ts';
import { openBuildTree, readKernelDefinition } from '../../harness/kernel/index.ts';
import { PROJECT_ROOT, TEST_CACHE } from '../../harness/testing/index.ts';

t.setTimeout(30 * 60_000);

/** The files of the pristine source that the check reads, below a directory of the test. */
async function exportSource(into: string): Promise<void> {
  const definition = await readKernelDefinition('mdev-5.10', join(PROJECT_ROOT, 'kernels'));
  await using tree = await openBuildTree({ ...definition, patches: [] }, { cacheDirectory: TEST_CACHE });
  const archive = join(into, 'source.tar');
  const paths = ['drivers/vfio/mdev', 'include/linux/mdev.h'];
  await runCommand('git', ['archive', '-o', archive, tree.baseCommit, '--', ...paths], { cwd: tree.tree });
  await runCommand('tar', ['-xf', archive, '-C', into]);
}

async function check(source: string) {
  const program = join(import.meta.dirname, 'check.js');
  return await runCommand(process.execPath, [program, source], { accept: 'any', cwd: PROJECT_ROOT });
}

t.test('each state of the series is the posted one, by the blob ids of its files', async (t) => {
  const source = t.testdir();
  await exportSource(source);
  const { exitCode, stdout, stderr } = await check(source);
  t.equal(exitCode, 0, `${stdout}\n${stderr}`);
  for (let count = 0; count <= 10; count += 1)
    t.match(stdout, `posted ${count}/10: the four files have the posted blob ids`);
  t.match(stdout, 'posted series: applies to the un-fixed tree with `git am`');
});

t.test('a source with one other line is not the posted one', async (t) => {
  const source = t.testdir();
  await exportSource(source);
  const path = join(source, 'drivers/vfio/mdev/mdev_core.c');
  const { stdout: text } = await runCommand('cat', [path]);
  writeFileSync(path, text.replace('"Mediated device Core Driver"', '"Mediated device core driver"'));
  const { exitCode, stderr } = await check(source);
  t.not(exitCode, 0);
  t.match(stderr, 'mdev_core.c after 0 patches is the posted one');
});
