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
  const reader = new ConsoleReader(path, 1024 * 1024);
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
  const reader = new ConsoleReader(path, 1024 * 1024);
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
  const reader = new ConsoleReader(await scratchLog(t), 1024 * 1024);
  let heard = 0;
  reader.onData((chunk) => {
    heard += chunk.length;
  });
  await settle();
  await reader.close();
  await reader.close();
  t.equal(heard, 0);
});

t.test('a log that floods is read up to its limit and no further, and it fills no memory', async (t) => {
  const path = await scratchLog(t);
  const limit = 48 * 1024 * 1024;
  const line = 'ok 1 - all good\n';
  await writeFile(path, 'the first true line\n');
  const reader = new ConsoleReader(path, limit);
  t.teardown(() => reader.close());
  let bytes = 0;
  let first = '';
  reader.onData((chunk) => {
    if (bytes === 0) first = Buffer.from(chunk).toString('latin1');
    bytes += chunk.length;
  });
  const before = process.memoryUsage().rss;
  // Faster than it is read: the whole flood of 160 MB is there at once.
  for (let piece = 0; piece < 10; piece += 1) await appendFile(path, line.repeat(1024 * 1024));
  await reader.full;
  await reader.close();
  t.equal(bytes, limit);
  t.match(first, /^the first true line\n/);
  let late = 0;
  reader.onData((chunk) => {
    late += chunk.length;
  });
  for (let look = 0; look < 200 && late < limit; look += 1) await sleep(50);
  t.equal(late, limit, 'who listens later gets the same');
  t.ok(process.memoryUsage().rss - before < 300 * 1024 * 1024);
});
