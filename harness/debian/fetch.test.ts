// SPDX-License-Identifier: MIT
import { readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { digestFile } from '../host/index.ts';
import { type Fault, isFault } from '../model/index.ts';
import { anArchive } from '../testing/archive.ts';
import { fetchDebianClosure, fetchDebianPackage, resolveDebianClosure } from './index.ts';
import { archiveOf } from './mirror.ts';

async function faultOf(work: Promise<unknown>): Promise<Fault> {
  const fault = await work.then(
    () => null,
    (cause: unknown) => cause,
  );
  if (isFault(fault)) return fault;
  throw fault ?? new Error('nothing went wrong');
}

t.test('security suites are in a separate archive beside the main one', (t) => {
  t.equal(archiveOf('bookworm', 'http://host/debian'), 'http://host/debian');
  t.equal(archiveOf('bookworm-security', 'http://host/debian'), 'http://host/debian-security');
  t.equal(archiveOf('bookworm-security', 'http://host/debian-security'), 'http://host/debian-security');
  t.equal(
    archiveOf('bookworm-security', 'http://host/archive/debian/20250520T000000Z'),
    'http://host/archive/debian-security/20250520T000000Z',
  );
  t.end();
});

t.test('a package is fetched from a security suite', async (t) => {
  const archive = await anArchive(t, t.testdir());
  await archive.publish('bookworm-security', ['1.0', '1.1']);
  const source = { ...archive, suite: 'bookworm-security', cacheDirectory: t.testdirName };
  t.equal((await fetchDebianPackage('tree', undefined, source)).version, '1.1');
  t.equal((await fetchDebianPackage('tree', '1.0', source)).version, '1.0');
  t.match(await fetchDebianClosure(['tree'], source), [{ name: 'tree', version: '1.1' }]);
});

t.test('a list signed with another key is refused', async (t) => {
  const archive = await anArchive(t, t.testdir());
  await archive.publish('bookworm', ['1.0']);
  const { keyring: _, ...source } = { ...archive, suite: 'bookworm', cacheDirectory: t.testdirName };
  t.equal((await faultOf(fetchDebianPackage('tree', '1.0', source))).code, 'DEBIAN_MIRROR_FAILED');
});

t.test('a stale list is read again', async (t) => {
  const archive = await anArchive(t, t.testdir());
  await archive.publish('bookworm', ['1.0']);
  const source = { ...archive, suite: 'bookworm', cacheDirectory: t.testdirName };
  await fetchDebianPackage('tree', undefined, source);
  await archive.publish('bookworm', ['1.2', '1.3']);
  t.equal((await fetchDebianPackage('tree', '1.2', source)).version, '1.2', 'a version newer than the list');
  await archive.publish('bookworm', ['1.4']);
  t.equal(
    (await fetchDebianPackage('tree', undefined, source)).version,
    '1.4',
    'the mirror has dropped what the list names',
  );
});

t.test('the message for a version that the mirror has dropped names those that it has', async (t) => {
  const archive = await anArchive(t, t.testdir());
  await archive.publish('bookworm', ['1.0']);
  const source = { ...archive, suite: 'bookworm', cacheDirectory: t.testdirName };
  await archive.publish('bookworm', ['1.1', '1.2']);
  const fault = await faultOf(fetchDebianPackage('tree', '1.0', source));
  t.equal(fault.code, 'DEBIAN_NO_PACKAGE');
  t.equal(fault.message, 'Debian bookworm has no tree 1.0; it has 1.2, 1.1');
  t.match(fault.next, /--mirror/);
  t.equal(
    (await faultOf(fetchDebianPackage('bush', '1.0', source))).message,
    'Debian bookworm has no package bush',
  );
});

t.test(
  'a closure is resolved without a network once it is known, and again when the lists change',
  async (t) => {
    const archive = await anArchive(t, t.testdir());
    await archive.publish('bookworm', ['1.0']);
    const source = { ...archive, suite: 'bookworm', cacheDirectory: t.testdirName };
    const resolve = () => resolveDebianClosure(['tree'], source);
    t.match(await resolve(), [{ name: 'tree', version: '1.0' }]);
    await archive.publish('bookworm', ['1.1']);
    t.match(await resolve(), [{ version: '1.0' }], 'the lists that are there still name it');
    t.match(await fetchDebianClosure(['tree'], source), [{ version: '1.1' }]);
    t.match(await resolve(), [{ version: '1.1' }]);
    const [memo = ''] = readdirSync(join(t.testdirName, 'apt/resolved'));
    for (const text of ['', '{"stamp":["', 'null', '[]', '{"stamp":[1],"packages":[{}]}']) {
      writeFileSync(join(t.testdirName, 'apt/resolved', memo), text);
      t.match(await resolve(), [{ name: 'tree', version: '1.1' }], `the file contains ${text}`);
    }
  },
);

t.test('a damaged package file in the cache is downloaded again, and that is said', async (t) => {
  const archive = await anArchive(t, t.testdir());
  await archive.publish('bookworm', ['1.0']);
  const said: string[] = [];
  const onProgress = (text: string) => said.push(text);
  const source = { ...archive, suite: 'bookworm', cacheDirectory: t.testdirName, onProgress };
  const { path, sha256 } = await fetchDebianPackage('tree', '1.0', source);
  truncateSync(path, 100);
  t.equal((await fetchDebianPackage('tree', '1.0', source)).sha256, sha256);
  t.equal(await digestFile(path), sha256);
  t.match(said.join('\n'), /is damaged: it is downloaded again/);
});
