// SPDX-License-Identifier: MIT
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { runCommand } from '../host/index.ts';
import { buildWhole } from './unfinished.ts';

t.test('what a build left that was cut off is not built upon; what one left that failed is', async (t) => {
  const output = join(t.testdir(), 'out');
  const put = (name: string) => writeFile(join(output, name), '');
  await buildWhole(output, () => put('whole.o'));
  const failed = await buildWhole(output, async () => {
    await put('fine.o');
    return runCommand('false', [], { accept: 'any' });
  });
  t.match(failed, { exitCode: 1 });
  await buildWhole(output, () => put('next.o'));
  t.strictSame((await readdir(output)).sort(), ['fine.o', 'next.o', 'whole.o']);

  const stop = new AbortController();
  const cut = buildWhole(output, async () => {
    const built = runCommand('sh', ['-c', 'printf "cmd := (" >half.o.cmd; sleep 60'], {
      cwd: output,
      signal: stop.signal,
    });
    setTimeout(() => stop.abort(), 200);
    return built;
  });
  await t.rejects(cut, { code: 'HOST_INTERRUPTED' });
  await buildWhole(output, () => put('new.o'));
  t.strictSame(await readdir(output), ['new.o']);
});
