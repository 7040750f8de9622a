// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { type Fault, isFault } from '../model/index.ts';
import { PROJECT_ROOT } from '../testing/index.ts';
import { readKernelDefinition } from './index.ts';

const DIFF = '--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n';
const MAIL = `From: Ann <ann@example.org>\nSubject: [PATCH] x: y\n\nwhy\n---\n${DIFF}`;
const ZEROS = '0'.repeat(64);

/** A directory with a definition and the files that it names. */
function layOut(t: Test, files: Readonly<Record<string, string | Uint8Array>>): string {
  const directory = t.testdir({ linux: { Kbuild: '# top\n' }, kernels: {}, patches: {} });
  const all = { 'a.config': 'CONFIG_A=y # for the test\n', 'one.patch': MAIL, ...files };
  for (const [name, content] of Object.entries(all)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), content);
  }
  return directory;
}

interface Parts {
  readonly source?: string;
  readonly config?: string;
  readonly rest?: string;
}

function define({ source = '{directory: linux}', config = '{fragments: [a.config]}', rest = '' }: Parts) {
  return `name: small\ndescription: a test\nsource: ${source}\nconfig: ${config}\n${rest}`;
}

async function faultOf(work: Promise<unknown>): Promise<Fault> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (isFault(error)) return error;
  throw error ?? new Error('it was taken');
}

/** Reads `kernel.yaml` of a directory, in that directory. */
async function read(directory: string, name = 'kernel.yaml') {
  const before = process.cwd();
  process.chdir(directory);
  try {
    return await readKernelDefinition(
      name.startsWith('/') ? name : join(directory, name),
      join(directory, 'kernels'),
    );
  } finally {
    process.chdir(before);
  }
}

t.test('no text of a definition can be an option, another path, a line or a command', async (t) => {
  const sources = [
    '{debian: {package: linux-source-5.10, suite: "x/../../../../precious"}}',
    '{debian: {package: linux-source-5.10, suite: "../x"}}',
    '{debian: {package: linux-source-5.10, suite: "x\\"; APT::Update::Pre-Invoke:: \\"touch PWNED\\"; Y \\"z"}}',
    '{debian: {package: linux-source-5.10, suite: "x main\\ndeb [trusted=yes] http://evil x"}}',
    '{debian: {package: linux-source-5.10, suite: ""}}',
    '{debian: {package: linux-source-5.10, suite: /}}',
    '{debian: {package: "-oDir=/", suite: bookworm}}',
    '{debian: {package: "../../x", suite: bookworm}}',
    '{debian: {package: "linux-source-", suite: bookworm}}',
    '{debian: {package: "linux.*", suite: bookworm}}',
    '{debian: {package: "./x.deb", suite: bookworm}}',
    '{debian: {package: linux-source-5.10, version: "../../x", suite: bookworm}}',
    '{debian: {package: linux-source-5.10, version: "1 --force-yes", suite: bookworm}}',
    '{debian: {package: linux-source-5.10, version: "-1", suite: bookworm}}',
    '{git: {repository: /r, ref: "--upload-pack=touch PWNED"}}',
    '{git: {repository: "--upload-pack=touch PWNED;x@h:", ref: main}}',
    '{git: {repository: "-oProxyCommand=touch PWNED@h:/x", ref: main}}',
    '{git: {repository: "ext::touch PWNED", ref: main}}',
    '{git: {repository: "fd::7", ref: main}}',
    '{git: {repository: "ssh://h/x\\ny", ref: main}}',
    '{git: {repository: "ftp://h/x", ref: main}}',
    '{git: {repository: "", ref: main}}',
    '{git: {repository: /r, ref: ""}}',
    '{git: {repository: /r, ref: "main:refs/heads/zap"}}',
    '{git: {repository: /r, ref: "+refs/heads/*:refs/heads/*"}}',
    '{git: {repository: /r, ref: "+main"}}',
    '{git: {repository: /r, ref: "^main"}}',
    '{git: {repository: /r, ref: "a..b"}}',
    '{git: {repository: /r, ref: "a b"}}',
    '{git: {repository: /r, ref: "a\\nb"}}',
    '{git: {repository: /r, ref: "a.lock"}}',
    '{git: {repository: /r, ref: "a@{1}"}}',
    `{tarball: {location: "ftp://h/x.tar", sha256: "${ZEROS}"}}`,
    `{tarball: {location: "-x", sha256: "${ZEROS}"}}`,
    `{tarball: {location: "", sha256: "${ZEROS}"}}`,
    `{tarball: {location: "http://h/x y", sha256: "${ZEROS}"}}`,
    `{tarball: {location: "http://", sha256: "${ZEROS}"}}`,
    '{tarball: {location: x.tar, sha256: "../../x"}}',
    '{directory: ""}',
    '{directory: "a\\nb"}',
    '{directory: "a\\0b"}',
  ].map((source): Parts => ({ source }));
  const configs = [
    ...['menuconfig', 'xconfig', 'nconfig', 'gconfig', 'config', 'oldconfig', 'randconfig', 'syncconfig'],
    ...[
      'localmodconfig',
      'listnewconfig',
      'savedefconfig',
      '-f/tmp/x_defconfig',
      '../x_defconfig',
      'a b_defconfig',
    ],
    ...['x86_64_defconfig CC=touch', 'all', ''],
  ].map((base): Parts => ({ config: `{base: "${base}", fragments: [a.config]}` }));
  const files = ['""', '"a\\nb"', '" "', '"a\\0b"', `"${'x'.repeat(5000)}"`];
  const others: Parts[] = [
    ...files.map((file) => ({ config: `{fragments: [${file}]}` })),
    ...files.map((file) => ({ rest: `patches: [${file}]\n` })),
  ];
  for (const parts of [...sources, ...configs, ...others]) {
    const text = define(parts);
    const fault = await faultOf(read(layOut(t, { 'kernel.yaml': text })));
    t.match([fault.blame, fault.code], ['request', 'DOCUMENT_INVALID'], text);
    t.match(fault.message, /kernel\.yaml:\d+: got .*, (?:expected|which no text may have)/, text);
    t.match(fault.details.join('\n'), /\^/, 'with a caret');
  }
  for (const name of ['"-x"', '"../x"', 'a/b', `"${'n'.repeat(300)}"`, '"a b"', '""', 'A']) {
    const text = define({}).replace('name: small', `name: ${name}`);
    t.match(await faultOf(read(layOut(t, { 'kernel.yaml': text }))), { code: 'DOCUMENT_INVALID' }, name);
  }
});

t.test('what people really write is taken', async (t) => {
  const sources = [
    '{debian: {package: linux-source-5.10, version: 5.10.223-1, suite: bullseye}}',
    '{debian: {package: linux-source-6.12, version: "6.12.117-1~deb12u1", suite: bookworm-security}}',
    '{debian: {package: g++-12, version: "1:2.3+dfsg-1", suite: buster/updates}}',
    '{git: {repository: /home/me/linux, ref: v6.1}}',
    '{git: {repository: "../my linux", ref: feature/a+b_c.d-e}}',
    '{git: {repository: git@host.example:linux.git, ref: "b4/x#y"}}',
    '{git: {repository: HTTPS://git.kernel.org/linux.git, ref: 0123456789abcdef0123456789abcdef01234567}}',
    '{git: {repository: ssh://me@host:22/linux, ref: HEAD}}',
    '{git: {repository: file:///srv/linux, ref: refs/tags/v6.1}}',
    `{tarball: {location: HTTP://h.example/x.tar.xz, sha256: "${ZEROS}"}}`,
    '{directory: linux}',
  ];
  for (const source of sources)
    t.equal((await read(layOut(t, { 'kernel.yaml': define({ source }) }))).name, 'small', source);
  for (const base of ['allnoconfig', 'tinyconfig', 'defconfig', 'x86_64_defconfig', 'i386_defconfig']) {
    const text = define({ config: `{base: ${base}, fragments: [a.config]}` });
    t.equal((await read(layOut(t, { 'kernel.yaml': text }))).config.base, base);
  }
});

t.test('the reason names what is wrong', async (t) => {
  const cases: [Parts, RegExp][] = [
    [
      { source: '{directory: linux, git: {repository: /r, ref: a}}' },
      /got git and directory, expected one source/,
    ],
    [{ source: '{}' }, /got none, expected one source: debian, tarball, git, directory/],
    [{ source: '{directory: /nonexistent/linux}' }, /kernel\.yaml:3: there is no source directory/],
    [
      { source: '{directory: kernels}' },
      /kernel\.yaml:3: .*kernels is not a Linux source tree: it has no Kbuild/,
    ],
    [{ source: '{directory: a.config}' }, /kernel\.yaml:3: .*it is no directory/],
    [
      { source: `{tarball: {location: nope.tar, sha256: "${ZEROS}"}}` },
      /kernel\.yaml:3: there is no tarball/,
    ],
    [
      { source: `{tarball: {location: linux, sha256: "${ZEROS}"}}` },
      /got a directory .*, expected a tarball/,
    ],
    [
      { config: '{base: randconfig, fragments: [a.config]}' },
      /expected one of allnoconfig, .*differ each time/,
    ],
  ];
  for (const [parts, message] of cases) {
    const fault = await faultOf(read(layOut(t, { 'kernel.yaml': define(parts) })));
    t.match(fault.message, message);
    t.equal(fault.blame, 'request');
  }
});

t.test('a fragment that is none is refused with its place, before anything is fetched', async (t) => {
  const cases: [string, string | Uint8Array, string, RegExp][] = [
    ['a line that is none', 'CONFIG_A=y\nfoo\n', 'CONFIG_BAD_LINE', /f\.config:2: got foo/],
    ['no value', 'CONFIG_A=\n', 'CONFIG_BAD_LINE', /expected y, m, n/],
    ['a word', 'CONFIG_A=yes\n', 'CONFIG_BAD_LINE', /expected y, m, n/],
    ['an open quote', 'CONFIG_A="x\n', 'CONFIG_BAD_LINE', /expected y, m, n/],
    ['an expansion', 'CONFIG_A="$(shell touch PWNED)"\n', 'CONFIG_BAD_LINE', /make would expand/],
    ['a backtick', 'CONFIG_A="`id`"\n', 'CONFIG_BAD_LINE', /make would expand/],
    ['an invisible mark', 'CONFIG_A=\u200by\n', 'CONFIG_BAD_LINE', /U\+200B, which is not visible/],
    ['a hard space', '\u00a0CONFIG_A=y\n', 'CONFIG_BAD_LINE', /U\+00A0/],
    ['a mark of direction', 'CONFIG_A=y\u202e\n', 'CONFIG_BAD_LINE', /U\+202E/],
    ['an indentation', ' CONFIG_A=y\n', 'CONFIG_BAD_LINE', /expected an option or a comment/],
    ['make’s syntax', 'CONFIG_A:=y\n', 'CONFIG_BAD_LINE', /expected an option/],
    ['the name alone', 'CONFIG_A\n', 'CONFIG_BAD_LINE', /expected an option/],
    ['broken UTF-8', Buffer.from([0x43, 0xff, 0x0a]), 'CONFIG_BAD_LINE', /U\+FFFD/],
    ['UTF-16', Buffer.from('\ufeffCONFIG_A=y\n', 'utf16le'), 'CONFIG_NO_TEXT', /got UTF-16/],
    ['zeros', new Uint8Array(9), 'CONFIG_NO_TEXT', /no text/],
    ['nothing', '', 'CONFIG_EMPTY', /f\.config has no option/],
    ['blank lines', '\n\n', 'CONFIG_EMPTY', /has no option/],
    ['comments alone', '# CONFIG_A=y\n#\n', 'CONFIG_EMPTY', /has no option/],
    [
      'too many lines',
      'CONFIG_A=y\n'.repeat(50_001),
      'LIMIT_EXCEEDED',
      /got 50001 lines, expected at most 50000/,
    ],
    ['too many bytes', Buffer.alloc(10_000_001, 0x20), 'INPUT_TOO_LARGE', /too large/],
    ['an escape', 'CONFIG_A=y\u001b[31m\n', 'CONFIG_BAD_LINE', /U\+001B/],
  ];
  for (const [name, content, code, message] of cases) {
    const config = '{fragments: [a.config, f.config]}';
    const fault = await faultOf(read(layOut(t, { 'f.config': content, 'kernel.yaml': define({ config }) })));
    t.match([fault.blame, fault.code, fault.message], ['request', code, message], name);
    t.match(fault.message, /^\S*kernel\.yaml:4: /, name);
  }
  const good =
    '\ufeffCONFIG_A=y\r\nCONFIG_B="a # b" # why\r\n# CONFIG_C is not set\r\nCONFIG_D=0x1f\nCONFIG_E=-3\n';
  t.ok(
    await read(layOut(t, { 'a.config': good, 'kernel.yaml': define({}) })),
    'line ends of Windows, and a mark',
  );
});

t.test('files that cannot be read are a mistake in the request', async (t) => {
  const kinds: [string, (path: string) => void, string][] = [
    ['absent', () => {}, 'INPUT_NOT_FOUND'],
    ['a directory', (path) => mkdirSync(path), 'INPUT_NOT_A_FILE'],
    ['a broken link', (path) => symlinkSync('nope', path), 'INPUT_NOT_FOUND'],
    ['a loop', (path) => symlinkSync('f', path), 'INPUT_UNREADABLE'],
    ['a pipe', (path) => spawnSync('mkfifo', [path]), 'INPUT_NOT_A_FILE'],
    ['a device', (path) => symlinkSync('/dev/zero', path), 'INPUT_NOT_A_FILE'],
    ['below a file', (path) => symlinkSync('a.config/x', path), 'INPUT_NOT_FOUND'],
  ];
  const places: [string, Parts][] = [
    ['fragment', { config: '{fragments: [f]}' }],
    ['patch', { rest: 'patches: [f]\n' }],
    ['tarball', { source: `{tarball: {location: f, sha256: "${ZEROS}"}}` }],
    ['source', { source: '{directory: f}' }],
    ['definition', {}],
  ];
  for (const [place, parts] of places)
    for (const [kind, make, code] of kinds) {
      const directory = layOut(t, { 'kernel.yaml': define(parts) });
      make(join(directory, 'f'));
      const fault = await faultOf(read(directory, place === 'definition' ? 'f' : 'kernel.yaml'));
      t.equal(fault.blame, 'request', `${place}: ${kind}`);
      const other = { tarball: 'KERNEL_NO_SOURCE', source: 'KERNEL_NO_SOURCE', patch: 'KERNEL_NO_PATCHES' };
      const codes = [
        code,
        other[place as keyof typeof other],
        place === 'definition' ? 'KERNEL_UNKNOWN' : '',
      ];
      t.ok(codes.includes(fault.code), `${place}: ${kind}: ${fault.code}: ${fault.message}`);
    }
});

t.test('patches that are none, and directories without any, are refused', async (t) => {
  const cases: [string, Readonly<Record<string, string | Uint8Array>>, string, RegExp][] = [
    ['no file', {}, 'KERNEL_NO_PATCHES', /holds no patch: got nothing/],
    ['diffs alone', { 'p/a.diff': DIFF }, 'KERNEL_NO_PATCHES', /holds no patch: got a\.diff/],
    ['other files', { 'p/README': 'x' }, 'KERNEL_NO_PATCHES', /got README, expected \*\.patch/],
    ['gzip', { 'p/a.patch.gz': gzipSync(MAIL) }, 'KERNEL_NO_PATCHES', /got a\.patch\.gz/],
    ['xz', { 'p/a.mbox.xz': 'x' }, 'KERNEL_NO_PATCHES', /got a\.mbox\.xz/],
    [
      'a diff beside patches',
      { 'p/a.patch': MAIL, 'p/b.diff': DIFF },
      'KERNEL_NO_PATCHES',
      /not read: b\.diff/,
    ],
    ['gzip beside patches', { 'p/a.patch': MAIL, 'p/b.patch.gz': 'x' }, 'KERNEL_NO_PATCHES', /not read: b/],
    ['an empty file', { 'p/a.patch': MAIL, 'p/b.patch': '' }, 'KERNEL_BAD_PATCH', /b\.patch .*it is empty/],
    ['blank lines', { 'p/a.patch': '\n\n' }, 'KERNEL_BAD_PATCH', /it is empty/],
    ['a bare diff', { 'p/a.patch': DIFF }, 'KERNEL_BAD_PATCH', /without the headers of a mail/],
    ['prose', { 'p/a.patch': 'hello there\n' }, 'KERNEL_BAD_PATCH', /no mail with a patch/],
    [
      'a mail without a diff',
      { 'p/a.patch': 'From: a <a@b>\nSubject: x\n\nhi\n' },
      'KERNEL_BAD_PATCH',
      /no diff/,
    ],
    [
      'a torn hunk',
      { 'p/a.patch': MAIL.replace('+b\n', '') },
      'KERNEL_BAD_PATCH',
      /git cannot read its diff/,
    ],
    [
      'wrapped lines',
      { 'p/a.patch': MAIL.replace('-a\n', '-a b\nc d\n') },
      'KERNEL_BAD_PATCH',
      /cannot read/,
    ],
    ['a compressed patch', { 'p/a.patch': gzipSync(MAIL) }, 'KERNEL_BAD_PATCH', /it is compressed/],
    ['a binary file', { 'p/a.patch': new Uint8Array(64) }, 'KERNEL_BAD_PATCH', /it is no text/],
    ['UTF-16', { 'p/a.patch': Buffer.from(MAIL, 'utf16le') }, 'KERNEL_BAD_PATCH', /it is no text/],
    ['an archive', { 'p/a.patch': Buffer.from('PK\u0003\u0004abc') }, 'KERNEL_BAD_PATCH', /it is compressed/],
    [
      'base64 of prose',
      { 'p/a.patch': 'From: a <a@b>\nSubject: x\nContent-Transfer-Encoding: base64\n\naGVsbG8K\n' },
      'KERNEL_BAD_PATCH',
      /no diff/,
    ],
    ['a large patch', { 'p/a.patch': Buffer.alloc(33 * 1024 * 1024, 0x61) }, 'INPUT_TOO_LARGE', /too large/],
    [
      'a pile of files',
      { 'p/a.diff': '', 'p/b.diff': '', 'p/c.diff': '' },
      'KERNEL_NO_PATCHES',
      /a\.diff, b\.diff/,
    ],
  ];
  for (const [name, files, code, message] of cases) {
    const directory = layOut(t, { ...files, 'kernel.yaml': define({ rest: 'patches: [p]\n' }) });
    mkdirSync(join(directory, 'p'), { recursive: true });
    const fault = await faultOf(read(directory));
    t.match([fault.blame, fault.code, fault.message], ['request', code, message], name);
    t.match(fault.message, /kernel\.yaml:5: /, name);
  }
  const base64 = `From: a <a@b>\nSubject: x\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: base64\n\n${Buffer.from(`why\n---\n${DIFF}`).toString('base64')}\n`;
  const files = {
    'p/a.patch': MAIL,
    'p/b.mbox': `From x Thu Jan  1 00:00:00 1970\n${MAIL}`,
    'p/c.eml': base64,
  };
  const directory = layOut(t, { ...files, 'kernel.yaml': define({ rest: 'patches: [one.patch, p]\n' }) });
  t.strictSame(
    (await read(directory)).patches,
    ['one.patch', 'p/a.patch', 'p/b.mbox', 'p/c.eml'].map((name) => join(directory, name)),
  );
});

t.test('all that is wrong with the files of a definition is told at once', async (t) => {
  const directory = layOut(t, {
    'f.config': 'nonsense\n',
    'kernel.yaml': define({
      source: '{directory: /nonexistent}',
      config: '{fragments: [f.config, g.config]}',
      rest: 'patches: [h.patch]\n',
    }),
  });
  const fault = await faultOf(read(directory));
  t.match(fault.message, /f\.config:1: got nonsense.*\(and 3 more\)/);
  for (const part of [/nonsense/, /g\.config/, /h\.patch/, /\/nonexistent/])
    t.match(fault.details.join('\n'), part);
});

t.test('names and paths of definitions', async (t) => {
  const directory = layOut(t, { 'kernels/one.yaml': define({ config: '{fragments: [../a.config]}' }) });
  mkdirSync(join(directory, 'one'));
  const named = (name: string) => readKernelDefinition(name, join(directory, 'kernels'));
  const before = process.cwd();
  process.chdir(directory);
  t.teardown(() => process.chdir(before));
  t.equal(
    (await named('one')).path,
    join(directory, 'kernels/one.yaml'),
    'a directory of that name is no matter',
  );
  t.equal((await named('kernels/one.yaml')).path, join(directory, 'kernels/one.yaml'));
  const bad = ['', ' ', '.', '..', '/', 'one/', '../one', 'no\0ne', '\u001b[31mx', '-x', 'x'.repeat(5000)];
  for (const name of [...bad, 'two', 'one.yaml', './two.yaml', '/dev/null', directory]) {
    const fault = await faultOf(named(name));
    t.equal(fault.blame, 'request', JSON.stringify(name));
    t.match(fault.code, /^(?:KERNEL_UNKNOWN|INPUT_\w+)$/, JSON.stringify(name));
  }
});

t.test('the definitions that ktrial ships are whole', async (t) => {
  const names = ['l2-tiny', 'mdev-5.10', 'provoke-5.10', 'provoke-6.12', 'smoke-5.10'];
  for (const name of names)
    t.equal((await readKernelDefinition(name, join(PROJECT_ROOT, 'kernels'))).name, name);
});
