// SPDX-License-Identifier: MIT
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { DEBIAN_FORMS } from '../debian/index.ts';
import { faultOf, readYaml } from '../document/index.ts';
import { lookAtInput, readInput } from '../host/index.ts';
import { ARCHITECTURES, type Architecture, DEFAULT_LIMITS, Fault, isFault } from '../model/index.ts';

/** A text of the form, else `got …, expected …`. */
function formed(pattern: RegExp, expected: string) {
  return z.string().regex(pattern, {
    error: (issue) => `got ${JSON.stringify(String(issue.input).slice(0, 80))}, expected ${expected}`,
  });
}

const debianText = (kind: 'suite' | 'package') =>
  formed(DEBIAN_FORMS[kind].pattern, DEBIAN_FORMS[kind].expected);
const absolute = formed(
  /^(?=.{2,500}$)(?:\/(?!\.\.?(?:\/|$))[A-Za-z0-9._+@-]+)+$/,
  'an absolute path in the guest, without ".."',
);
const source = formed(/^(?!\s)[^\p{Cc}]{1,1000}(?<!\s)$/u, 'a path relative to this file');
const linkTarget = formed(/^[^\s\p{Cc}]{1,500}$/u, 'what the link points to, a path in the guest');

const packages = z.array(debianText('package'));
const keep = z.array(absolute).describe('programs, each kept with the shared libraries that it needs');
const data = z
  .array(absolute)
  .default([])
  .describe('files copied as they are; a shared object with the libraries that it needs');

/** The shape of `images/*.yaml`. */
const imageRecipeSchema = z.strictObject({
  name: formed(/^[a-z0-9][a-z0-9-]{0,63}$/, 'at most 64 lower-case letters, digits and dashes'),
  suite: debianText('suite').describe('Debian suite that the packages come from'),
  packages: packages.min(1),
  keep,
  data,
  only: z
    .partialRecord(
      z.enum(ARCHITECTURES),
      z.strictObject({ packages: packages.default([]), keep: keep.default([]), data }),
    )
    .default({})
    .describe('what machines of one architecture have beside that'),
  files: z
    .array(z.strictObject({ source, path: absolute, mode: formed(/^0[0-7]{3}$/, 'an octal mode in quotes') }))
    .default([]),
  links: z.record(absolute, linkTarget).default({}),
  programs: z
    .array(z.strictObject({ source, path: absolute, shared: z.boolean().default(false) }))
    .default([])
    .describe('C files, compiled statically, or as a shared object for LD_PRELOAD'),
});

/** A recipe for machines of one architecture. */
export type ImageRecipe = Omit<z.infer<typeof imageRecipeSchema>, 'only'> & { readonly arch: Architecture };

/**
 * Reads a recipe, adds what it has for the architecture, and makes its sources absolute paths of files. Faults, all of the request: those of `readInput` and of the
 * YAML, and `IMAGE_FILE_MISSING`.
 */
export async function readImageRecipe(path: string, arch: Architecture): Promise<ImageRecipe> {
  const limitKib = DEFAULT_LIMITS['document-kib'];
  const bytes = await readInput(path, {
    what: 'image recipe',
    limitBytes: limitKib * 1024,
    raise: 'split it',
  });
  const result = readYaml(bytes.toString('utf8'), path, imageRecipeSchema);
  if (!result.ok) throw faultOf(result.diagnostics, path, 'request');
  const find = async <T extends { readonly source: string }>(one: T): Promise<T> => {
    const file = join(dirname(path), one.source);
    const kind = await lookAtInput(file, 'file').catch((cause: unknown) => {
      if (isFault(cause)) return cause;
      throw cause;
    });
    if (kind === 'file') return { ...one, source: file };
    throw new Fault({
      blame: 'request',
      code: 'IMAGE_FILE_MISSING',
      message: `${path} names ${one.source}: ${isFault(kind) ? kind.message : `${file} is no plain file`}`,
      next: 'paths in an image recipe are relative to its file',
    });
  };
  const { only, ...common } = result.value;
  const own = only[arch] ?? { packages: [], keep: [], data: [] };
  return {
    ...common,
    arch,
    packages: [...common.packages, ...own.packages],
    keep: [...common.keep, ...own.keep],
    data: [...common.data, ...own.data],
    files: await Promise.all(result.value.files.map(find)),
    programs: await Promise.all(result.value.programs.map(find)),
  };
}
