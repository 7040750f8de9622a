// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { digestOf, listFiles, runGit } from '../host/index.ts';
import { type Fault, isFault } from '../model/index.ts';
import { SMALL_TREE } from '../testing/small-kernel.ts';
import type { KernelDefinition } from './definition.ts';
import type { KernelSource } from './definition-schema.ts';
import { openBuildTree } from './index.ts';
import { fetchSource } from './source.ts';

t.setTimeout(300_000);

const AUTHOR = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.org', '-c', 'init.defaultBranch=main'];

async function faultOf(work: Promise<unknown>): Promise<Fault> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (isFault(error)) return error;
  throw error ?? new Error('it was taken');
}

interface User {
  readonly directory: string;
  /** The user's worktree, whose repository has two commits on main. */
  readonly tree: string;
  readonly cacheDirectory: string;
  readonly said: string[];
  git(...args: readonly string[]): Promise<string>;
  /** Commits a new content of x.c, and returns the commit. */
  commit(text: string): Promise<string>;
  fetch(source?: KernelSource): ReturnType<typeof fetchSource>;
  open(source?: KernelSource): ReturnType<typeof openBuildTree>;
}

/** A user with a repository that holds a small kernel, and an empty cache. */
async function aUser(t: Test, ...init: readonly string[]): Promise<User> {
  const directory = t.testdir({ linux: { ...SMALL_TREE, 'x.c': 'int x;\n', '.gitignore': '*.o\n' } });
  const tree = join(directory, 'linux');
  const said: string[] = [];
  const cacheDirectory = join(directory, 'cache');
  const git = async (...args: readonly string[]) =>
    (await runGit([...AUTHOR, ...args], { cwd: tree })).stdout.trim();
  const commit = async (text: string) => {
    writeFileSync(join(tree, 'x.c'), text);
    await git('commit', '-q', '-a', '-m', text.trim());
    return git('rev-parse', 'HEAD');
  };
  await git('init', '-q', ...init);
  await git('add', '-A');
  await git('commit', '-q', '-m', 'one');
  await commit('int x = 2;\n');
  const define = (source: KernelSource): KernelDefinition => {
    const fragment = join(directory, 'small.config');
    writeFileSync(fragment, 'CONFIG_SMALL=y\n');
    return {
      name: 'small',
      description: 'a tree of a few files',
      arch: 'x86_64',
      source,
      config: { base: 'allnoconfig', file: null, fragments: [{ path: fragment, name: null }], options: {} },
      toolchain: 'gcc',
      patches: [],
      modules: true,
      path: 'small.yaml',
    };
  };
  const options = { cacheDirectory, onProgress: (text: string) => void said.push(text) };
  const main: KernelSource = { git: { repository: tree, ref: 'main' } };
  return {
    directory,
    tree,
    cacheDirectory,
    said,
    git,
    commit,
    fetch: (source = main) => fetchSource(define(source), options),
    open: (source = main) => openBuildTree(define(source), options),
  };
}

/** Every file below a directory, with what it holds; a file's date and mode count too. */
async function snapshot(directory: string): Promise<string> {
  const lines = (await listFiles(directory)).sort().map((name) => {
    const path = join(directory, name);
    const { mode, mtimeMs, size } = lstatSync(path);
    return `${name} ${mode} ${mtimeMs} ${size} ${digestOf(readFileSync(path, 'latin1'))}`;
  });
  return lines.join('\n');
}

async function show({ repository, commit }: { repository: string; commit: string }, path = 'x.c') {
  return (await runGit(['--git-dir', repository, 'show', `${commit}:${path}`])).stdout;
}

/** The objects that the cache has of its own. */
async function ownObjects(repository: string): Promise<string[]> {
  return (await listFiles(join(repository, 'objects'))).filter((path) => !path.startsWith('info/'));
}

async function pruneAll(user: User): Promise<void> {
  await user.git('reflog', 'expire', '--expire=now', '--expire-unreachable=now', '--all');
  await user.git('gc', '-q', '--prune=now');
}

t.test('a repository is used in place: no object is copied, and no file of it is changed', async (t) => {
  const user = await aUser(t);
  const before = await snapshot(user.tree);
  const source = await user.fetch();
  t.equal(await show(source), 'int x = 2;\n');
  t.strictSame(await ownObjects(source.repository), []);
  {
    await using tree = await user.open();
    await tree.checkOut(await user.git('rev-parse', 'main~1'));
    t.equal(readFileSync(join(tree.tree, 'x.c'), 'utf8'), 'int x;\n', 'its history is there too');
    await tree.checkOut(tree.baseCommit);
    const built = await tree.build({ commit: tree.baseCommit });
    t.equal(built.ok, true);
  }
  t.equal(await snapshot(user.tree), before);
  t.strictSame(await ownObjects(source.repository), []);
});

t.test('the first word comes at once, and a checkout says how far it is', async (t) => {
  const user = await aUser(t);
  await using _tree = await user.open();
  t.match(user.said[0], /^finding main in /);
  t.ok(
    user.said.some((text) => /^checking out the source: updating files, \d+ %$/.test(text)),
    user.said.join('\n'),
  );
});

t.test('every kind of repository can be borrowed from', async (t) => {
  const kinds: Record<string, (user: User) => Promise<string>> = {
    bare: async ({ git, directory }) => {
      await git('clone', '-q', '--bare', '.', join(directory, 'bare.git'));
      return join(directory, 'bare.git');
    },
    'a linked worktree': async ({ git, directory }) => {
      await git('worktree', 'add', '-q', '--detach', join(directory, 'linked'));
      return join(directory, 'linked');
    },
    'a .git file': async ({ tree, directory }) => {
      renameSync(join(tree, '.git'), join(directory, 'elsewhere'));
      writeFileSync(join(tree, '.git'), 'gitdir: ../elsewhere\n');
      return tree;
    },
    'a clone that itself borrows': async ({ git, directory }) => {
      await git('clone', '-q', '--shared', '.', join(directory, 'shared'));
      return join(directory, 'shared');
    },
    'a clone that itself borrows by a relative path': async ({ git, directory }) => {
      const clone = join(directory, 'relative');
      await git('clone', '-q', '--shared', '.', clone);
      writeFileSync(join(clone, '.git/objects/info/alternates'), '../../../linux/.git/objects\n');
      return clone;
    },
    shallow: async ({ git, tree, directory }) => {
      await git('clone', '-q', '--depth=1', `file://${tree}`, join(directory, 'shallow'));
      return join(directory, 'shallow');
    },
    'a directory below the top': async ({ tree }) => {
      mkdirSync(join(tree, 'drivers'));
      return join(tree, 'drivers');
    },
    'a link to a name with quotes and a line feed': async ({ tree, directory }) => {
      const odd = join(directory, 'my "own"\n repository');
      renameSync(join(tree, '.git'), odd);
      symlinkSync(odd, join(tree, '.git'));
      return tree;
    },
    'replaced and grafted objects': async ({ git, tree }) => {
      const [tip, first] = [await git('rev-parse', 'main'), await git('rev-parse', 'main~1')];
      await git('replace', tip, first);
      mkdirSync(join(tree, '.git/info'), { recursive: true });
      writeFileSync(join(tree, '.git/info/grafts'), `${tip}\n`);
      return tree;
    },
  };
  for (const [kind, make] of Object.entries(kinds)) {
    const user = await aUser(t);
    const commit = await user.git('rev-parse', 'main');
    const repository = await make(user);
    const source = await user.fetch({ git: { repository, ref: kind.includes('linked') ? 'HEAD' : 'main' } });
    t.equal(source.commit, commit, kind);
    t.equal(await show(source), 'int x = 2;\n', kind);
    t.strictSame(await ownObjects(source.repository), [], kind);
    const log = await runGit(['--git-dir', source.repository, 'rev-list', '--count', commit]);
    t.equal(log.stdout.trim(), kind === 'shallow' ? '1' : '2', kind);
  }
});

t.test('a repository with SHA-256 names is borrowed and built', async (t) => {
  const user = await aUser(t, '--object-format=sha256');
  await using tree = await user.open();
  t.match(tree.baseCommit, /^[0-9a-f]{64}$/);
  await tree.checkOut(tree.baseCommit);
  t.equal(readFileSync(join(tree.tree, 'x.c'), 'utf8'), 'int x = 2;\n');
  t.equal((await tree.build({ commit: tree.baseCommit })).ok, true);
});

t.test('worktrees of one repository share what is kept of it', async (t) => {
  const user = await aUser(t);
  const linked = join(user.directory, 'linked');
  await user.git('worktree', 'add', '-q', '--detach', linked, 'main~1');
  const one = await user.fetch();
  const other = await user.fetch({ git: { repository: linked, ref: 'HEAD' } });
  t.equal(one.repository, other.repository);
  t.equal(other.commit, await user.git('rev-parse', 'main~1'));
  t.strictSame((await user.git('worktree', 'list')).split('\n').length, 2, 'those of the user');
});

t.test('a repacked and collected repository is used on', async (t) => {
  const user = await aUser(t);
  const before = await user.fetch();
  await user.git('repack', '-q', '-a', '-d');
  await pruneAll(user);
  const after = await user.fetch();
  t.equal(after.commit, before.commit);
  t.equal(await show(after), 'int x = 2;\n');
});

t.test('after a branch was deleted and pruned, the next commit is built from what is there', async (t) => {
  const user = await aUser(t);
  await user.git('checkout', '-q', '-b', 'topic');
  const gone = await user.commit('int x = 3;\n');
  let output = '';
  {
    await using tree = await user.open({ git: { repository: user.tree, ref: 'topic' } });
    const built = await tree.build({ commit: gone });
    t.equal(built.ok, true);
    output = join(tree.tree, '../out/core.o');
  }
  const { ino } = lstatSync(output);
  await user.git('checkout', '-q', 'main');
  await user.git('branch', '-q', '-D', 'topic');
  await pruneAll(user);
  await t.rejects(user.git('cat-file', '-e', gone), 'it is really gone');
  user.said.length = 0;
  {
    await using tree = await user.open();
    await tree.checkOut(tree.baseCommit);
    t.equal(readFileSync(join(tree.tree, 'x.c'), 'utf8'), 'int x = 2;\n');
    t.equal((await tree.build({ commit: tree.baseCommit })).ok, true);
  }
  t.equal(lstatSync(output).ino, ino, 'what was compiled stays');
  t.notMatch(user.said.join('\n'), /damaged|made again/);
  const fault = await faultOf(user.fetch({ git: { repository: user.tree, ref: 'topic' } }));
  t.match(fault, { code: 'KERNEL_NO_SOURCE', message: /no such branch, tag or commit/ });
});

t.test('a commit that is pruned while a build tree is open is named, with its repository', async (t) => {
  const user = await aUser(t);
  await user.git('checkout', '-q', '-b', 'topic');
  const gone = await user.commit('int x = 3;\n');
  const definition: KernelSource = { git: { repository: user.tree, ref: 'topic' } };
  {
    await using tree = await user.open(definition);
    await tree.checkOut(await user.git('rev-parse', 'main'));
    await user.git('checkout', '-q', 'main');
    await user.git('branch', '-q', '-D', 'topic');
    await pruneAll(user);
    const fault = await faultOf(tree.checkOut(gone));
    t.match(fault, { code: 'KERNEL_NO_SOURCE', blame: 'request' });
    t.match(fault.message, `the repository ${user.tree} lacks objects of commit ${gone}: they were pruned`);
    t.match(fault.next, /fetch the commit there again, or name another ref/);
  }
  await using tree = await user.open();
  t.equal(tree.baseCommit, await user.git('rev-parse', 'main'));
  t.notMatch(user.said.join('\n'), /damaged/, 'the cache is not to blame');
});

t.test('an object that is lost is counted and named, and the cache is left alone', async (t) => {
  const user = await aUser(t);
  {
    await using _tree = await user.open();
  }
  const blob = await user.git('rev-parse', 'main:x.c');
  const path = join(user.tree, '.git/objects', blob.slice(0, 2), blob.slice(2));
  copyFileSync(path, join(user.directory, 'kept'));
  rmSync(path);
  await user.commit('int x = 2;\n//\n');
  await user.git('reset', '-q', '--soft', 'main~1');
  const fault = await faultOf(
    (async () => {
      await using tree = await user.open();
      await tree.checkOut(await user.git('rev-parse', 'main~1'));
      await tree.checkOut(tree.baseCommit);
    })(),
  );
  t.match(fault, { code: 'KERNEL_NO_SOURCE', message: `the repository ${user.tree} lacks objects` });
  t.match(fault.details.join('\n'), blob);
  copyFileSync(join(user.directory, 'kept'), path);
  await using tree = await user.open();
  await tree.checkOut(tree.baseCommit);
  t.equal(readFileSync(join(tree.tree, 'x.c'), 'utf8'), 'int x = 2;\n', 'once it is back, all is well');
});

t.test('a repository that was moved is found at its new place, and missed at the old one', async (t) => {
  const user = await aUser(t);
  const before = await user.fetch();
  const moved = join(user.directory, 'moved');
  renameSync(user.tree, moved);
  const fault = await faultOf(user.fetch());
  t.match(fault, { code: 'KERNEL_NO_SOURCE', blame: 'request' });
  t.match(fault.message, user.tree);
  const after = await user.fetch({ git: { repository: moved, ref: 'main' } });
  t.equal(after.commit, before.commit);
  t.equal(await show(after), 'int x = 2;\n');
  // Another repository at the old place is taken for what it is.
  await runGit([...AUTHOR, 'clone', '-q', '--bare', moved, user.tree]);
  t.equal((await user.fetch()).commit, before.commit);
});

t.test(
  'a repository on a read-only file system is borrowed',
  { skip: process.getuid?.() !== 0 && 'only root can mount' },
  async (t) => {
    const user = await aUser(t);
    const mount = (...args: string[]) => spawnSync('mount', args, { encoding: 'utf8' });
    const bound = mount('--bind', user.tree, user.tree);
    if (bound.status !== 0) throw new Error(`this computer cannot mount: ${bound.stderr}`);
    try {
      mount('-o', 'remount,bind,ro', user.tree);
      t.throws(() => writeFileSync(join(user.tree, 'new'), ''), { code: 'EROFS' });
      await using tree = await user.open();
      await tree.checkOut(tree.baseCommit);
      t.equal((await tree.build({ commit: tree.baseCommit })).ok, true);
      const asDirectory = await user.fetch({ directory: user.tree });
      t.equal(await show(asDirectory), 'int x = 2;\n');
    } finally {
      spawnSync('umount', [user.tree]);
    }
  },
);

t.test('a kernel of a borrowed source is not taken for one from elsewhere', async (t) => {
  const user = await aUser(t);
  const digestFrom = async (source: KernelSource) => {
    await using tree = await user.open(source);
    const built = await tree.build({ commit: tree.baseCommit });
    if (!built.ok) throw new Error(built.logTail.join('\n'));
    return built.kernel.digest;
  };
  const own = await digestFrom({ git: { repository: user.tree, ref: 'main' } });
  t.equal(await digestFrom({ git: { repository: user.tree, ref: 'main' } }), own);
  t.not(await digestFrom({ git: { repository: `file://${user.tree}`, ref: 'main' } }), own);
});

t.test('of a directory with a repository only changed files are stored', async (t) => {
  const user = await aUser(t);
  writeFileSync(join(user.tree, 'x.c'), 'int changed;\n');
  writeFileSync(join(user.tree, 'new.c'), 'int added;\n');
  writeFileSync(join(user.tree, 'x.o'), 'built');
  const before = await snapshot(user.tree);
  const source = await user.fetch({ directory: user.tree });
  t.equal(await show(source), 'int changed;\n');
  t.equal(await show(source, 'new.c'), 'int added;\n');
  t.match(await show(source, 'core.c'), /int core/);
  await t.rejects(show(source, 'x.o'), 'it is ignored');
  const stored = await Promise.all(
    (await ownObjects(source.repository))
      .filter((path) => /^\w\w\//.test(path))
      .map(async (path) => {
        const args = ['--git-dir', source.repository, 'cat-file', '-t', path.replace('/', '')];
        return (await runGit(args)).stdout.trim();
      }),
  );
  t.strictSame(stored.filter((type) => type === 'blob').length + packed(source.repository), 2);
  t.equal(await snapshot(user.tree), before);
  rmSync(join(user.tree, '.git'), { recursive: true });
  const without = await user.fetch({ directory: user.tree });
  t.match(await show(without, 'core.c'), /int core/, 'without the repository all files are stored');
});

/** How many objects the packs of a repository have. */
function packed(repository: string): number {
  const { stdout } = spawnSync('git', ['--git-dir', repository, 'count-objects', '-v'], { encoding: 'utf8' });
  return Number(/^in-pack: (\d+)$/m.exec(stdout)?.[1]);
}

t.test('an index that hides changes of a directory is not believed', async (t) => {
  const hidings: Record<string, (user: User) => Promise<unknown>> = {
    'assumed unchanged': ({ git }) => git('update-index', '--assume-unchanged', 'x.c'),
    'not in the worktree': ({ git }) => git('update-index', '--skip-worktree', 'x.c'),
    split: ({ git }) => git('update-index', '--split-index'),
    nonsense: async ({ tree }) => writeFileSync(join(tree, '.git/index'), 'DIRCnonsense'),
    none: async ({ tree }) => rmSync(join(tree, '.git/index')),
  };
  for (const [name, hide] of Object.entries(hidings)) {
    const user = await aUser(t);
    await hide(user);
    appendFileSync(join(user.tree, 'x.c'), 'int more;\n');
    const source = await user.fetch({ directory: user.tree });
    t.equal(await show(source), 'int x = 2;\nint more;\n', name);
  }
});

t.test('a server sends a ref without its history, and other commits when they are asked for', async (t) => {
  const user = await aUser(t);
  const first = await user.git('rev-parse', 'main~1');
  const remote: KernelSource = { git: { repository: `file://${user.tree}`, ref: 'main' } };
  const source = await user.fetch(remote);
  const count = async () =>
    (await runGit(['--git-dir', source.repository, 'rev-list', '--count', source.commit])).stdout.trim();
  t.equal(await count(), '1');
  t.ok(
    user.said.some((text) => /^fetching main: (?:remote: )?\w+ objects, \d+ %$/.test(text)),
    user.said.join('\n'),
  );
  await using tree = await user.open(remote);
  t.equal(await tree.hasCommit(first), true);
  await tree.checkOut(first);
  t.equal(readFileSync(join(tree.tree, 'x.c'), 'utf8'), 'int x;\n');
  t.equal(await tree.hasCommit('1'.repeat(40)), false);
  t.equal(await tree.hasCommit('-x'), false);
});

t.test('a server that cannot leave the history out sends all of it', async (t) => {
  const user = await aUser(t);
  // The files of a bare repository behind plain HTTP: git calls it the dumb protocol.
  const bare = join(user.directory, 'bare.git');
  await user.git('clone', '-q', '--bare', '.', bare);
  await runGit(['--git-dir', bare, 'update-server-info']);
  const { createServer } = await import('node:http');
  const server = createServer((request, response) => {
    const path = join(user.directory, new URL(request.url ?? '/', 'http://x').pathname);
    if (!existsSync(path) || lstatSync(path).isDirectory()) return response.writeHead(404).end();
    return response.end(readFileSync(path));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as { port: number };
  const source = await user.fetch({ git: { repository: `http://127.0.0.1:${port}/bare.git`, ref: 'main' } });
  t.equal(await show(source), 'int x = 2;\n');
  const count = await runGit(['--git-dir', source.repository, 'rev-list', '--count', source.commit]);
  t.equal(count.stdout.trim(), '2');
  t.match(user.said.join('\n'), /cannot leave the history out: it is fetched whole/);
});

t.test('a server that sends no single commits sends its branches', async (t) => {
  const user = await aUser(t);
  const first = await user.git('rev-parse', 'main~1');
  const address = `file://${user.tree}`;
  // The old protocol, in which a server sends only what it names.
  const source = await user.fetch({ git: { repository: address, ref: 'main' } });
  await runGit(['--git-dir', source.repository, 'config', 'protocol.version', '0']);
  await using tree = await user.open({ git: { repository: address, ref: 'main' } });
  t.equal(await tree.hasCommit(first), true);
  t.match(user.said.join('\n'), /sends no single commits: all branches and tags are fetched/);
  const refs = await runGit(['--git-dir', source.repository, 'for-each-ref', '--format=%(refname)']);
  for (const ref of refs.stdout.trim().split('\n')) t.match(ref, /^refs\/ktrial\/[0-9a-f]{40}$/);
  t.strictSame(readdirSync(join(user.cacheDirectory, 'sources')).length, 2);
});
