// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { faultOf, readYaml } from '../document/index.ts';
import { exists } from '../host/index.ts';
import { Fault } from '../model/index.ts';

const absolute = z.string().regex(/^\/\S+$/, 'an absolute path in the guest');

/** The shape of `images/*.yaml`. */
const imageRecipeSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'lower-case letters, digits and dashes'),
  suite: z.string().describe('Debian suite that the packages come from'),
  packages: z.array(z.string()).min(1),
  keep: z.array(absolute).describe('programs, each kept with the shared libraries that it needs'),
  data: z
    .array(absolute)
    .default([])
    .describe('files copied as they are; a shared object with the libraries that it needs'),
  files: z
    .array(
      z.strictObject({
        source: z.string(),
        path: absolute,
        mode: z.string().regex(/^0[0-7]{3}$/, 'an octal mode in quotes'),
      }),
    )
    .default([]),
  links: z.record(absolute, z.string()).default({}),
  programs: z
    .array(z.strictObject({ source: z.string(), path: absolute, shared: z.boolean().default(false) }))
    .default([])
    .describe('C files, compiled statically, or as a shared object for LD_PRELOAD'),
});

export type ImageRecipe = z.infer<typeof imageRecipeSchema>;

/** Reads a recipe and makes its sources absolute paths that exist. Faults: `IMAGE_RECIPE_MISSING`, `IMAGE_FILE_MISSING`, and those of the YAML. */
export async function readImageRecipe(path: string): Promise<ImageRecipe> {
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null)
    throw new Fault({
      blame: 'request',
      code: 'IMAGE_RECIPE_MISSING',
      message: `there is no image recipe ${path}`,
    });
  const result = readYaml(text, path, imageRecipeSchema);
  if (!result.ok) throw faultOf(result.diagnostics, path, 'request');
  const find = async <T extends { readonly source: string }>(one: T): Promise<T> => {
    const source = join(dirname(path), one.source);
    if (await exists(source)) return { ...one, source };
    throw new Fault({
      blame: 'request',
      code: 'IMAGE_FILE_MISSING',
      message: `${path} names ${one.source}, but there is no ${source}`,
    });
  };
  return {
    ...result.value,
    files: await Promise.all(result.value.files.map(find)),
    programs: await Promise.all(result.value.programs.map(find)),
  };
}
