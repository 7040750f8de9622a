// SPDX-License-Identifier: MIT
import { appendFileSync, renameSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { followInput, pause } from './index.ts';

t.setTimeout(60_000);

/** Follows a file; `seen` waits until all that was read ends with a text. */
function follow(path: string) {
  const stop = new AbortController();
  let all = '';
  const ended = (async () => {
    for await (const chunk of followInput(path, { what: 'log', signal: stop.signal }))
      all += chunk.toString();
  })();
  return {
    async seen(text: string): Promise<string> {
      for (let round = 0; round < 500 && !all.endsWith(text); round += 1) await pause(20);
      return all;
    },
    async end(): Promise<string> {
      stop.abort();
      await ended;
      return all;
    },
  };
}

t.test('what is added to a file is read, until an abort', async (t) => {
  const path = join(t.testdir({ log: 'one\n' }), 'log');
  const reader = follow(path);
  t.equal(await reader.seen('one\n'), 'one\n');
  appendFileSync(path, 'two');
  t.equal(await reader.seen('two'), 'one\ntwo');
  appendFileSync(path, ' three\n');
  await reader.seen('three\n');
  t.equal(await reader.end(), 'one\ntwo three\n');
});

t.test('a file that was emptied is read from its start, and a cut line is ended', async (t) => {
  const path = join(t.testdir({ log: 'a long first li' }), 'log');
  const reader = follow(path);
  await reader.seen('li');
  truncateSync(path);
  t.equal(await reader.seen('li\n'), 'a long first li\n');
  appendFileSync(path, 'new\n');
  await reader.seen('new\n');
  t.equal(await reader.end(), 'a long first li\nnew\n');
});

t.test('a new file of the same name is read, after all of the old one', async (t) => {
  const directory = t.testdir({ log: 'one\n' });
  const path = join(directory, 'log');
  const reader = follow(path);
  await reader.seen('one\n');
  renameSync(path, join(directory, 'log.1'));
  appendFileSync(join(directory, 'log.1'), 'two\n');
  t.equal(await reader.seen('two\n'), 'one\ntwo\n', 'the old one is read while there is no new one');
  appendFileSync(join(directory, 'log.1'), 'three\n');
  writeFileSync(path, 'four\n');
  await reader.seen('four\n');
  t.equal(await reader.end(), 'one\ntwo\nthree\nfour\n');
});

t.test('a file that was removed is waited for', async (t) => {
  const path = join(t.testdir({ log: 'one\n' }), 'log');
  const reader = follow(path);
  await reader.seen('one\n');
  unlinkSync(path);
  await pause(500);
  writeFileSync(path, 'two\n');
  await reader.seen('two\n');
  t.equal(await reader.end(), 'one\ntwo\n');
});

t.test('a file that is not there is a fault of the request', async (t) => {
  const { signal } = new AbortController();
  const reader = followInput(join(t.testdir({}), 'log'), { what: 'log', signal });
  await t.rejects(reader.next(), { blame: 'request', code: 'INPUT_NOT_FOUND' });
});
