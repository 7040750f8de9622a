// SPDX-License-Identifier: MIT
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { ConsoleReader } from './console.ts';

async function scratchLog(t: { teardown(undo: () => Promise<void>): void }): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'ktrial-console-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  return join(directory, 'console.log');
}

const settle = () => sleep(200);

t.test('bytes are passed on as they arrive, and a late listener gets those before as well', async (t) => {
  const path = await scratchLog(t);
  const reader = new ConsoleReader(path);
  const heard = { early: '', late: '' };
  reader.onData((chunk) => {
    heard.early += Buffer.from(chunk).toString('latin1');
  });
  await settle();
  await writeFile(path, 'one\n');
  await settle();
  reader.onData((chunk) => {
    heard.late += Buffer.from(chunk).toString('latin1');
  });
  await appendFile(path, Buffer.from([0x74, 0xe9, 0x0a]));
  await settle();
  await appendFile(path, 'last words, and then nothing');
  await reader.close();
  t.equal(heard.early, 'one\nt\u00e9\nlast words, and then nothing');
  t.equal(heard.late, heard.early);
});

t.test('a line that arrives in two pieces matches', async (t) => {
  const path = await scratchLog(t);
  const reader = new ConsoleReader(path);
  let seen = false;
  void reader.waitFor(/guest ready/).then(() => {
    seen = true;
  });
  await writeFile(path, `${'x'.repeat(200_000)} guest re`);
  await settle();
  t.notOk(seen);
  await appendFile(path, 'ady\n');
  await settle();
  t.ok(seen);
  await reader.close();
});

t.test('a console that is never written is empty', async (t) => {
  const reader = new ConsoleReader(await scratchLog(t));
  let heard = 0;
  reader.onData((chunk) => {
    heard += chunk.length;
  });
  await settle();
  await reader.close();
  await reader.close();
  t.equal(heard, 0);
});
