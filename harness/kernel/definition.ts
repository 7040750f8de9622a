// SPDX-License-Identifier: MIT
import { readdir, readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';
import { faultOf, readYaml } from '../document/index.ts';
import { exists } from '../host/index.ts';
import { Fault } from '../model/index.ts';

const debianSource = z.strictObject({
  debian: z.strictObject({
    package: z.string().describe('binary package with the source, such as linux-source-5.10'),
    version: z.string().optional().describe('exact version; the newest of the suite when absent'),
    suite: z.string().describe('such as bullseye'),
  }),
});
const tarballSource = z.strictObject({
  tarball: z.strictObject({
    location: z.string().describe('a path, or an http(s) address'),
    sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits'),
  }),
});
const gitSource = z.strictObject({
  git: z.strictObject({
    repository: z.string().describe('a path or an address; a path is only read'),
    ref: z.string().describe('a branch, tag or commit'),
  }),
});
const directorySource = z.strictObject({
  directory: z.string().describe('a kernel source tree; it is only read'),
});

/** The shape of `kernels/*.yaml`. */
export const kernelDefinitionSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/, 'lower-case letters, digits, dots and dashes'),
  description: z.string(),
  arch: z.literal('x86_64').default('x86_64'),
  source: z.union([debianSource, tarballSource, gitSource, directorySource]),
  config: z.strictObject({
    base: z
      .string()
      .regex(
        /^[a-z0-9_]*config$/,
        'a make target that ends in config, such as allnoconfig or x86_64_defconfig',
      )
      .default('allnoconfig'),
    fragments: z.array(z.string()).min(1).describe('fragment files, relative to this file'),
  }),
  patches: z
    .array(z.string())
    .default([])
    .describe(
      'patch files, mailboxes or directories of patches, relative to this file, applied before any series',
    ),
  modules: z.boolean().default(true).describe('whether to build modules'),
});

export type KernelSource = z.infer<typeof kernelDefinitionSchema>['source'];

/** A kernel definition whose fragments and patches are absolute paths that exist. */
export interface KernelDefinition extends z.infer<typeof kernelDefinitionSchema> {
  /** The file of the definition. */
  readonly path: string;
}

/** Reads `kernels/NAME.yaml`, or a file by its path. Faults: `KERNEL_UNKNOWN`, `KERNEL_FILE_MISSING`, and those of the YAML. */
export async function readKernelDefinition(
  nameOrPath: string,
  kernelsDirectory: string,
): Promise<KernelDefinition> {
  const path = await findDefinition(nameOrPath, kernelsDirectory);
  const result = readYaml(await readFile(path), path, kernelDefinitionSchema);
  if (!result.ok) throw faultOf(result.diagnostics, path, 'request');
  const here = dirname(path);
  const fragments = await Promise.all(
    result.value.config.fragments.map((file) => findFile(file, here, path)),
  );
  const patches: string[] = [];
  for (const entry of result.value.patches)
    patches.push(...(await expandPatches(await findFile(entry, here, path))));
  return { ...result.value, config: { ...result.value.config, fragments }, patches, path };
}

async function findDefinition(nameOrPath: string, kernelsDirectory: string): Promise<string> {
  const candidates = /[/.]/.test(nameOrPath) ? [resolve(nameOrPath)] : [];
  candidates.push(join(kernelsDirectory, `${nameOrPath}.yaml`));
  for (const candidate of candidates) if (await exists(candidate)) return candidate;
  const names = (await readdir(kernelsDirectory))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => name.slice(0, -5));
  throw new Fault({
    blame: 'request',
    code: 'KERNEL_UNKNOWN',
    message: `there is no kernel definition ${nameOrPath}`,
    next: `use one of: ${names.sort().join(', ')}, or the path of a file like kernels/${names[0] ?? 'x'}.yaml`,
  });
}

async function findFile(file: string, directory: string, definition: string): Promise<string> {
  const path = isAbsolute(file) ? file : join(directory, file);
  if (await exists(path)) return path;
  throw new Fault({
    blame: 'request',
    code: 'KERNEL_FILE_MISSING',
    message: `${definition} names ${file}, but there is no ${path}`,
    next: 'paths in a kernel definition are relative to its file',
  });
}

async function expandPatches(path: string): Promise<string[]> {
  const names = await readdir(path).catch(() => null);
  if (names === null) return [path];
  return names
    .filter((name) => name.endsWith('.patch') || name.endsWith('.mbox'))
    .sort()
    .map((name) => join(path, name));
}
