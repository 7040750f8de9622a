// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import t from 'tap';
import { isFault } from '../model/index.ts';
import { startProgram } from './index.ts';

t.test('a program answers line by line and ends when it is closed', async (t) => {
  const program = await startProgram('cat', []);
  program.write('one\ntwo\n');
  t.equal(await program.readLine(5000), 'one');
  t.equal(await program.readLine(5000), 'two');
  t.equal(await program.readLine(20), null, 'no line within the timeout');
  program.write('three\n');
  t.equal(await program.readLine(5000), 'three', 'and it still answers');
  await program[Symbol.asyncDispose]();
  t.equal(await program.readLine(5000), null);
  program.write('ignored\n');
});

t.test('a caller that waits when the program ends gets null', async (t) => {
  await using program = await startProgram('sh', ['-c', 'read line; echo "$line"; exit 3']);
  const [first, second] = [program.readLine(5000), program.readLine(5000)];
  program.write('last\n');
  t.strictSame(await Promise.all([first, second]), ['last', null]);
});

t.test('a program that is not installed is a lab fault', async (t) => {
  const error = await startProgram('ktrial-no-such-program', []).catch((thrown: unknown) => thrown);
  t.ok(isFault(error, 'HOST_PROGRAM_MISSING'));
});

t.test(
  'an idle program does not keep ktrial running, and one that is asked does until it answers',
  async (t) => {
    const run = (body: string) => {
      const code = `import { startProgram } from ${JSON.stringify(new URL('index.js', import.meta.url).href)};\n${body}`;
      return spawnSync(process.execPath, ['--input-type=module', '-e', code], {
        timeout: 20_000,
        encoding: 'utf8',
      });
    };
    const idle = run(`await startProgram('cat', []); console.log('done');`);
    t.strictSame([idle.status, idle.stdout], [0, 'done\n']);
    const asked = run(
      `const p = await startProgram('sh', ['-c', 'sleep 0.5; echo late; cat']); console.log(await p.readLine(9000));`,
    );
    t.strictSame([asked.status, asked.stdout], [0, 'late\n']);
  },
);
