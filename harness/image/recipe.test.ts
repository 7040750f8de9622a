// SPDX-License-Identifier: MIT
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { PROJECT_ROOT } from '../testing/index.ts';
import { findL2Init } from './l2.ts';
import { readImageRecipe } from './recipe.ts';

const RECIPE = join(PROJECT_ROOT, 'images/guest.yaml');

async function writeRecipe(
  t: { teardown(undo: () => Promise<void>): void },
  change: (text: string) => string,
): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'ktrial-recipe-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const path = join(directory, 'guest.yaml');
  await writeFile(path, change(await readFile(RECIPE, 'utf8')));
  return path;
}

t.test('the recipe in this repository is valid, and all its files exist', async (t) => {
  const recipe = await readImageRecipe(RECIPE, 'x86_64');
  t.ok(recipe.packages.includes('dropbear-bin'));
  t.ok(recipe.programs.every((one) => one.source.startsWith(PROJECT_ROOT)));
});

t.test('a misspelt key is reported with its line', async (t) => {
  const path = await writeRecipe(t, (text) => text.replace(/^suite:/m, 'siute:'));
  await t.rejects(readImageRecipe(path, 'x86_64'), { code: 'DOCUMENT_INVALID', details: [/siute/] });
});

t.test('a file that the recipe names and that does not exist is named', async (t) => {
  const path = await writeRecipe(t, (text) => text);
  await t.rejects(readImageRecipe(path, 'x86_64'), { code: 'IMAGE_FILE_MISSING', message: /guest\/init/ });
});

t.test('a missing recipe is a mistake in the request', async (t) => {
  await t.rejects(readImageRecipe('/nonexistent/x.yaml', 'x86_64'), {
    code: 'INPUT_NOT_FOUND',
    blame: 'request',
  });
});

t.test('no text of a recipe is an option, a path elsewhere or a line of configuration', async (t) => {
  const lines: [RegExp, string][] = [
    [/^name: .*/m, 'name: ../x'],
    [/^name: .*/m, `name: ${'n'.repeat(300)}`],
    [/^name: .*/m, 'name: -x'],
    [/^suite: .*/m, 'suite: "x\\"; APT::Update::Pre-Invoke:: \\"touch PWNED"'],
    [/^suite: .*/m, 'suite: ../../x'],
    [/^suite: .*/m, 'suite: "bookworm main\\ndeb http://h x"'],
    [/- busybox-static/, '- -oDir=/'],
    [/- busybox-static/, '- ./x.deb'],
    [/- busybox-static/, '- "busybox.*"'],
    [/- busybox-static/, '- busybox-'],
    [/- \/bin\/busybox/, '- /../../etc/passwd'],
    [/- \/bin\/busybox/, '- /bin/../../etc/passwd'],
    [/- \/bin\/busybox/, '- bin/busybox'],
    [/- \/bin\/busybox/, '- "/bin/a b"'],
    [/- \/bin\/busybox/, '- "/bin/a\\nb"'],
    [/- \/bin\/busybox/, '- /'],
    [/path: \/sbin\/init/, 'path: /sbin/../../init'],
    [/path: \/sbin\/init/, 'path: "-x"'],
    [/source: guest\/init/, 'source: ""'],
    [/source: guest\/init/, 'source: "a\\0b"'],
    [/mode: '0755'/, "mode: '4755'"],
    [/\/sbin\/insmod: \.\.\/bin\/kmod/, '/sbin/insmod: ""'],
    [/\/sbin\/insmod: \.\.\/bin\/kmod/, '/../insmod: x'],
  ];
  for (const [from, to] of lines) {
    const path = await writeRecipe(t, (text) => text.replace(from, to));
    await t.rejects(readImageRecipe(path, 'x86_64'), { blame: 'request', code: 'DOCUMENT_INVALID' }, to);
  }
});

t.test('the image of an L2 is one of those that are there', async (t) => {
  const images = join(PROJECT_ROOT, 'images');
  t.equal(await findL2Init(images, 'l2'), join(images, 'l2/init'));
  for (const name of [
    '',
    '.',
    '..',
    '../images/l2',
    '../../../etc',
    '/etc',
    'l2/',
    'L2',
    'l2\n',
    'nope',
    '-x',
    'l2\0',
    'x'.repeat(300),
  ])
    await t.rejects(
      findL2Init(images, name),
      { blame: 'scenario', code: 'IMAGE_NO_L2', next: 'use one of: l2' },
      JSON.stringify(name),
    );
});
