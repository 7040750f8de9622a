// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import t from 'tap';
import { isFault } from '../model/index.ts';
import { startProgram } from './index.ts';

t.test('a program answers line by line and ends when it is disposed of', async (t) => {
  const program = await startProgram('cat', []);
  program.write('one\ntwo\n');
  t.equal(await program.readLine(5000), 'one');
  t.equal(await program.readLine(5000), 'two');
  t.equal(await program.readLine(20), null, 'nothing came in time');
  program.write('three\n');
  t.equal(await program.readLine(5000), 'three', 'and it goes on');
  await program[Symbol.asyncDispose]();
  t.equal(await program.readLine(5000), null);
  program.write('to nobody\n');
});

t.test('whoever waits when a program ends is told', async (t) => {
  await using program = await startProgram('sh', ['-c', 'read line; echo "$line"; exit 3']);
  const [first, second] = [program.readLine(5000), program.readLine(5000)];
  program.write('last\n');
  t.strictSame(await Promise.all([first, second]), ['last', null]);
});

t.test('an absent program is a fault of the lab', async (t) => {
  const error = await startProgram('ktrial-no-such-program', []).catch((thrown: unknown) => thrown);
  t.ok(isFault(error, 'HOST_PROGRAM_MISSING'));
});

t.test('an idle program keeps nobody alive, and one that is asked does until it answers', async (t) => {
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
});
