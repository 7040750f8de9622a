// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { runCommand, runGit } from '../host/index.ts';
import { DEFAULT_LIMITS, type Fault, isFault } from '../model/index.ts';
import type { KernelDefinition } from './definition.ts';
import type { KernelSource } from './definition-schema.ts';
import { fetchSource } from './source.ts';

t.setTimeout(240_000);

function aDefinition(source: KernelSource): KernelDefinition {
  return {
    name: 'small',
    description: 'a tree',
    arch: 'x86_64',
    source,
    config: { base: 'allnoconfig', file: null, fragments: [], options: {} },
    toolchain: 'gcc',
    patches: [],
    modules: true,
    path: 'small.yaml',
  };
}

async function faultOf(work: Promise<unknown>): Promise<Fault> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (isFault(error)) return error;
  throw error ?? new Error('it was taken');
}

const AUTHOR = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.org'];

/** A repository with a Linux source tree of two files, and the tag v1. */
async function aRepository(directory: string): Promise<string> {
  const tree = join(directory, 'linux');
  mkdirSync(tree, { recursive: true });
  writeFileSync(join(tree, 'Kbuild'), '# top\n');
  writeFileSync(join(tree, 'x.c'), 'int x;\n');
  await runGit(['init', '-q', '-b', 'main', tree]);
  await runGit(['add', '-A'], { cwd: tree });
  await runGit([...AUTHOR, 'commit', '-q', '-m', 'one'], { cwd: tree });
  await runGit([...AUTHOR, 'tag', '-a', 'v1', '-m', 'one'], { cwd: tree });
  return tree;
}

t.test('names that no schema has seen reach nothing outside, and run nothing', async (t) => {
  const directory = t.testdir({ 'precious.git': { file: 'kept' }, precious: { file: 'kept' } });
  const repository = await aRepository(directory);
  const cacheDirectory = join(directory, 'cache');
  const out = `x${'/..'.repeat(12)}${directory}/precious`;
  const touch = `touch ${directory}/PWNED`;
  const sources: KernelSource[] = [
    { debian: { package: 'p', suite: out } },
    { debian: { package: out, suite: 'bookworm' } },
    { debian: { package: 'linux-source', version: out, suite: 'bookworm' } },
    { debian: { package: 'p', suite: `x"; APT::Update::Pre-Invoke:: "${touch}"; Y "z` } },
    { debian: { package: `-oAPT::Update::Pre-Invoke::=${touch}`, suite: 'bookworm' } },
    { debian: { package: 'p', version: `1 -oAPT::Update::Pre-Invoke::=${touch}`, suite: 'bookworm' } },
    { debian: { package: 'linux-source', suite: 'bookworm main\ndeb [trusted=yes] file:/x x' } },
    { git: { repository, ref: `--upload-pack=${touch}` } },
    { git: { repository: `--upload-pack=${touch};x@h:`, ref: repository } },
    { git: { repository: `-oProxyCommand=${touch}@h:x`, ref: 'main' } },
    { git: { repository: `ext::sh -c ${touch.replace(' ', '% ')}`, ref: 'main' } },
    { git: { repository, ref: 'main:refs/heads/zap' } },
    { git: { repository, ref: '+refs/heads/*:refs/heads/*' } },
    { git: { repository, ref: '' } },
    { git: { repository, ref: '-q' } },
    { git: { repository, ref: 'nope' } },
    { git: { repository: join(directory, 'nope'), ref: 'main' } },
    { git: { repository: join(directory, 'precious/file'), ref: 'main' } },
    { git: { repository: 'http://', ref: 'main' } },
    { tarball: { location: out, sha256: '0'.repeat(64) } },
    { tarball: { location: 'x', sha256: `${'../'.repeat(12)}${directory}/precious` } },
    { directory: join(directory, 'precious') },
  ];
  for (const source of sources) {
    const fault = await faultOf(
      fetchSource(aDefinition(source), { cacheDirectory, mirror: 'file:/nonexistent/debian' }),
    );
    const text = JSON.stringify(source);
    // A mirror that is not there is the lab's; all others are the request's.
    const isLab = fault.code === 'DEBIAN_MIRROR_FAILED';
    t.ok(
      fault.blame === 'request' || (isLab && 'debian' in source),
      `${text}: ${fault.code}: ${fault.message}`,
    );
    t.ok(fault.message.length > 20 && !/^git ended/.test(fault.message), fault.message);
  }
  t.notOk(existsSync(join(directory, 'PWNED')));
  for (const name of ['precious.git/file', 'precious/file'])
    t.equal(readFileSync(join(directory, name), 'utf8'), 'kept');
  t.strictSame(readdirSync(directory).sort(), ['cache', 'linux', 'precious', 'precious.git']);
  const { stdout } = await runGit(['for-each-ref'], { cwd: repository });
  t.strictSame(stdout.trim().split('\n').length, 2, 'main and v1 alone');
  for (const name of readdirSync(join(cacheDirectory, 'sources'))) {
    t.match(name, /^(?:debian|git|tarball|directory)-[0-9a-f]{16}\.(?:git|lock)$/);
    if (!name.endsWith('.git')) continue;
    const refs = await runGit([
      '--git-dir',
      join(cacheDirectory, 'sources', name),
      'for-each-ref',
      '--format=%(refname)',
    ]);
    for (const ref of refs.stdout.trim().split('\n')) t.match(ref, /^(?:refs\/ktrial\/[0-9a-f]{40})?$/);
  }
});

t.test(
  'a branch, a tag, a commit and a shallow clone are found, and refs/ktrial alone is written',
  async (t) => {
    const directory = t.testdir();
    const repository = await aRepository(directory);
    const { stdout } = await runGit(['rev-parse', 'HEAD'], { cwd: repository });
    const shallow = join(directory, 'shallow');
    await runGit(['clone', '-q', '--depth=1', `file://${repository}`, shallow]);
    for (const [place, ref] of [
      [repository, 'main'],
      [repository, 'v1'],
      [repository, stdout.trim()],
      [repository, 'HEAD'],
      [shallow, 'main'],
      [`file://${repository}`, 'refs/heads/main'],
      [`FILE://${repository}`, 'main'],
    ] as const) {
      const source = await fetchSource(aDefinition({ git: { repository: place, ref } }), {
        cacheDirectory: join(directory, 'cache'),
      });
      t.equal(source.commit, stdout.trim(), `${place} ${ref}`);
      const refs = await runGit(['--git-dir', source.repository, 'for-each-ref', '--format=%(refname)']);
      const isFetched = /^file:/i.test(place);
      t.equal(
        refs.stdout,
        isFetched ? `refs/ktrial/${source.commit}\n` : '',
        'what is borrowed needs no ref',
      );
    }
  },
);

t.test('a repository that fetches what it lacks with a command runs none', async (t) => {
  const directory = t.testdir();
  const repository = await aRepository(directory);
  const { stdout } = await runGit(['rev-parse', 'HEAD:x.c'], { cwd: repository });
  const blob = stdout.trim();
  spawnSync('rm', ['-f', join(repository, '.git/objects', blob.slice(0, 2), blob.slice(2))]);
  for (const [key, value] of [
    ['core.repositoryFormatVersion', '1'],
    ['extensions.partialClone', 'r'],
    ['remote.r.promisor', 'true'],
    ['remote.r.url', '/nonexistent'],
    ['remote.r.uploadpack', `touch ${directory}/PWNED;false`],
    ['uploadpack.packObjectsHook', `touch ${directory}/PWNED;false`],
  ] as const)
    await runGit(['config', key, value], { cwd: repository });
  const options = { cacheDirectory: join(directory, 'cache') };
  const fault = await faultOf(fetchSource(aDefinition({ git: { repository, ref: 'main' } }), options));
  t.match(fault, { code: 'KERNEL_NO_SOURCE', blame: 'request' });
  t.notOk(existsSync(join(directory, 'PWNED')));
});

t.test(
  'a repository of another user is borrowed as any other: nothing in it is run',
  { skip: process.getuid?.() !== 0 && 'only root can make one' },
  async (t) => {
    const directory = t.testdir();
    const repository = await aRepository(directory);
    for (const [key, value] of [
      ['core.fsmonitor', `touch ${directory}/PWNED`],
      ['core.sshCommand', `touch ${directory}/PWNED`],
      ['core.hooksPath', join(directory, 'hooks')],
      ['uploadpack.packObjectsHook', `touch ${directory}/PWNED;false`],
    ] as const)
      await runGit(['config', key, value], { cwd: repository });
    mkdirSync(join(directory, 'hooks'));
    writeFileSync(join(directory, 'hooks/post-checkout'), `#!/bin/sh\ntouch ${directory}/PWNED\n`, {
      mode: 0o755,
    });
    spawnSync('chown', ['-R', '65534', repository]);
    const options = { cacheDirectory: join(directory, 'cache') };
    const source = await fetchSource(aDefinition({ git: { repository, ref: 'main' } }), options);
    const shown = await runGit(['--git-dir', source.repository, 'show', `${source.commit}:x.c`]);
    t.equal(shown.stdout, 'int x;\n');
    t.notOk(existsSync(join(directory, 'PWNED')));
  },
);

/** Members of a tar file, one after the other. */
interface Member {
  readonly name: string;
  /** `0` file, `1` hard link, `2` symbolic link, `3` device, `5` directory, `6` pipe. */
  readonly type?: string;
  readonly link?: string;
  readonly content?: string;
  /** What the header claims, where it is not the content's. */
  readonly size?: number;
}

function tarOf(members: readonly Member[]): Buffer {
  const blocks = members.flatMap(({ name, type = '0', link = '', content = '', size }) => {
    const header = Buffer.alloc(512);
    const put = (text: string, at: number) => header.write(text, at, 'latin1');
    const octal = (value: number, length: number) => value.toString(8).padStart(length - 1, '0');
    put(name, 0);
    put('0000644', 100);
    put(octal(0, 8), 108);
    put(octal(0, 8), 116);
    put(octal(size ?? content.length, 12), 124);
    put(octal(0, 12), 136);
    put('        ', 148);
    put(type, 156);
    put(link, 157);
    put('ustar\u000000', 257);
    let sum = 0;
    for (const byte of header) sum += byte;
    put(`${octal(sum, 7)}\0 `, 148);
    const data = Buffer.alloc(Math.ceil(content.length / 512) * 512);
    data.write(content);
    return [header, data];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

const TREE: readonly Member[] = [
  { name: 'linux/', type: '5' },
  { name: 'linux/Kbuild', content: '# top\n' },
];

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function unpack(t: Test, directory: string, bytes: Uint8Array, limits = DEFAULT_LIMITS) {
  const location = join(directory, 'it: a tarball');
  writeFileSync(location, bytes);
  const options = { cacheDirectory: join(directory, 'cache'), limits };
  t.teardown(() => {});
  return fetchSource(aDefinition({ tarball: { location, sha256: sha256(bytes) } }), options);
}

t.test('an archive is looked at before anything of it is written', async (t) => {
  const cases: [string, readonly Member[], RegExp][] = [
    ['..', [...TREE, { name: 'linux/../../PWNED' }], /contains "\.\."/],
    ['.. first', [{ name: '../PWNED' }, ...TREE], /contains "\.\."/],
    ['an absolute path', [...TREE, { name: '/tmp/PWNED' }], /absolute path/],
    [
      'a link to a file',
      [...TREE, { name: 'linux/l', type: '2', link: '/etc/passwd' }],
      /points to \/etc\/passwd/,
    ],
    ['a link out', [...TREE, { name: 'linux/l', type: '2', link: '../x' }], /points to \.\.\/x, outside/],
    ['a link far out', [...TREE, { name: 'linux/d/l', type: '2', link: '../../../x' }], /outside the source/],
    [
      'a link on the way',
      [
        ...TREE,
        { name: 'linux/s', type: '2', link: '.' },
        { name: 'linux/l', type: '2', link: 's/s/../../..' },
      ],
      /outside the source/,
    ],
    [
      'a file behind a link',
      [...TREE, { name: 'linux/s', type: '2', link: 'd' }, { name: 'linux/s/x', content: 'x' }],
      /behind a symbolic link/,
    ],
    [
      'another name of a link',
      [
        ...TREE,
        { name: 'linux/d/s', type: '2', link: '../x' },
        { name: 'linux/s', type: '1', link: 'linux/d/s' },
      ],
      /another name of the symbolic link/,
    ],
    ['a hard link out', [...TREE, { name: 'linux/h', type: '1', link: '/etc/passwd' }], /absolute path/],
    ['a hard link up', [...TREE, { name: 'linux/h', type: '1', link: '../x' }], /contains "\.\."/],
    ['a device', [...TREE, { name: 'linux/zero', type: '3' }], /neither a file, a directory nor a link/],
    ['a pipe', [...TREE, { name: 'linux/pipe', type: '6' }], /neither a file/],
    ['no member', [], /it is empty/],
  ];
  for (const [name, members, message] of cases) {
    const directory = t.testdir();
    const fault = await faultOf(unpack(t, directory, tarOf(members)));
    t.match(fault, { blame: 'request', code: 'KERNEL_BAD_ARCHIVE' }, name);
    t.match(fault.message, message, name);
    t.strictSame(
      readdirSync(join(directory, 'cache/sources')).filter((one) => !one.endsWith('.lock')),
      [],
      name,
    );
  }
  const texts: [string, Uint8Array][] = [
    ['a text', Buffer.from('hello\n')],
    ['nothing', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(4096)],
    ['gzip of a text', gzipSync('hello\n'.repeat(1000))],
    ['a truncated gzip', gzipSync(tarOf(TREE)).subarray(0, 60)],
    [
      'a truncated archive',
      tarOf([...TREE, { name: 'linux/big', content: 'x'.repeat(4096) }]).subarray(0, 3000),
    ],
    ['a zip', Buffer.from('PK\u0003\u0004hello')],
    ['HTML', Buffer.from('<html>404</html>')],
  ];
  for (const [name, bytes] of texts) {
    const fault = await faultOf(unpack(t, t.testdir(), bytes));
    t.match(
      fault,
      { blame: 'request', code: 'KERNEL_BAD_ARCHIVE', message: /is not an archive of a kernel/ },
      name,
    );
  }
  t.match(await faultOf(unpack(t, t.testdir(), tarOf([{ name: 'linux/Makefile' }]))), {
    blame: 'request',
    code: 'KERNEL_NO_SOURCE',
    message: /it: a tarball is not a Linux source tree: it has no Kbuild/,
  });
});

t.test('an archive that becomes too large is refused while it is looked at', async (t) => {
  const limits = { ...DEFAULT_LIMITS, 'archive-gib': 1 };
  const directory = t.testdir({ linux: { Kbuild: '# top\n' } });
  spawnSync('truncate', ['-s', '3G', join(directory, 'linux/hole')]);
  const archive = join(directory, 'sparse.tar');
  await runCommand('tar', ['-cSf', archive, '-C', directory, 'linux']);
  const fault = await faultOf(unpack(t, directory, readFileSync(archive), limits));
  t.match(fault, { blame: 'request', code: 'LIMIT_EXCEEDED', next: /--limit archive-gib=/ });
});

t.test('links inside a source stay links', async (t) => {
  const directory = t.testdir();
  const link = { name: 'linux/scripts/dtc/arm', type: '2', link: '.././../arch//arm/dts' };
  const source = await unpack(
    t,
    directory,
    tarOf([...TREE, link, { name: 'linux/arch/arm/dts/x', content: 'x' }]),
  );
  const { stdout } = await runGit(['--git-dir', source.repository, 'ls-tree', '-r', source.commit]);
  t.match(stdout, /120000 blob \w+\tscripts\/dtc\/arm/);
});

t.test('a tarball of the web: what the server does, and whose fault it is', async (t) => {
  const bytes = tarOf(TREE);
  const server = createServer((request, response) => {
    if (request.url === '/404') response.writeHead(404).end();
    else if (request.url === '/500') response.writeHead(500).end();
    else if (request.url === '/cut') {
      response.writeHead(200, { 'content-length': bytes.length }).write(bytes.subarray(0, 600));
      setTimeout(() => response.destroy(), 50);
    } else if (request.url === '/slow') response.writeHead(200).write('x');
    else if (request.url === '/away') response.writeHead(302, { location: 'file:///etc/passwd' }).end();
    else response.end(request.url === '/html' ? '<html>' : bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const fetchFrom = (location: string, cacheDirectory: string, signal?: AbortSignal) =>
    fetchSource(aDefinition({ tarball: { location, sha256: sha256(bytes) } }), {
      cacheDirectory,
      ...(signal ? { signal } : {}),
    });
  const cases: [string, string, string][] = [
    [`${at}/404`, 'request', 'KERNEL_DOWNLOAD_FAILED'],
    [`${at}/500`, 'lab', 'KERNEL_DOWNLOAD_FAILED'],
    [`${at}/cut`, 'lab', 'KERNEL_DOWNLOAD_FAILED'],
    [`${at}/away`, 'lab', 'KERNEL_DOWNLOAD_FAILED'],
    [`${at}/html`, 'request', 'KERNEL_WRONG_DIGEST'],
    ['http://127.0.0.1:1/x.tar', 'lab', 'KERNEL_DOWNLOAD_FAILED'],
  ];
  for (const [location, blame, code] of cases) {
    const fault = await faultOf(fetchFrom(location, join(t.testdir(), 'cache')));
    t.strictSame([fault.blame, fault.code], [blame, code], `${location}: ${fault.message}`);
  }
  t.match(await faultOf(fetchFrom(`${at}/slow`, join(t.testdir(), 'cache'), AbortSignal.timeout(200))), {
    code: 'HOST_INTERRUPTED',
  });
  t.match(await fetchFrom(`${at}/good`.replace('http', 'HTTP'), join(t.testdir(), 'cache')), {
    key: /^tarball-/,
  });
});

t.test('a source directory that is strange is read as it is', async (t) => {
  const directory = t.testdir({ linux: { Kbuild: '# top\n', '-x': 'a', 'a b': 'c' } });
  const tree = join(directory, 'linux');
  symlinkSync('/etc/passwd', join(tree, 'link'));
  spawnSync('mkfifo', [join(tree, 'pipe')]);
  const source = await fetchSource(aDefinition({ directory: tree }), {
    cacheDirectory: join(directory, 'cache'),
  });
  const { stdout } = await runGit([
    '--git-dir',
    source.repository,
    'ls-tree',
    '-r',
    '--name-only',
    source.commit,
  ]);
  t.strictSame(stdout.trim().split('\n').sort(), ['-x', 'Kbuild', 'a b', 'link']);
});
