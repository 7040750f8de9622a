// SPDX-License-Identifier: MIT
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { PROJECT_ROOT } from '../testing/index.ts';
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
  const recipe = await readImageRecipe(RECIPE);
  t.ok(recipe.packages.includes('dropbear-bin'));
  t.ok(recipe.programs.every((one) => one.source.startsWith(PROJECT_ROOT)));
});

t.test('a misspelt key is reported with its line', async (t) => {
  const path = await writeRecipe(t, (text) => text.replace(/^suite:/m, 'siute:'));
  await t.rejects(readImageRecipe(path), { code: 'DOCUMENT_INVALID', details: [/siute/] });
});

t.test('a file that the recipe names and that does not exist is named', async (t) => {
  const path = await writeRecipe(t, (text) => text);
  await t.rejects(readImageRecipe(path), { code: 'IMAGE_FILE_MISSING', message: /guest\/init/ });
});

t.test('a missing recipe is a mistake in the request', async (t) => {
  await t.rejects(readImageRecipe('/nonexistent/x.yaml'), { code: 'INPUT_NOT_FOUND', blame: 'request' });
});
