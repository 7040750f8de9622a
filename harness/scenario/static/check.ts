// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { pattern } from '../pattern.ts';
import { formed, INVISIBLE } from '../scalar.ts';

const LONGEST_LABEL = 200;

/** A path of the source tree, as git has it. It also becomes a target of make, so it cannot look like an option or a variable. */
const treePath = formed(
  /^(?!.*(?:^|\/)\.\.?(?:\/|$))[A-Za-z0-9_][A-Za-z0-9_.+/-]*$/,
  'a path of the source tree, relative to its top',
  1000,
);

const style = z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/, 'a type of checkpatch, such as AVOID_EXTERNS');

const grep = z.strictObject({
  pattern,
  files: z
    .array(treePath)
    .min(1)
    .max(100)
    .meta({ description: 'files of the tree; one that is not there has no line' }),
  lines: z.int().min(0).max(999_999).meta({ description: 'how many lines match, in all of them together' }),
});

const size = z
  .strictObject({
    module: treePath.meta({ description: 'a module of the kernel by its path, such as drivers/a/b.ko' }),
    struct: z
      .string()
      .regex(/^[A-Za-z_]\w{0,127}$/, 'the name of a struct')
      .optional()
      .meta({ description: 'the struct that is measured; needs debug information' }),
    section: z
      .string()
      .regex(/^\.[\w.]{1,63}$/, 'the name of a section, such as .text')
      .optional()
      .meta({ description: 'the section that is measured' }),
    bytes: z.int().min(0).optional().meta({ description: 'its size' }),
    base: z
      .enum(['smaller', 'notLarger', 'same'])
      .optional()
      .meta({ description: "how it compares with the base's" }),
  })
  .refine(
    (one) => (one.struct === undefined) !== (one.section === undefined),
    'give either struct or section',
  )
  .refine((one) => (one.bytes === undefined) !== (one.base === undefined), 'give either bytes or base');

const checkpatch = z.strictObject({
  files: z
    .array(treePath)
    .min(1)
    .max(100)
    .optional()
    .meta({ description: 'files of the tree; without it each patch of the arm is checked' }),
  strict: z.boolean().default(false).meta({ description: 'with --strict, so that CHECK counts as well' }),
  types: z.array(style).min(1).optional().meta({ description: 'no other types count' }),
  ignore: z.array(style).min(1).optional().meta({ description: 'types that do not count' }),
  atMost: z.int().min(0).max(999_999).default(0).meta({ description: 'how many reports there may be' }),
});

const compile = z.strictObject({
  paths: z
    .array(treePath)
    .min(1)
    .max(100)
    .meta({ description: 'directories, with a slash at the end, and objects that are compiled' }),
  extraWarnings: z
    .string()
    .regex(/^[123]{1,3}$/, 'the digits of W=, such as 1')
    .optional()
    .meta({ description: 'the value of W=' }),
  sparse: z.boolean().default(false).meta({ description: 'sparse reads each file as well' }),
});

const KINDS = ['grep', 'size', 'checkpatch', 'compile'] as const;

/** One static check, as it is written. */
export const writtenStaticCheck = z
  .strictObject({
    label: formed(new RegExp(`^[^${INVISIBLE}]+$`), 'one line', LONGEST_LABEL)
      .optional()
      .meta({ description: 'what reports and signatures call the check' }),
    grep: grep.optional().meta({ description: 'counts lines of the source that match a pattern' }),
    size: size.optional().meta({ description: 'measures a struct or a section of a module' }),
    checkpatch: checkpatch.optional().meta({ description: "runs the tree's own checkpatch.pl" }),
    compile: compile
      .optional()
      .meta({ description: 'compiles a part of the tree alone: there is no warning that the base has not' }),
  })
  .refine(
    (one) => KINDS.filter((kind) => one[kind] !== undefined).length === 1,
    `a check does exactly one thing: ${KINDS.join(', ')}`,
  )
  .meta({ oneOf: KINDS.map((kind) => ({ required: [kind] })) });

type WrittenStaticCheck = z.output<typeof writtenStaticCheck>;

const label = z.string().min(1);

/** The settled form of a static check. */
export const settledStaticCheck = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('grep'), label, body: grep }),
  z.strictObject({ kind: z.literal('size'), label, body: size }),
  z.strictObject({ kind: z.literal('checkpatch'), label, body: checkpatch }),
  z.strictObject({ kind: z.literal('compile'), label, body: compile }),
]);

/** A static check that can be performed. */
export type StaticCheck = z.output<typeof settledStaticCheck>;

/** Settles one check. The schema has made sure that there is exactly one kind. */
export function settleStaticCheck(written: WrittenStaticCheck): StaticCheck {
  const named = (text: string) => (written.label ?? text).slice(0, LONGEST_LABEL);
  if (written.grep) return { kind: 'grep', label: named(`grep ${written.grep.pattern}`), body: written.grep };
  if (written.size) {
    const { struct, section, module } = written.size;
    const what = struct === undefined ? section : `struct ${struct}`;
    return { kind: 'size', label: named(`size of ${what} in ${module}`), body: written.size };
  }
  if (written.checkpatch) {
    const on = written.checkpatch.files?.join(' ') ?? 'each patch';
    return { kind: 'checkpatch', label: named(`checkpatch ${on}`), body: written.checkpatch };
  }
  if (!written.compile) throw new TypeError('a static check without a kind');
  return {
    kind: 'compile',
    label: named(`compile ${written.compile.paths.join(' ')}`),
    body: written.compile,
  };
}
