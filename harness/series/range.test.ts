// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runGit } from '../host/index.ts';
import { faultOf } from '../testing/mail.ts';
import { readSeries } from './index.ts';

t.setTimeout(240_000);

/** A user that is not the one who runs the tests, where that can be. */
const STRANGER = process.getuid?.() === 0 ? 65534 : null;

const IDENTITY = [
  '-c',
  'user.name=Ann',
  '-c',
  'user.email=ann@example.org',
  '-c',
  'protocol.file.allow=always',
];

type Test = Pick<typeof t, 'testdir'>;

/** git as a user runs it, in a directory. */
const gitIn =
  (directory: string) =>
  async (...args: string[]) => {
    const env = { GIT_COMMITTER_DATE: '2024-01-01T00:00:00Z' };
    return (await runGit([...IDENTITY, ...args], { cwd: directory, env })).stdout.trim();
  };

/** A repository with the tags `v1`, `v2` and `v3` on a branch. */
async function makeTemplate(directory: string): Promise<void> {
  const run = gitIn(directory);
  await run('init', '-q', '-b', 'main');
  await run('add', '.');
  await run('commit', '-qm', 'base');
  await run('tag', 'v1');
  writeFileSync(join(directory, 'a.c'), 'two\n');
  await run('commit', '-qam', 'a: two\n\nWhy.\n');
  await run('tag', '-a', '-m', 'second', 'v2');
  writeFileSync(join(directory, 'a.c'), 'three\n\nfour\n');
  await run('commit', '-qam', 'a: three');
  await run('tag', 'v3');
}

const template = t.testdir({ 'a.c': 'one\n', 'b.c': 'x\n' });
await makeTemplate(template);

async function aRepository(t: Test) {
  const root = t.testdir({});
  const directory = join(root, 'repository');
  cpSync(template, directory, { recursive: true });
  const run = gitIn(directory);
  /** What a command of the repository would leave behind. */
  const trap = join(root, 'RAN');
  const script = join(root, 'trap.sh');
  writeFileSync(script, `#!/bin/sh\ntouch ${trap}\nexit 1\n`);
  chmodSync(script, 0o755);
  chmodSync(root, 0o755);
  const give = () => {
    if (STRANGER !== null) execFileSync('chown', ['-R', `${STRANGER}:${STRANGER}`, directory]);
  };
  const lose = async (revision: string) => {
    const id = await run('rev-parse', revision);
    rmSync(join(directory, '.git/objects', id.slice(0, 2), id.slice(2)));
    return id;
  };
  const read = (range = 'v1..v3') => readSeries({ kind: 'range', repository: directory, range });
  return { root, directory, git: join(directory, '.git'), run, trap, script, give, lose, read };
}

type Fixture = Awaited<ReturnType<typeof aRepository>>;

/** What makes git start a program, or read something else, in a repository that it trusts. */
const HOSTILE: Readonly<Record<string, (fixture: Fixture) => Promise<unknown> | unknown>> = {
  'core.fsmonitor': ({ run, script }) => run('config', 'core.fsmonitor', script),
  'core.pager': ({ run, script }) => run('config', 'core.pager', script),
  'core.sshCommand': ({ run, script }) => run('config', 'core.sshCommand', script),
  'core.hooksPath': ({ run, script, git }) => {
    for (const hook of ['post-index-change', 'reference-transaction', 'post-checkout', 'pre-applypatch'])
      cpSync(script, join(git, 'hooks', hook));
    return run('config', 'core.hooksPath', join(git, 'hooks'));
  },
  'core.alternateRefsCommand': ({ run, script }) => run('config', 'core.alternateRefsCommand', script),
  'core.worktree elsewhere': ({ run }) => run('config', 'core.worktree', '/'),
  'diff.external': ({ run, script }) => run('config', 'diff.external', script),
  'a diff driver with textconv and a command': async ({ run, script, directory, git }) => {
    mkdirSync(join(git, 'info'), { recursive: true });
    writeFileSync(join(git, 'info/attributes'), '* diff=trap filter=trap\n');
    writeFileSync(join(directory, '.gitattributes'), '* diff=trap filter=trap\n');
    for (const key of ['diff.trap.textconv', 'diff.trap.command', 'filter.trap.clean', 'filter.trap.smudge'])
      await run('config', key, script);
  },
  'include.path': ({ run, root, script }) => {
    writeFileSync(join(root, 'more'), `[core]\n\tfsmonitor = ${script}\n[diff]\n\texternal = ${script}\n`);
    return run('config', 'include.path', join(root, 'more'));
  },
  includeIf: ({ run, root, script }) => {
    writeFileSync(join(root, 'more'), `[diff]\n\texternal = ${script}\n`);
    return run('config', 'includeIf.gitdir:/.path', join(root, 'more'));
  },
  'an alias of format-patch': ({ run, script }) => run('config', 'alias.format-patch', `!${script}`),
  'gpg.program and log.showSignature': async ({ run, script }) => {
    await run('config', 'gpg.program', script);
    await run('config', 'log.showSignature', 'true');
  },
  'credential.helper': ({ run, script }) => run('config', 'credential.helper', `!${script}`),
  'trace2 into a file': ({ run, trap }) => run('config', 'trace2.eventTarget', trap),
  'a replaced commit': async ({ run }) => {
    const other = await run('commit-tree', '-p', 'v1', '-m', 'not what was signed', 'v1^{tree}');
    await run('replace', 'v2^{commit}', other);
  },
  grafts: async ({ run, git }) => {
    mkdirSync(join(git, 'info'), { recursive: true });
    writeFileSync(join(git, 'info/grafts'), `${await run('rev-parse', 'v3')}\n`);
  },
  'a mailmap': ({ directory, run }) => {
    writeFileSync(join(directory, '.mailmap'), 'Eve <eve@example.org> <ann@example.org>\n');
    return run('config', 'log.mailmap', 'true');
  },
  notes: ({ run }) => run('notes', 'add', '-m', 'a note', 'v2^{commit}'),
  'settings of format, diff and log': async ({ run, script }) => {
    for (const setting of [
      'format.from=Eve <eve@example.org>',
      'format.forceInBodyFrom=true',
      'format.subjectPrefix=ODD',
      'format.coverLetter=true',
      'format.attach=cut',
      'format.signOff=true',
      'format.signature=Eve',
      'format.thread=deep',
      'format.numbered=true',
      'format.headers=X-Odd: 1',
      'format.to=eve@example.org',
      'format.cc=eve@example.org',
      'format.encodeEmailHeaders=false',
      'format.useAutoBase=true',
      'format.notes=true',
      'format.suffix=.odd',
      'format.filenameMaxLength=9',
      'format.outputDirectory=/nowhere',
      'format.pretty=oneline',
      'format.mboxrd=true',
      'format.noprefix=true',
      `format.signatureFile=${script}`,
      'diff.suppressBlankEmpty=true',
      'diff.noprefix=true',
      'diff.mnemonicPrefix=true',
      'diff.context=9',
      'diff.interHunkContext=9',
      'diff.algorithm=patience',
      'diff.renames=copies',
      'diff.indentHeuristic=false',
      'diff.orderFile=/dev/null',
      'diff.relative=true',
      'diff.submodule=log',
      'diff.wsErrorHighlight=all',
      'diff.colorMoved=zebra',
      'diff.wordRegex=.',
      'diff.ignoreSubmodules=all',
      'diff.statGraphWidth=9',
      'diff.srcPrefix=odd/',
      'diff.dstPrefix=odd/',
      'color.ui=always',
      'color.diff=always',
      'core.abbrev=9',
      'core.quotePath=true',
      'core.attributesFile=/dev/null',
      'core.whitespace=fix',
      'core.autocrlf=true',
      'core.eol=crlf',
      'core.commentChar=x',
      'core.precomposeUnicode=true',
      'i18n.logOutputEncoding=latin1',
      'i18n.commitEncoding=latin1',
      'log.date=iso',
      'log.decorate=full',
      'log.follow=true',
      'log.diffMerges=first-parent',
      'log.showRoot=false',
      'mailinfo.scissors=true',
      'am.keepcr=true',
      'apply.whitespace=fix',
      'notes.displayRef=refs/notes/*',
    ]) {
      const [key = '', ...value] = setting.split('=');
      await run('config', key, value.join('='));
    }
  },
  'a configuration that git cannot read': ({ git }) => writeFileSync(join(git, 'config'), '[core\n'),
  'a `.git` file that leads to the repository': ({ directory, root }) => {
    renameSync(join(directory, '.git'), join(root, 'elsewhere.git'));
    writeFileSync(join(directory, '.git'), `gitdir: ${join(root, 'elsewhere.git')}\n`);
  },
  alternates: ({ git, root }) => {
    renameSync(join(git, 'objects'), join(root, 'objects'));
    mkdirSync(join(git, 'objects/info'), { recursive: true });
    writeFileSync(join(git, 'objects/info/alternates'), `${join(root, 'objects')}\n`);
  },
  'packed references and objects': ({ run }) => run('gc', '-q'),
};

t.test(
  'a range is the same whatever its repository is configured to do, and nothing in it runs',
  async (t) => {
    const plain = await aRepository(t);
    const expected = await plain.read();
    t.strictSame(
      expected.patches.map(({ subject, author }) => [subject, author]),
      [
        ['a: two', 'Ann <ann@example.org>'],
        ['a: three', 'Ann <ann@example.org>'],
      ],
    );
    for (const [name, prepare] of Object.entries(HOSTILE))
      await t.test(name, async (t) => {
        const fixture = await aRepository(t);
        await prepare(fixture);
        rmSync(fixture.trap, { force: true });
        fixture.give();
        const before = execFileSync('find', [
          fixture.root,
          '-newer',
          fixture.script,
          '-type',
          'f',
        ]).toString();
        const series = await fixture.read();
        t.equal(series.digest, expected.digest);
        t.strictSame(
          series.patches.map(({ subject, author }) => [subject, author]),
          expected.patches.map(({ subject, author }) => [subject, author]),
        );
        t.notOk(existsSync(fixture.trap), 'nothing ran');
        t.equal(
          execFileSync('find', [fixture.root, '-newer', fixture.script, '-type', 'f']).toString(),
          before,
          'nothing was written',
        );
      });
  },
);

t.test('an object that is missing is not fetched, and the repository is named', async (t) => {
  for (const revision of ['v3:a.c', 'v2:a.c', 'v3^{tree}', 'v2^{commit}', 'v2']) {
    const fixture = await aRepository(t);
    const { run, git, trap, lose, give, read } = fixture;
    await run('config', 'core.repositoryFormatVersion', '1');
    await run('config', 'extensions.partialClone', 'r');
    await run('config', 'remote.r.promisor', 'true');
    await run('config', 'remote.r.url', `ext::touch ${trap}`);
    await run('config', 'remote.r.uploadpack', `touch ${trap};false`);
    await run('config', 'protocol.allow', 'always');
    await lose(revision);
    give();
    const fault = await faultOf(read('v1..v3').then(() => read('v2..v3')));
    t.strictSame([fault.code, fault.blame], ['SERIES_BAD_REPOSITORY', 'request'], revision);
    t.match(fault.message, /lacks objects that v\d\.\.v3 needs: it is a partial clone/, revision);
    t.match(fault.next, /^if you trust it, let git fetch them: git -C/, revision);
    t.notOk(existsSync(trap), `${revision}: nothing ran`);
    t.ok(existsSync(git));
  }
});

t.test('a repository that is damaged, shallow or none has its own words', async (t) => {
  const faultWith = async (prepare: (fixture: Fixture) => Promise<unknown> | unknown, range = 'v1..v3') => {
    const fixture = await aRepository(t);
    await prepare(fixture);
    return faultOf(readSeries({ kind: 'range', repository: fixture.directory, range }));
  };
  const damaged = await faultWith(({ lose }) => lose('v3:a.c'));
  t.match(damaged, { code: 'SERIES_BAD_REPOSITORY', message: /: it is damaged$/, next: /git -C .* fsck$/ });
  const scrambled = await faultWith(async ({ run, git }) => {
    const id = await run('rev-parse', 'v3:a.c');
    const path = join(git, 'objects', id.slice(0, 2), id.slice(2));
    chmodSync(path, 0o644);
    writeFileSync(path, 'not an object');
  });
  t.match(scrambled, { code: 'SERIES_BAD_REPOSITORY', message: /: it is damaged$/ });
  const rotten = await faultWith(({ git }) =>
    writeFileSync(join(git, 'refs/tags/v3'), `${'1'.repeat(40)}\n`),
  );
  t.match(rotten, { code: 'SERIES_BAD_REPOSITORY', message: /: it is damaged$/ });
  const shallow = async (range: string) =>
    faultWith(async ({ root, directory, run }) => {
      const clone = join(root, 'clone');
      await run('clone', '-q', '--depth=1', '--no-tags', `file://${directory}`, clone);
      rmSync(directory, { recursive: true });
      renameSync(clone, directory);
    }, range);
  for (const range of ['v1..HEAD', 'HEAD~2..HEAD', 'HEAD^..HEAD']) {
    const fault = await shallow(range);
    t.match(
      fault,
      { code: 'SERIES_BAD_RANGE', message: /it is a shallow clone/, next: /git fetch --unshallow/ },
      range,
    );
  }
  const file = await faultWith(({ directory }) => {
    rmSync(directory, { recursive: true });
    writeFileSync(directory, 'x');
  });
  t.match(file, {
    code: 'HOST_NO_REPOSITORY',
    message: /got a file .*, expected the directory of a git repository/,
  });
  const none = await faultOf(readSeries({ kind: 'range', repository: '/', range: 'v1..v3' }));
  t.match(none, { code: 'HOST_NO_REPOSITORY', message: '/ is not in a git repository' });
  const dangling = await faultWith(({ git }) => {
    rmSync(git, { recursive: true });
    writeFileSync(git, 'gitdir: /nowhere\n');
  });
  t.match(dangling, { code: 'HOST_NO_REPOSITORY', message: /names no git repository: \/nowhere/ });
  const pipe = await faultWith(({ git }) => {
    rmSync(join(git, 'HEAD'));
    execFileSync('mkfifo', [join(git, 'HEAD')]);
  });
  t.match(pipe, { code: 'INPUT_NOT_A_FILE', message: /a named pipe/ });
  const reftable = await faultWith(({ git }) => mkdirSync(join(git, 'reftable')));
  t.match(reftable, { code: 'HOST_BAD_REPOSITORY', message: /reftable/ });
});

t.test('each range that is none has its own words', async (t) => {
  const { read, run } = await aRepository(t);
  await run('checkout', '-q', '--orphan', 'alone');
  await run('commit', '-q', '-m', 'alone');
  await run('checkout', '-q', '-f', 'main');
  const table: readonly (readonly [range: string, code: string, message: RegExp, next?: RegExp])[] = [
    ['v1...v2', 'SERIES_BAD_RANGE', /three dots/, /write two dots: v1\.\.v2$/],
    ['..', 'SERIES_BAD_RANGE', /expected a range/],
    ['v1..v2..v3', 'SERIES_BAD_RANGE', /expected a range/],
    ['v1', 'SERIES_BAD_RANGE', /expected a range/],
    ['v9..v3', 'SERIES_BAD_RANGE', /has no commit v9$/],
    ['v1..v9', 'SERIES_BAD_RANGE', /has no commit v9$/],
    ['--output=x..v3', 'SERIES_BAD_RANGE', /has no commit --output=x$/],
    ['v1..--all', 'SERIES_BAD_RANGE', /has no commit --all$/],
    ['v1^{tree}..v3', 'SERIES_BAD_RANGE', /is a tree, expected a commit/],
    ['v1:a.c..v3', 'SERIES_BAD_RANGE', /is a blob, expected a commit/],
    ['v3..v1', 'SERIES_EMPTY', /v3 contains v1 already/, /the older end stands first: v1\.\.v3/],
    ['v3..v3', 'SERIES_EMPTY', /are the same commit/],
    ['v3..', 'SERIES_EMPTY', /v3 and HEAD are the same commit/],
    ['..v3', 'SERIES_EMPTY', /HEAD and v3 are the same commit/],
    ['..v1', 'SERIES_EMPTY', /HEAD contains v1 already/],
    ['alone..v3', 'SERIES_BAD_RANGE', /no common ancestor/],
    ['v1 ..v3', 'SERIES_BAD_RANGE', /has no commit v1 $/],
    [`${'0'.repeat(40)}..v3`, 'SERIES_BAD_REPOSITORY', /lacks objects/],
    ['main@{u}..v3', 'SERIES_BAD_RANGE', /has no commit main@\{u\}$/],
    ['$(touch x)..v3', 'SERIES_BAD_RANGE', /has no commit/],
  ];
  for (const [range, code, message, next] of table) {
    const fault = await faultOf(read(range));
    t.strictSame([fault.code, fault.blame], [code, 'request'], range);
    t.match(fault.message, message, range);
    if (next) t.match(fault.next, next, range);
  }
});

t.test('each form in which git names commits is a range', async (t) => {
  const { read, run, directory, root } = await aRepository(t);
  await run('branch', 'up', 'v1');
  await run('config', 'branch.main.remote', '.');
  await run('config', 'branch.main.merge', 'refs/heads/up');
  for (const range of [
    'v1..',
    'HEAD~2..HEAD',
    'main~2..main',
    '@{u}..',
    ':/base..main',
    'up..v3',
    'main@{2}..v3',
    `${await run('rev-parse', '--short', 'v1')}..v3`,
  ])
    t.equal((await read(range)).patches.length, 2, range);
  await run('checkout', '-q', 'v2');
  t.equal((await read('..v3')).patches.length, 1, 'HEAD is where the first end is missing');
  await run('worktree', 'add', '-q', join(root, 'linked'), 'v1');
  const linked = (range: string) => readSeries({ kind: 'range', repository: join(root, 'linked'), range });
  t.equal((await linked('..v3')).patches.length, 2, 'a linked worktree has a HEAD of its own');
  await run('clone', '-q', '--bare', directory, join(root, 'bare.git'));
  t.equal(
    (await readSeries({ kind: 'range', repository: join(root, 'bare.git'), range: 'v1..v3' })).patches.length,
    2,
  );
  symlinkSync(directory, join(root, 'link'));
  t.equal(
    (await readSeries({ kind: 'range', repository: join(root, 'link'), range: 'v1..v3' })).patches.length,
    2,
  );
  t.strictSame(readdirSync(directory).sort(), ['.git', 'a.c', 'b.c'], 'the checkout is as it was');
});

t.test('an empty commit and a merge in a range are notes, and the series goes on', async (t) => {
  const { read, run, directory } = await aRepository(t);
  await run('checkout', '-q', '-b', 'side', 'v1');
  writeFileSync(join(directory, 'b.c'), 'y\n');
  await run('commit', '-qam', '[PATCH 3/9] b: y');
  await run('commit', '-q', '--allow-empty', '-m', '[PATCH 1/2] nothing');
  await run('merge', '-q', '--no-edit', 'main');
  const series = await read('v1..side');
  t.strictSame(series.patches.map(({ subject }) => subject).sort(), ['a: three', 'a: two', 'b: y']);
  t.strictSame(series.notes, [
    '1 merge commit in v1..side was left out',
    '1 commit without changes in v1..side was left out',
  ]);
  const fault = await faultOf(read('side^..side^'));
  t.equal(fault.code, 'SERIES_EMPTY');
  await run('checkout', '-q', 'v3');
  await run('commit', '-q', '--allow-empty', '-m', 'nothing');
  t.match(await faultOf(read('v3..')), {
    code: 'SERIES_EMPTY',
    message: /contains no commit that changes a file/,
  });
});
