// SPDX-License-Identifier: MIT
import { dirname, resolve } from 'node:path';
import type { z } from 'zod';
import { faultOf, readYaml, type Source } from '../document/index.ts';
import { readInput } from '../host/index.ts';
import { type Architecture, DEFAULT_LIMITS, Fault, type Limits, requireWithin } from '../model/index.ts';
import { requireSourceTree, requireTarball } from './archive-source.ts';
import { collectFaults } from './collect-faults.ts';
import {
  type Fragment,
  findShippedFragment,
  isShippedName,
  isTreeName,
  treeFragment,
} from './config-fragment.ts';
import { type ConfigLayer, isFile, layConfig } from './config-layer.ts';
import { type KernelSource, kernelDefinitionSchema } from './definition-schema.ts';
import { findDefinition } from './find-definition.ts';
import { isTarballAddress } from './form.ts';
import { parseOption, readFragment, readWholeConfig } from './fragment.ts';
import { expandPatches, requirePatch } from './patch-file.ts';

/** What a kernel's configuration is made of: a base, and fragments and options on top. */
export interface KernelConfig extends ConfigLayer {
  /** The target of make that makes what the fragments are put on top of, where there is no `file`. */
  readonly base: string;
}

/** A kernel definition whose names are resolved and whose files were read. */
export interface KernelDefinition {
  readonly name: string;
  readonly description: string;
  readonly arch: Architecture;
  readonly source: KernelSource;
  readonly config: KernelConfig;
  /** `gcc`, `llvm` or `llvm-VERSION`. */
  readonly toolchain: string;
  /** Absolute paths of files. */
  readonly patches: readonly string[];
  readonly modules: boolean;
  /** The file of the definition; null for one that ktrial made. */
  readonly path: string | null;
}

export interface DefinitionOptions {
  readonly limits?: Limits | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** One file of a chain of definitions that extend each other. */
interface Link {
  readonly path: string;
  readonly value: z.infer<typeof kernelDefinitionSchema>;
  readonly source: Source;
}

/**
 * Reads `kernels/NAME.yaml`, or a file by its path, the definitions that it extends, and every file on this computer that
 * they name. Faults, all of the request: `KERNEL_UNKNOWN`, `KERNEL_EXTENDS_ITSELF`, those of the YAML and of `readInput`,
 * `findShippedFragment`, `readFragment`, `expandPatches` and `requirePatch`, `KERNEL_NO_SOURCE`. The details name each
 * further problem.
 */
export async function readKernelDefinition(
  nameOrPath: string,
  kernelsDirectory: string,
  options: DefinitionOptions = {},
): Promise<KernelDefinition> {
  const path = await findDefinition(nameOrPath, kernelsDirectory);
  const chain = await readChain(path, kernelsDirectory, options);
  const own = <Key extends keyof Link['value']>(key: Key) =>
    chain.map(({ value }) => value[key]).find((value) => value !== undefined);
  const arch = own('arch') ?? 'x86_64';
  const faults = collectFaults();
  let config: KernelConfig = { base: 'allnoconfig', file: null, fragments: [], options: {} };
  let patches: string[] = [];
  let source: KernelSource | null = null;
  for (const link of chain.toReversed()) {
    const layer = await readLayer(link, { ...options, arch, kernelsDirectory, faults });
    const base = link.value.config?.base;
    config = await layConfig(base === undefined ? config : { ...config, base, file: null }, layer, options);
    if (link.value.source !== undefined) {
      const found = link.value.source as KernelSource;
      source = found;
      await faults.try(link.source, ['source'], () => lookAtSource(found));
      // Patches are for the source that they were written for.
      patches = [];
    }
    patches = await readPatches(link, patches, { ...options, faults });
  }
  faults.finish();
  return {
    name: chain[0]?.value.name ?? '',
    description: own('description') ?? '',
    arch,
    // The last of a chain extends nothing, and has one.
    source: source as unknown as KernelSource,
    config,
    toolchain: own('toolchain') ?? 'gcc',
    patches,
    modules: own('modules') ?? true,
    path,
  };
}

/** A definition, then the one that it extends, and so on. */
async function readChain(
  first: string,
  kernelsDirectory: string,
  options: DefinitionOptions,
): Promise<Link[]> {
  const chain: Link[] = [];
  for (let path: string | null = first; path !== null; ) {
    const link = await readLink(path, options);
    chain.push(link);
    const { value, source } = link;
    const above = value.extends;
    path = null;
    if (above === undefined) continue;
    const faults = collectFaults();
    await faults.try(source, ['extends'], async () => {
      const next = await findDefinition(above, kernelsDirectory, dirname(link.path));
      const ring = chain.findIndex((one) => one.path === next);
      if (ring >= 0) throw ringFault([...chain.slice(ring).map((one) => one.path), next]);
      path = next;
    });
    faults.finish();
  }
  return chain;
}

async function readLink(path: string, { limits = DEFAULT_LIMITS, signal }: DefinitionOptions): Promise<Link> {
  const bytes = await readInput(path, {
    what: 'kernel definition',
    limitBytes: limits['document-kib'] * 1024,
    raise: `--limit document-kib=${2 * limits['document-kib']}`,
    signal,
  });
  const result = readYaml(bytes, path, kernelDefinitionSchema, { limits });
  if (!result.ok) throw faultOf(result.diagnostics, path, 'request');
  return { path, value: result.value, source: result.source };
}

function ringFault(ring: readonly string[]): Fault {
  return new Fault({
    blame: 'request',
    code: 'KERNEL_EXTENDS_ITSELF',
    message: `the kernel definition extends itself: ${ring.join(' → ')}`,
    next: 'remove extends: from one of them',
  });
}

interface Reading extends DefinitionOptions {
  readonly faults: ReturnType<typeof collectFaults>;
}

/** The configuration that one file adds. */
async function readLayer(
  { path, value, source }: Link,
  reading: Reading & { readonly arch: Architecture; readonly kernelsDirectory: string },
): Promise<ConfigLayer> {
  const { faults, arch, kernelsDirectory } = reading;
  const config = value.config ?? { fragments: [], options: {} };
  const locate = (file: string) => resolve(dirname(path), file);
  const fragments: Fragment[] = [];
  const options: Record<string, string> = {};
  const places: Record<string, { readonly file: string; readonly line: number }> = {};
  for (const [index, name] of config.fragments.entries())
    await faults.try(source, ['config', 'fragments', index], async () => {
      const found = isShippedName(name)
        ? await findShippedFragment(name, arch, kernelsDirectory)
        : isTreeName(name)
          ? [treeFragment(name)]
          : [{ path: locate(name), name: null }];
      for (const one of found.filter(isFile)) await readFragment(one.path, reading);
      fragments.push(...found);
    });
  for (const [name, text] of Object.entries(config.options)) {
    const place = ['config', 'options', name];
    await faults.try(source, place, async () => {
      options[name] = parseOption(`${name}=${text}`, 'config.options:').value;
      places[name] = { file: path, line: source.span(place).line };
    });
  }
  const { file } = config;
  if (file !== undefined)
    await faults.try(source, ['config', 'file'], () => readWholeConfig(locate(file), reading));
  return { file: file === undefined ? null : locate(file), fragments, options, places };
}

/** The patch files so far, and those of one more file. */
async function readPatches(
  { path, value, source }: Link,
  before: readonly string[],
  { faults, limits = DEFAULT_LIMITS, signal }: Reading,
): Promise<string[]> {
  const patches = [...before];
  for (const [index, entry] of value.patches.entries())
    await faults.try(source, ['patches', index], async () => {
      const files = await expandPatches(resolve(dirname(path), entry));
      requireWithin(limits, 'patches', patches.length + files.length, path);
      for (const file of files) await requirePatch(file, { limits, signal });
      patches.push(...files);
    });
  return patches;
}

/** What can be known of a source without fetching it: whether what is on this computer is there. */
async function lookAtSource(source: KernelSource): Promise<void> {
  if ('directory' in source) await requireSourceTree(resolve(source.directory));
  if ('tarball' in source && !isTarballAddress(source.tarball.location))
    await requireTarball(resolve(source.tarball.location));
}
