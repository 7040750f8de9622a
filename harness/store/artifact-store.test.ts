// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { digestOf } from '../host/index.ts';
import { openArtifactStore } from './index.ts';

interface Note {
  readonly text: string;
}

const DIGEST = digestOf('abc');

function openNotes(directory: string, said: string[]) {
  return openArtifactStore<Note>({
    directory,
    parse: (value) => (typeof (value as Note | null)?.text === 'string' ? (value as Note) : null),
    onNote: (text) => said.push(text),
  });
}

const fill = async (directory: string): Promise<Note> => {
  await writeFile(join(directory, 'file'), 'content');
  return { text: 'hello' };
};

t.test('an artifact is found by its digest with what was written down about it', async (t) => {
  const said: string[] = [];
  const store = openNotes(join(t.testdir(), 'notes'), said);
  t.equal(await store.get(DIGEST), null);
  const put = await store.put(DIGEST, fill);
  t.strictSame(put.meta, { text: 'hello' });
  t.strictSame(await store.get(DIGEST), put);
  t.equal(readFileSync(join(put.directory, 'file'), 'utf8'), 'content');
  await store.describe(put, { text: 'changed' });
  t.strictSame((await store.get(DIGEST))?.meta, { text: 'changed' });
  t.strictSame(said, []);
});

t.test('whichever process puts an artifact first, all get that one', async (t) => {
  const directory = join(t.testdir(), 'notes');
  const texts = ['one', 'two', 'three'];
  const all = await Promise.all(
    texts.map((text) => openNotes(directory, []).put(DIGEST, async () => ({ text }))),
  );
  t.equal(new Set(all.map((one) => one.meta.text)).size, 1);
  t.strictSame(readdirSync(directory), [DIGEST], 'nothing else is left');
});

t.test('an artifact that is not whole is discarded with the reason, and made again', async (t) => {
  const directory = join(t.testdir(), 'notes');
  const manifest = join(directory, `${DIGEST}/manifest.json`);
  const whole = async () => {
    const said: string[] = [];
    await openNotes(directory, said).put(DIGEST, fill);
    return { store: openNotes(directory, said), said };
  };
  await whole();
  const text = readFileSync(manifest, 'utf8');
  const breaks: [string, () => void, RegExp][] = [
    ['no manifest', () => rmSync(manifest), /has no manifest/],
    [
      'a truncated file',
      () => truncateSync(join(directory, `${DIGEST}/file`), 3),
      /file: got 3 bytes, expected 7/,
    ],
    [
      'a missing file',
      () => rmSync(join(directory, `${DIGEST}/file`)),
      /file: got no file, expected 7 bytes/,
    ],
    [
      'another meta',
      () => writeFileSync(manifest, text.replace('hello"', 'hello", "text": 5')),
      /as expected/,
    ],
    ['another format', () => writeFileSync(manifest, text.replace('"format": 1', '"format": 9')), /form/],
    ...['null', '7', '[]', '{}'].map((json): [string, () => void, RegExp] => [
      json,
      () => writeFileSync(manifest, json),
      /another form/,
    ]),
  ];
  for (let cut = 0; cut < text.length - 2; cut += 9)
    breaks.push([`cut off at ${cut}`, () => writeFileSync(manifest, text.slice(0, cut)), /truncated/]);
  for (const [name, breakIt, reason] of breaks) {
    const { store, said } = await whole();
    breakIt();
    t.equal(await store.get(DIGEST), null, name);
    t.match(said.join(), reason, name);
    t.strictSame((await store.put(DIGEST, fill)).meta, { text: 'hello' }, name);
  }
});

t.test('an artifact whose making failed does not exist', async (t) => {
  const directory = join(t.testdir(), 'notes');
  const store = openNotes(directory, []);
  await t.rejects(
    store.put(DIGEST, async (into) => {
      await fill(into);
      throw new Error('no more');
    }),
    /no more/,
  );
  t.equal(await store.get(DIGEST), null);
  t.strictSame(readdirSync(directory), []);
});
