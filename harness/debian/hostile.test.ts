// SPDX-License-Identifier: MIT
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { listFiles } from '../host/index.ts';
import { type Fault, isFault } from '../model/index.ts';
import { anArchive } from '../testing/archive.ts';
import { formatAptConf, formatSourceLine } from './configuration.ts';
import { fetchDebianClosure, fetchDebianPackage, resolveDebianClosure } from './index.ts';

t.setTimeout(240_000);

async function faultOf(work: Promise<unknown>): Promise<Fault> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (isFault(error)) return error;
  throw error ?? new Error('it was taken');
}

t.test('what cannot be quoted is not written into the files of apt', async (t) => {
  for (const value of ['a"b', 'a\nb', 'a\rb', 'a\0b', 'x"; APT::Update::Pre-Invoke:: "touch PWNED'])
    t.throws(
      () => formatAptConf({ 'Dir::State': value }),
      { blame: 'request', code: 'DEBIAN_UNQUOTABLE' },
      value,
    );
  t.equal(formatAptConf({ 'Dir::State': '/a b/%41/#c' }), 'Dir::State "/a b/%41/#c";\n');
  for (const word of ['a b', 'a\nb', '[trusted=yes]', 'a"b', 'a%20b', 'a\\b'])
    for (const words of [
      [word, 'm', 's'],
      ['k', word, 's'],
      ['k', 'm', word],
    ] as [string, string, string][])
      t.throws(() => formatSourceLine(...words), { code: 'DEBIAN_UNQUOTABLE' }, JSON.stringify(words));
});

t.test('no name, version, suite or mirror is an option of apt, a path or a line', async (t) => {
  const directory = t.testdir({ precious: { file: 'kept' } });
  const archive = await anArchive(t, directory);
  await archive.publish('bookworm', ['1.0']);
  const cacheDirectory = join(directory, 'cache');
  const out = `x${'/..'.repeat(12)}${directory}/precious`;
  const touch = `touch ${directory}/PWNED`;
  const bad = [
    '',
    ' ',
    '-y',
    `-oAPT::Update::Pre-Invoke::=${touch}`,
    out,
    'a b',
    'a\nb',
    'tree-',
    'tre.*',
    './tree.deb',
    'tree^',
    'tree/bookworm',
    'x'.repeat(300),
  ];
  for (const name of bad) {
    const source = { ...archive, suite: 'bookworm', cacheDirectory };
    const code = 'DEBIAN_BAD_NAME';
    t.match(await faultOf(fetchDebianPackage(name, undefined, source)), { blame: 'request', code }, name);
    t.match(await faultOf(fetchDebianPackage('tree', `${name} `, source)), { blame: 'request', code }, name);
    t.match(await faultOf(fetchDebianClosure(['tree', name], source)), { blame: 'request', code }, name);
    t.match(await faultOf(resolveDebianClosure([name], source)), { blame: 'request', code }, name);
    if (name !== 'tree-')
      t.match(
        await faultOf(fetchDebianPackage('tree', '1.0', { ...source, suite: `${name}"` })),
        { code },
        name,
      );
  }
  for (const mirror of [
    '',
    'x',
    '/x',
    'http://',
    'http://h/x [trusted=yes]',
    'http://h/"x',
    'http://h/x\ny',
    'ssh://h/x',
    'cdrom:x',
  ])
    t.match(
      await faultOf(
        fetchDebianPackage('tree', '1.0', { ...archive, mirror, suite: 'bookworm', cacheDirectory }),
      ),
      { blame: 'request', code: 'DEBIAN_BAD_NAME', message: /got the mirror/ },
      mirror,
    );
  t.notOk(existsSync(join(directory, 'PWNED')));
  t.equal(readFileSync(join(directory, 'precious/file'), 'utf8'), 'kept');
  for (const name of readdirSync(join(cacheDirectory, 'apt')))
    t.match(name, /^(?:[0-9a-f]{32}|lock|resolved)$/);
  // A pattern of apt's that would fit a package fetches none.
  t.match(
    await faultOf(fetchDebianPackage('tr.e', undefined, { ...archive, suite: 'bookworm', cacheDirectory })),
    { code: 'DEBIAN_NO_PACKAGE' },
  );
});

t.test('an index that names files elsewhere writes none', async (t) => {
  const archive = await anArchive(t, t.testdir());
  const changes: [string, (text: string) => string][] = [
    ['..', (text) => text.replace(/^Filename: .*/m, 'Filename: ../../../../PWNED.deb')],
    ['an absolute path', (text) => text.replace(/^Filename: .*/m, 'Filename: /etc/passwd')],
    ['a name that is a path', (text) => text.replace(/^Package: .*/m, 'Package: ../../tree')],
    ['no SHA-256', (text) => text.replace(/^SHA256: .*\n/m, '').replace(/^SHA1: .*\n/m, '')],
    ['another SHA-256', (text) => text.replace(/^SHA256: ...../m, 'SHA256: 00000')],
    ['another size', (text) => text.replace(/^Size: .*/m, 'Size: 7')],
  ];
  for (const [name, change] of changes) {
    await archive.publish('bookworm', ['1.0'], change);
    const cacheDirectory = join(t.testdirName, `cache-${name.replaceAll(' ', '-')}`);
    const fault = await faultOf(
      fetchDebianPackage('tree', undefined, { ...archive, suite: 'bookworm', cacheDirectory }),
    );
    t.ok(['lab', 'request'].includes(fault.blame), `${name}: ${fault.code}: ${fault.message}`);
    const packages = (await listFiles(cacheDirectory)).filter(
      (path) => path.includes('/packages/') || path.includes('PWNED'),
    );
    t.strictSame(packages, [], name);
  }
});

t.test('a damaged state of apt is made again', async (t) => {
  const directory = t.testdir();
  const archive = await anArchive(t, directory);
  await archive.publish('bookworm', ['1.0']);
  const said: string[] = [];
  const source = {
    ...archive,
    suite: 'bookworm',
    cacheDirectory: join(directory, 'cache'),
    onProgress: (text: string) => said.push(text),
  };
  await fetchDebianPackage('tree', '1.0', source);
  const state = () =>
    join(
      directory,
      'cache/apt',
      readdirSync(join(directory, 'cache/apt')).find((name) => /^[0-9a-f]{32}$/.test(name)) ?? '',
    );
  const lists = async () =>
    (await listFiles(join(state(), 'state/lists'))).map((path) => join(state(), 'state/lists', path));
  const remove = (path: string) => rmSync(path, { recursive: true, force: true });
  const damages: [string, () => unknown][] = [
    [
      'truncated lists',
      async () => {
        for (const path of await lists()) truncateSync(path, 20);
      },
    ],
    [
      'empty lists',
      async () => {
        for (const path of await lists()) truncateSync(path, 0);
      },
    ],
    [
      'nonsense in the lists',
      async () => {
        for (const path of await lists()) writeFileSync(path, 'x\n\0y');
      },
    ],
    ['no lists', () => remove(join(state(), 'state'))],
    [
      'the lists are a file',
      () => {
        remove(join(state(), 'state'));
        writeFileSync(join(state(), 'state'), '');
      },
    ],
    ['a damaged cache', () => writeFileSync(join(state(), 'cache/pkgcache.bin'), 'x')],
    ['no stamp', () => remove(join(state(), 'updated'))],
    [
      'the stamp is a directory',
      () => {
        remove(join(state(), 'updated'));
        mkdirSync(join(state(), 'updated'));
      },
    ],
    ['nonsense in the configuration', () => writeFileSync(join(state(), 'apt.conf'), 'x {')],
    ['a status that is none', () => writeFileSync(join(state(), 'status'), 'x')],
    [
      'the state is a file',
      () => {
        const path = state();
        remove(path);
        writeFileSync(path, '');
      },
    ],
    ['no state', () => remove(state())],
  ];
  for (const [name, damage] of damages) {
    remove(join(state(), 'packages'));
    await damage();
    t.equal((await fetchDebianPackage('tree', '1.0', source)).version, '1.0', name);
    remove(join(directory, 'cache/apt/resolved'));
    await damage();
    t.match(await resolveDebianClosure(['tree'], source), [{ name: 'tree' }], `${name}: a closure`);
  }
  t.match(said.join('\n'), /is damaged: the state of apt is made again/);
});
