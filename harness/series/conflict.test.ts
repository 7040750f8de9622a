// SPDX-License-Identifier: MIT
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runGit } from '../host/index.ts';
import type { PatchConflict } from '../model/index.ts';
import { applySeries, readSeries } from './index.ts';

t.setTimeout(240_000);

const LINES = [
  '#include <linux/a.h>',
  '',
  'static int get(struct a *a)',
  '{',
  '\tif (!a->count)',
  '\t\treturn -ENODEV;',
  '\tpr_info("got %d\\n", a->count);',
  '\ta->count++;',
  '\treturn 0;',
  '}',
];
const TEXT = `${LINES.join('\n')}\n`;

const git =
  (directory: string) =>
  async (...args: string[]) =>
    (
      await runGit(['-c', 'user.name=Ann', '-c', 'user.email=ann@example.org', ...args], { cwd: directory })
    ).stdout.trim();

const template = t.testdir({ 'a.c': TEXT, 'other.c': 'x\n', dir: { 'in.c': 'x\n' } });
const prepare = git(template);
await prepare('init', '-q', '-b', 'main');
await prepare('add', '.');
await prepare('commit', '-qm', 'base');

const NEW = `--- a/a.c\n+++ b/a.c\n@@ -5,5 +5,5 @@ static int get(struct a *a)\n \tif (!a->count)\n \t\treturn -ENODEV;\n \tpr_info("got %d\\n", a->count);\n-\ta->count++;\n+\ta->count += 2;\n \treturn 0;\n`;
const DIFF = `diff --git a/a.c b/a.c\n${NEW}`;
const added = (file: string, mode = '100644', line = 'x') =>
  `diff --git a/${file} b/${file}\nnew file mode ${mode}\n--- /dev/null\n+++ b/${file}\n@@ -0,0 +1 @@\n+${line}\n${mode === '120000' ? '\\ No newline at end of file\n' : ''}`;

type Edit = (place: {
  readonly write: (name: string, text: string) => void;
  readonly tree: string;
  readonly run: (...args: string[]) => Promise<string>;
}) => unknown;

interface Row {
  /** What the tree has become since the patch was made. */
  readonly edit?: Edit;
  readonly diff: string;
  /** A patch before it, which applies. */
  readonly before?: string;
  readonly cause: PatchConflict['cause'];
  readonly file?: string | null;
  readonly difference?: RegExp;
  /** Lines that stand beside others. */
  readonly beside?: readonly (readonly [wanted: string | null, found: string | null])[];
}

const become =
  (from: string | RegExp, to: string): Edit =>
  ({ write }) =>
    write('a.c', TEXT.replace(from, to));

const TABLE: Readonly<Record<string, Row>> = {
  'another line': {
    edit: become('a->count++', 'a->count--'),
    diff: DIFF,
    cause: 'otherText',
    file: 'a.c',
    beside: [['\ta->count++;', '\ta->count--;']],
  },
  'a line that is gone': {
    edit: become('\ta->count++;\n', ''),
    diff: DIFF,
    cause: 'otherText',
    file: 'a.c',
    beside: [['\ta->count++;', null]],
  },
  'a line that is new': {
    edit: become('\ta->count++;\n', '\tlock(a);\n\ta->count++;\n\tunlock(a);\n'),
    diff: DIFF.replace('+\ta', '+\tb'),
    cause: 'otherText',
    file: 'a.c',
    beside: [
      [null, '\tlock(a);'],
      [null, '\tunlock(a);'],
    ],
  },
  'everything moved and one line changed': {
    edit: ({ write }) => write('a.c', `${'int x;\n'.repeat(400)}${TEXT.replace('++', '--')}`),
    diff: DIFF,
    cause: 'otherText',
    file: 'a.c',
    beside: [['\ta->count++;', '\ta->count--;']],
  },
  'nothing like it': {
    edit: ({ write }) => write('a.c', 'int y;\n'),
    diff: DIFF,
    cause: 'otherText',
    file: 'a.c',
  },
  'an empty file': { edit: ({ write }) => write('a.c', ''), diff: DIFF, cause: 'otherText', file: 'a.c' },
  'tabs that became spaces': {
    diff: DIFF.replaceAll('\t', '        '),
    cause: 'whiteSpace',
    file: 'a.c',
    difference: /^tabs became spaces$/,
  },
  'tabs that became four spaces': {
    diff: DIFF.replaceAll('\t', '    '),
    cause: 'whiteSpace',
    difference: /tabs became spaces/,
  },
  'spaces that became tabs': {
    edit: ({ write }) => write('a.c', TEXT.replaceAll('\t', '        ')),
    diff: DIFF,
    cause: 'whiteSpace',
    difference: /^spaces became tabs$/,
  },
  'white space that was cut from line ends': {
    edit: become(/(ENODEV|count\+\+);/g, '$1; \t'),
    diff: DIFF,
    cause: 'whiteSpace',
    difference: /^white space at the end of lines was removed$/,
  },
  'white space that was added at line ends': {
    diff: DIFF.replace('count++;', 'count++;  '),
    cause: 'whiteSpace',
    difference: /^white space at the end of lines was added$/,
  },
  'CRLF line ends in the tree': {
    edit: ({ write }) => write('a.c', TEXT.replaceAll('\n', '\r\n')),
    diff: DIFF,
    cause: 'whiteSpace',
    difference: /^the file of the tree has CRLF line ends$/,
  },
  'non-breaking spaces': {
    diff: DIFF.replaceAll('return ', 'return\u00a0'),
    cause: 'whiteSpace',
    difference: /^white space became non-breaking spaces$/,
  },
  'typographic quotes': {
    diff: DIFF.replace('"got %d\\n"', '\u201cgot %d\\n\u201d').replace('+\ta', '+\tb("");a'),
    cause: 'whiteSpace',
    difference: /^straight quotes became typographic ones$/,
  },
  'a patch that is there already': {
    edit: become('count++', 'count += 2'),
    diff: DIFF,
    cause: 'alreadyApplied',
  },
  'a file that is there already, the same': {
    edit: ({ write }) => write('n.c', 'x\n'),
    diff: added('n.c'),
    cause: 'alreadyApplied',
  },
  'a patch twice in the series': { before: DIFF, diff: DIFF, cause: 'alreadyApplied' },
  'a file that is there already, another': {
    edit: ({ write }) => write('n.c', 'y\n'),
    diff: added('n.c'),
    cause: 'fileExists',
    file: 'n.c',
  },
  'a file that is not there': {
    edit: ({ run }) => run('rm', '-q', 'a.c'),
    diff: DIFF,
    cause: 'fileMissing',
    file: 'a.c',
  },
  'a file of another tree': {
    diff: DIFF.replaceAll('a.c', 'There/is.c'),
    cause: 'fileMissing',
    file: 'There/is.c',
  },
  'a file behind a symbolic link of the series': {
    before: added('out', '120000', '/tmp'),
    diff: added('out/x.c'),
    cause: 'symbolicLink',
    file: 'out/x.c',
  },
  'a file behind a symbolic link of the tree': {
    edit: ({ tree }) => symlinkSync('dir', join(tree, 'link')),
    diff: added('link/x.c'),
    cause: 'symbolicLink',
    file: 'link/x.c',
  },
  'a file that is a symbolic link in the tree': {
    edit: ({ tree }) => {
      rmSync(join(tree, 'a.c'));
      symlinkSync('other.c', join(tree, 'a.c'));
    },
    diff: DIFF,
    cause: 'mode',
    file: 'a.c',
  },
  'a file where the tree has a directory': { diff: added('dir'), cause: 'fileExists', file: 'dir' },
  'a submodule': {
    diff: 'diff --git a/sub b/sub\nindex 1111111..2222222 160000\n--- a/sub\n+++ b/sub\n@@ -1 +1 @@\n-Subproject commit 1111111111111111111111111111111111111111\n+Subproject commit 2222222222222222222222222222222222222222\n',
    cause: 'submodule',
  },
  'another binary file': {
    edit: ({ write }) => write('b.bin', '\0\x01\x09'),
    diff: 'diff --git a/b.bin b/b.bin\nindex 8352675d67aed6625ece79af41c27fdb4ee2e867..1592e5c60f1a460928916dc5681fee1a9bd10868 100644\nGIT binary patch\nliteral 3\nKcmZQzWCj2L2ml2D\n\nliteral 3\nKcmZQzWC8#H2LJ>B\n\n',
    cause: 'binary',
    file: 'b.bin',
  },
};

async function apply(t: { testdir: typeof import('tap')['t']['testdir'] }, { edit, diff, before }: Row) {
  const tree = join(t.testdir({}), 'tree');
  cpSync(template, tree, { recursive: true, verbatimSymlinks: true });
  const run = git(tree);
  const write = (name: string, text: string) => writeFileSync(join(tree, name), text);
  await edit?.({ tree, run, write });
  await run('add', '-A');
  await run('commit', '-q', '--allow-empty', '-m', 'since then');
  const mail = (number: number, text: string, total: number) =>
    `From mboxrd@z Thu Jan  1 00:00:00 1970\nFrom: Ann <ann@example.org>\nDate: Mon, 1 Jan 2024 10:00:00 +0000\nSubject: [PATCH ${number}/${total}] x: ${number}\n\nWhy.\n---\n${text}-- \n2.39.5\n\n`;
  const bytes = before === undefined ? mail(1, diff, 1) : mail(1, before, 2) + mail(2, diff, 2);
  const series = await readSeries({ kind: 'bytes', bytes: Buffer.from(bytes), name: 'mailbox' });
  const start = await run('rev-parse', 'HEAD');
  const result = await applySeries(series, tree);
  return { result, tree, run, start };
}

t.test('a patch that does not apply is explained by its cause', async (t) => {
  for (const [name, row] of Object.entries(TABLE))
    await t.test(name, async (t) => {
      const { result, run, start, tree } = await apply(t, row);
      if (result.ok) {
        t.fail('got an applied series, expected a conflict');
        return;
      }
      const { conflict } = result;
      t.equal(conflict.cause, row.cause, conflict.words);
      if (row.file !== undefined) t.equal(conflict.file, row.file, conflict.words);
      t.match(conflict.difference ?? '', row.difference ?? /^$/);
      for (const [wanted, found] of row.beside ?? [])
        t.ok(
          conflict.nearest?.some((line) => line.wanted === wanted && line.found === found),
          JSON.stringify(conflict.nearest),
        );
      const lines = conflict.words.split('\n');
      t.equal(new Set(lines).size, lines.length, 'git says nothing twice');
      t.equal(await run('rev-parse', 'HEAD'), start);
      t.equal(await run('status', '--porcelain'), '');
      t.notOk(existsSync(join(tree, '.git/rebase-apply')));
    });
});

t.test('the lines beside one another have the numbers that the tree has', async (t) => {
  const { result } = await apply(t, TABLE['everything moved and one line changed'] as Row);
  const nearest = (!result.ok && result.conflict.nearest) || [];
  t.strictSame(
    nearest.map(({ line }) => line),
    [405, 406, 407, 408, 409],
  );
  t.strictSame(
    nearest.filter(({ wanted, found }) => wanted !== found).map(({ line }) => line),
    [408],
  );
  const { result: none } = await apply(t, TABLE['nothing like it'] as Row);
  t.strictSame(!none.ok && none.conflict.nearest, []);
});

t.test('a hunk and a file of any size are compared in time', async (t) => {
  const many = Array.from({ length: 30_000 }, (_, index) => `\tline(${index % 700});`);
  const hunk = many.slice(0, 3000);
  const diff = `diff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n@@ -1,3000 +1,3001 @@\n${hunk.map((line) => ` ${line}!\n`).join('')}+x\n`;
  const { result } = await apply(t, {
    edit: ({ write }) => write('a.c', `${many.join('\n')}\n`),
    diff,
    cause: 'otherText',
  });
  t.match(result, { ok: false, conflict: { cause: 'otherText', file: 'a.c' } });
  t.ok(!result.ok && (result.conflict.nearest?.length ?? 99) <= 24);
});

t.test('a symbolic link of a series is made, and nothing is written through it', async (t) => {
  const { result, tree } = await apply(t, { diff: added('out', '120000', '../outside'), cause: 'unknown' });
  t.equal(result.ok, true);
  t.notOk(existsSync(join(tree, '../outside')));
  mkdirSync(join(tree, '../outside'));
  writeFileSync(join(tree, '../outside/x.c'), 'mine\n');
  chmodSync(join(tree, '../outside/x.c'), 0o600);
  t.equal(readFileSync(join(tree, '../outside/x.c'), 'utf8'), 'mine\n');
});
