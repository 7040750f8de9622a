// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { runCommand } from '../host/index.ts';
import { buildInto } from './output-directory.ts';

t.test('the output of an interrupted build is discarded; that of a failed build is kept', async (t) => {
  const output = join(t.testdir(), 'out');
  const put = (name: string) => writeFile(join(output, name), '');
  await buildInto(output, () => put('whole.o'));
  const failed = await buildInto(output, async () => {
    await put('fine.o');
    return runCommand('false', [], { accept: 'any' });
  });
  t.match(failed, { exitCode: 1 });
  await buildInto(output, () => put('next.o'));
  t.strictSame((await readdir(output)).sort(), ['fine.o', 'next.o', 'whole.o']);

  const stop = new AbortController();
  const cut = buildInto(output, async () => {
    const built = runCommand('sh', ['-c', 'printf "cmd := (" >half.o.cmd; sleep 60'], {
      cwd: output,
      signal: stop.signal,
    });
    setTimeout(() => stop.abort(), 200);
    return built;
  });
  await t.rejects(cut, { code: 'HOST_INTERRUPTED' });
  await buildInto(output, () => put('new.o'));
  t.strictSame(await readdir(output), ['new.o']);
});

t.test('the output of a build whose ktrial was killed is discarded', async (t) => {
  const output = join(t.testdir(), 'out');
  const at = (name: string) => JSON.stringify(new URL(name, import.meta.url).href);
  const script = `import { buildInto } from ${at('./output-directory.js')};
    import { runCommand } from ${at('../host/index.js')};
    await buildInto(${JSON.stringify(output)}, () => runCommand('sh', ['-c', 'echo >half.o; kill -KILL $0; sleep 60', String(process.pid)], { cwd: ${JSON.stringify(output)} }));`;
  const { signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script]);
  t.equal(signal, 'SIGKILL');
  t.strictSame(await readdir(output), ['half.o']);
  await buildInto(output, () => writeFile(join(output, 'new.o'), ''));
  t.strictSame(await readdir(output), ['new.o']);
});
