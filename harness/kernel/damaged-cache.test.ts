// SPDX-License-Identifier: MIT
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { listFiles } from '../host/index.ts';
import { type BuildResult, type Fault, isFault, type Kernel } from '../model/index.ts';
import { openSmallKernelLab, type SmallKernelLab } from '../testing/small-kernel.ts';
import { openBuildTree } from './index.ts';

t.setTimeout(600_000);

function requireOk(result: BuildResult): Kernel {
  if (result.ok) return result.kernel;
  throw new Error(result.logTail.join('\n'));
}

async function faultOf(work: Promise<unknown>): Promise<Fault> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (isFault(error)) return error;
  throw error ?? new Error('it did not fail');
}

function findOnly(directory: string, ending = ''): string {
  const [name = ''] = readdirSync(directory).filter((one) => one.endsWith(ending) && !one.endsWith('.lock'));
  return join(directory, name);
}

/** Overwrites some bytes in the middle of a file, whose size stays. */
function spoil(path: string): void {
  const bytes = readFileSync(path);
  bytes.fill(0x55, Math.floor(bytes.length / 3), Math.floor(bytes.length / 2));
  rmSync(path, { force: true });
  writeFileSync(path, bytes);
}

async function spoilAll(directory: string, kind: RegExp, how: (path: string) => void): Promise<void> {
  const found = (await listFiles(directory)).filter((path) => kind.test(path));
  if (found.length === 0) throw new Error(`nothing in ${directory} is called ${kind}`);
  for (const path of found) how(join(directory, path));
}

/** Makes the lab's next build compile, so that every part of the cache is used. */
function change(lab: SmallKernelLab, number: number): void {
  writeFileSync(join(lab.tree, 'core.c'), `int core(void) { return ${number}; }\n`);
}

t.test('whatever is damaged in the cache is discarded, said, and made again', async (t) => {
  const lab = openSmallKernelLab(t);
  const sources = join(lab.cache, 'sources');
  const repository = () => findOnly(sources, '.git');
  const buildTree = () => findOnly(join(lab.cache, 'build-trees'));
  const kernel = () => findOnly(join(lab.cache, 'kernels'));
  const remove = (path: string) => rmSync(path, { recursive: true, force: true });
  const replaceByFile = (path: string) => {
    remove(path);
    writeFileSync(path, 'x');
  };
  const replaceByLink = (path: string, target: string) => {
    remove(path);
    symlinkSync(target, path);
  };
  const replaceByDirectory = (path: string) => {
    remove(path);
    mkdirSync(path);
  };
  const empty = (path: string) => {
    remove(path);
    writeFileSync(path, '');
  };
  const damages: [string, () => unknown, RegExp][] = [
    ['HEAD is gone', () => remove(join(repository(), 'HEAD')), /is damaged, and the source is fetched again/],
    ['HEAD is nonsense', () => writeFileSync(join(repository(), 'HEAD'), 'x'), /fetched again/],
    [
      'the configuration is nonsense',
      () => writeFileSync(join(repository(), 'config'), '[core'),
      /fetched again/,
    ],
    ['no objects', () => remove(join(repository(), 'objects')), /fetched again/],
    ['no packs', () => remove(join(repository(), 'objects/pack')), /fetched again: pack-.*got no bytes/],
    ['no refs', () => remove(join(repository(), 'refs')), /fetched again/],
    [
      'truncated packs',
      () => spoilAll(repository(), /\.pack$/, (path) => truncateSync(path, 40)),
      /got 40 bytes/,
    ],
    ['empty indices', () => spoilAll(repository(), /\.idx$/, (path) => truncateSync(path, 0)), /got 0 bytes/],
    ['empty objects', () => spoilAll(repository(), /objects\/\w\w\/\w+$/, empty), /again/],
    [
      'a seal of another form',
      () => writeFileSync(join(repository(), 'ktrial-seal.json'), '{}'),
      /seal cannot be/,
    ],
    ['the repository is a file', () => replaceByFile(repository()), /fetched again/],
    ['the repository is empty', () => replaceByDirectory(repository()), /fetching|reading/],
    ['no sources', () => remove(sources), /reading/],
    [
      'no link to the repository',
      () => remove(join(buildTree(), 'linux/.git')),
      /another path, or is damaged/,
    ],
    [
      'an empty link',
      () => writeFileSync(join(buildTree(), 'linux/.git'), ''),
      /another path, or is damaged/,
    ],
    [
      'the index is nonsense',
      () => spoilAll(repository(), /worktrees\/\w+\/index$/, spoil),
      /is damaged|made again/,
    ],
    ['the worktree is unknown', () => remove(join(repository(), 'worktrees')), /another path, or is damaged/],
    ['the worktree is a file', () => replaceByFile(join(buildTree(), 'linux')), /damaged/],
    ['the worktree is a link', () => replaceByLink(join(buildTree(), 'linux'), '/tmp'), /damaged/],
    ['the build tree is a file', () => replaceByFile(buildTree()), /damaged/],
    ['no build trees', () => remove(join(lab.cache, 'build-trees')), /checking out/],
    ['files of the source are gone', () => remove(join(buildTree(), 'linux/quiet.c')), /CC/],
    [
      'a settled configuration of another form',
      () => writeFileSync(join(buildTree(), 'config.json'), '[]'),
      /settled again/,
    ],
    [
      'a settled configuration that is a directory',
      () => replaceByDirectory(join(buildTree(), 'config.json')),
      /settling/,
    ],
    [
      'truncated objects of the compiler',
      () => spoilAll(join(buildTree(), 'out'), /\.o$/, (path) => truncateSync(path, 10)),
      /tried once more in an empty/,
    ],
    ['no output', () => remove(join(buildTree(), 'out')), /CC/],
    ['no compiler cache', () => remove(join(lab.cache, 'ccache')), /CC/],
    [
      'what was stored is nonsense',
      () => writeFileSync(join(buildTree(), 'stored.json'), '{"vmlinux":{"path":"/etc/passwd"}}'),
      /CC/,
    ],
  ];
  requireOk(await lab.build());
  for (const [index, [name, damage, message]] of damages.entries()) {
    await damage();
    change(lab, 100 + index);
    lab.said.length = 0;
    requireOk(await lab.build());
    t.match(lab.said.join('\n'), message, name);
    lab.said.length = 0;
    change(lab, 200 + index);
    requireOk(await lab.build());
    t.notMatch(
      lab.said.join('\n'),
      /is damaged|fetched again|made again|another path/,
      `${name}: the next build finds nothing wrong`,
    );
  }
  rmSync(join(lab.cache, 'kernels'), { recursive: true });
  const built = requireOk(await lab.build());
  const stored: [string, () => unknown, RegExp][] = [
    ['no boot image', () => remove(join(kernel(), 'boot')), /boot: got no file/],
    ['a changed boot image', () => spoil(join(kernel(), 'boot')), /boot was changed: .*SHA-256/],
    ['a changed vmlinux', () => spoil(join(kernel(), 'vmlinux')), /vmlinux was changed/],
    ['a link', () => replaceByLink(join(kernel(), 'config'), '/etc/passwd'), /no plain file/],
    ['a directory for a file', () => replaceByDirectory(join(kernel(), 'boot')), /no plain file/],
    ['no modules', () => remove(join(kernel(), 'modules')), /got no file/],
    [
      'another artifact’s manifest',
      () => spoilManifest(kernel(), (text) => text.replace(/"digest": "\w{8}/, '"digest": "00000000')),
      /is that of 00000000/,
    ],
    [
      'a file outside',
      () => spoilManifest(kernel(), (text) => text.replace('"boot":', '"../../boot":')),
      /another form/,
    ],
    [
      'a negative size',
      () => spoilManifest(kernel(), (text) => text.replace(/"boot": \d+/, '"boot": 1.5')),
      /another form/,
    ],
    ['no manifest', () => remove(join(kernel(), 'manifest.json')), /has no manifest/],
    ['a file', () => replaceByFile(kernel()), /it is no directory/],
    ['a broken link', () => replaceByLink(kernel(), 'nope'), /it is no directory/],
  ];
  for (const [name, damage, message] of stored) {
    damage();
    lab.said.length = 0;
    t.strictSame(requireOk(await lab.build()), built, name);
    t.match(lab.said.join('\n'), message, name);
  }
});

function spoilManifest(kernel: string, change: (text: string) => string): void {
  const path = join(kernel, 'manifest.json');
  writeFileSync(path, change(readFileSync(path, 'utf8')));
}

t.test('a cache that was moved or copied to another path works, and the old one is left alone', async (t) => {
  for (const how of ['moved', 'copied'] as const) {
    const lab = openSmallKernelLab(t);
    requireOk(await lab.build());
    const other = `${lab.cache}-${how}`;
    if (how === 'moved') renameSync(lab.cache, other);
    else cpSync(lab.cache, other, { recursive: true, preserveTimestamps: false, verbatimSymlinks: true });
    const before = how === 'copied' ? await stateOf(lab.cache) : null;
    change(lab, 300);
    const said: string[] = [];
    const onProgress = (text: string) => said.push(text);
    const build = async () => {
      await using tree = await openBuildTree(lab.definition, { cacheDirectory: other, onProgress });
      return requireOk(await tree.build({ commit: tree.baseCommit, onProgress }));
    };
    const kernel = await build();
    t.ok(kernel.bootImage.startsWith(`${other}/`), how);
    t.match(said.join('\n'), /was made at another path/, how);
    if (before) t.strictSame(await stateOf(lab.cache), before, 'nothing was written to the old cache');
    else t.notOk(existsSync(lab.cache));
    said.length = 0;
    t.strictSame(await build(), kernel);
    t.notMatch(said.join('\n'), /another path/, 'the next time it is at home');
  }
});

/** Names, sizes and dates of the files of a cache. */
async function stateOf(cache: string): Promise<string[]> {
  const paths = await listFiles(cache);
  return paths.map((path) => {
    const { size, mtimeMs } = statSync(join(cache, path));
    return `${path} ${size} ${mtimeMs}`;
  });
}

t.test('two ktrials on one cache both get their kernel', async (t) => {
  const lab = openSmallKernelLab(t);
  const [one, two] = await Promise.all([lab.build(), lab.build()]);
  t.strictSame(requireOk(one), requireOk(two));
  const [three, four] = await Promise.all([lab.build({ modules: false }), lab.build()]);
  t.not(requireOk(three).digest, requireOk(four).digest);
});

t.test('a path with which kernels cannot be built is refused before anything is started', async (t) => {
  const lab = openSmallKernelLab(t);
  for (const name of [
    'a b',
    'a$b',
    'a"b',
    "a'b",
    'a\nb',
    'a%b',
    'a:b',
    'a#b',
    'a\\b',
    'a,b',
    'a*b',
    'a;b',
    'a`b',
    'a(b',
    'a&b',
    'a|b',
    'a<b',
    'a\tb',
    'a?b',
    'a[b',
  ]) {
    const cacheDirectory = join(lab.cache, name);
    const fault = await faultOf(openBuildTree(lab.definition, { cacheDirectory }));
    t.match(fault, { blame: 'request', code: 'HOST_BAD_PATH' }, JSON.stringify(name));
    t.notOk(existsSync(cacheDirectory));
  }
  t.match(await faultOf(openBuildTree(lab.definition, { cacheDirectory: 'cache' })), {
    code: 'HOST_BAD_PATH',
  });
  for (const name of ['a-b', 'a_b.c', 'a@b', 'a+b', 'a=b', 'a~b', 'ä']) {
    await using tree = await openBuildTree(lab.definition, { cacheDirectory: join(lab.cache, name) });
    requireOk(await tree.build({ commit: tree.baseCommit }));
    t.pass(name);
  }
});
