// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { DEBIAN_FORMS } from '../debian/index.ts';
import { ARCHITECTURES } from '../model/index.ts';
import { formed, isRefName, isRepository, isTarballLocation, pathText } from './form.ts';
import { TOOLCHAIN } from './toolchain.ts';

function debianText(kind: keyof typeof DEBIAN_FORMS) {
  return formed(DEBIAN_FORMS[kind].pattern, DEBIAN_FORMS[kind].expected);
}

/** A text that passes a check, else `got …, expected …`. */
function checked(check: (text: string) => boolean, expected: string) {
  return z.string().refine(check, {
    error: (issue) => `got ${JSON.stringify(String(issue.input).slice(0, 80))}, expected ${expected}`,
    params: { code: 'WRONG_FORM' },
  });
}

const debianSource = z.strictObject({
  package: debianText('package').describe('binary package with the source, such as linux-source-5.10'),
  version: debianText('version').optional().describe('exact version; the newest of the suite when absent'),
  suite: debianText('suite').describe('such as bullseye'),
});
const tarballSource = z.strictObject({
  location: checked(isTarballLocation, 'a path, or an address that begins with http:// or https://').describe(
    'a path, or an http(s) address',
  ),
  sha256: formed(/^[0-9a-f]{64}$/, '64 hex digits'),
});
const gitSource = z.strictObject({
  repository: checked(
    isRepository,
    'a path, user@host:path, or an address that begins with https://, http://, ssh://, git:// or file://',
  ).describe('a path or an address; a path is only read'),
  ref: checked(isRefName, 'a branch, tag or commit, such as v6.1').describe('a branch, tag or commit'),
});

/** Targets of make that make the same configuration each time and ask nobody, and those of `arch/x86/configs`. */
const CONFIG_BASES = [
  'allnoconfig',
  'tinyconfig',
  'alldefconfig',
  'allmodconfig',
  'allyesconfig',
  'defconfig',
];
const configBase = checked(
  (text) => CONFIG_BASES.includes(text) || /^[A-Za-z0-9][A-Za-z0-9_-]{0,80}_defconfig$/.test(text),
  `one of ${CONFIG_BASES.join(', ')}, or a NAME_defconfig of the source: others ask questions, or differ each time`,
);

const SOURCES = ['debian', 'tarball', 'git', 'directory'];

/** `CONFIG_NAME`, as in a `.config`. */
const optionName = formed(/^CONFIG_[A-Za-z0-9_]{1,120}$/, 'the name of an option, such as CONFIG_ZRAM');
/** What YAML makes of y, m, n, a number or a text. */
const optionValue = z.union([z.string(), z.number(), z.boolean()]);

/** The shape of `kernels/*.yaml`. */
export const kernelDefinitionSchema = z
  .strictObject({
    name: formed(/^[a-z0-9][a-z0-9.-]{0,63}$/, 'at most 64 lower-case letters, digits, dots and dashes'),
    description: z.string().optional(),
    extends: z
      .union([
        formed(/^[a-z0-9][a-z0-9.-]{0,63}$/, 'the name or path of a kernel definition'),
        pathText('a kernel definition'),
      ])
      .optional()
      .describe(
        'a kernel definition that this one goes on from: a name in kernels/, or a path relative to this file',
      ),
    arch: z.enum(ARCHITECTURES).optional(),
    source: z
      .strictObject({
        debian: debianSource.optional(),
        tarball: tarballSource.optional(),
        git: gitSource.optional(),
        directory: pathText('a kernel source tree')
          .optional()
          .describe('a kernel source tree; it is only read'),
      })
      .refine((source) => Object.keys(source).length === 1, {
        error: (issue) =>
          `got ${Object.keys(issue.input as object).join(' and ') || 'none'}, expected one source: ${SOURCES.join(', ')}`,
      })
      .optional(),
    config: z
      .strictObject({
        base: configBase.optional(),
        file: pathText('a whole .config')
          .optional()
          .describe('a whole .config that is taken instead of base, relative to this file'),
        fragments: z
          .array(pathText('a config fragment'))
          .default([])
          .describe('fragments: names as in ktrial/machine, or files relative to this file'),
        options: z
          .record(optionName, optionValue)
          .default({})
          .describe('single options, on top of all fragments'),
      })
      .refine((config) => config.base === undefined || config.file === undefined, {
        error: 'got base and file, expected one of them: what the fragments are put on top of',
      })
      .optional(),
    toolchain: formed(TOOLCHAIN, 'gcc, llvm or llvm-VERSION').optional(),
    patches: z
      .array(pathText('a patch'))
      .default([])
      .describe(
        'patch files, mailboxes or directories of patches, relative to this file, applied before any series',
      ),
    modules: z.boolean().optional().describe('whether to build modules'),
  })
  .refine((one) => one.extends !== undefined || one.source !== undefined, {
    error: `got none, expected one source: ${SOURCES.join(', ')}; or extends: with a definition that has one`,
    path: ['source'],
  })
  .refine((one) => one.extends !== undefined || one.config !== undefined, {
    error: 'got none, expected config:, such as {fragments: [ktrial/machine]}; or extends:',
    path: ['config'],
  });

/** The one source of a definition. */
export type KernelSource =
  | { readonly debian: z.infer<typeof debianSource> }
  | { readonly tarball: z.infer<typeof tarballSource> }
  | { readonly git: z.infer<typeof gitSource> }
  | { readonly directory: string };
