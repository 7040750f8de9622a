// SPDX-License-Identifier: MIT
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { z } from 'zod';
import { faultOf, readYaml, type Source } from '../document/index.ts';
import { exists, listInput, lookAtInput, readInput } from '../host/index.ts';
import { DEFAULT_LIMITS, Fault, isFault, type Limits, requireWithin } from '../model/index.ts';
import { requireSourceTree, requireTarball } from './archive-source.ts';
import { type KernelSource, kernelDefinitionSchema } from './definition-schema.ts';
import { isTarballAddress } from './form.ts';
import { readFragment } from './fragment.ts';
import { expandPatches, requirePatch } from './patch-file.ts';

/** A kernel definition whose fragments and patches are absolute paths of files that were read. */
export interface KernelDefinition extends Omit<z.infer<typeof kernelDefinitionSchema>, 'source'> {
  readonly source: KernelSource;
  /** The file of the definition. */
  readonly path: string;
}

export interface DefinitionOptions {
  readonly limits?: Limits | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads `kernels/NAME.yaml`, or a file by its path, and every file on this computer that it names. Faults, all of the
 * request: `KERNEL_UNKNOWN`, those of the YAML and of `readInput`, `readFragment`, `expandPatches` and `requirePatch`,
 * `KERNEL_NO_SOURCE`. The details name each further problem.
 */
export async function readKernelDefinition(
  nameOrPath: string,
  kernelsDirectory: string,
  options: DefinitionOptions = {},
): Promise<KernelDefinition> {
  const { limits = DEFAULT_LIMITS, signal } = options;
  const path = await findDefinition(nameOrPath, kernelsDirectory);
  const bytes = await readInput(path, {
    what: 'kernel definition',
    limitBytes: limits['document-kib'] * 1024,
    raise: `--limit document-kib=${2 * limits['document-kib']}`,
    signal,
  });
  const result = readYaml(bytes, path, kernelDefinitionSchema, { limits });
  if (!result.ok) throw faultOf(result.diagnostics, path, 'request');
  const definition = { ...result.value, source: result.value.source as KernelSource };
  const here = dirname(path);
  const find = (file: string) => (isAbsolute(file) ? file : join(here, file));
  const collector = collectFaults(result.source);
  const fragments = definition.config.fragments.map(find);
  for (const [index, file] of fragments.entries())
    await collector.try(['config', 'fragments', index], () => readFragment(file, { limits, signal }));
  const patches: string[] = [];
  for (const [index, entry] of definition.patches.entries())
    await collector.try(['patches', index], async () => {
      const files = await expandPatches(find(entry));
      requireWithin(limits, 'patches', patches.length + files.length, path);
      for (const file of files) await requirePatch(file, { limits, signal });
      patches.push(...files);
    });
  await collector.try(['source'], () => lookAtSource(definition.source));
  collector.finish();
  return { ...definition, config: { ...definition.config, fragments }, patches, path };
}

/** What can be known of a source without fetching it: whether what is on this computer is there. */
async function lookAtSource(source: KernelSource): Promise<void> {
  if ('directory' in source) await requireSourceTree(resolve(source.directory));
  if ('tarball' in source && !isTarballAddress(source.tarball.location))
    await requireTarball(resolve(source.tarball.location));
}

/** Runs checks of the files that a document names; throws what they found at the end, all in one Fault. */
function collectFaults(source: Source) {
  const found: Fault[] = [];
  return {
    async try(path: readonly (string | number)[], check: () => Promise<unknown>): Promise<void> {
      try {
        await check();
      } catch (cause) {
        if (!isFault(cause) || cause.blame !== 'request' || cause.code === 'HOST_INTERRUPTED') throw cause;
        found.push(placeFault(cause, source.span(path)));
      }
    },
    finish(): void {
      const [first, ...others] = found;
      if (!first) return;
      if (others.length === 0) throw first;
      throw new Fault({
        ...optionsOf(first),
        message: `${first.message} (and ${others.length} more)`,
        details: found.flatMap((one) => [one.message, ...one.details.map((line) => `  ${line}`)]),
      });
    },
  };
}

/** A Fault about a file with the place in the document that names the file. */
function placeFault(fault: Fault, span: NonNullable<Fault['span']>): Fault {
  return new Fault({
    ...optionsOf(fault),
    message: `${span.file}:${span.line}: ${fault.message}`,
    span: fault.span ?? span,
  });
}

function optionsOf({ blame, code, message, next, details, span, cause }: Fault) {
  return {
    blame,
    code,
    message,
    details,
    cause,
    ...(next === undefined ? {} : { next }),
    ...(span === undefined ? {} : { span }),
  };
}

/** A name of `kernels/`, or a path: what contains a slash or has the ending of a YAML file. */
async function findDefinition(nameOrPath: string, kernelsDirectory: string): Promise<string> {
  if (!/\p{Cc}/u.test(nameOrPath)) {
    const shipped = join(kernelsDirectory, `${nameOrPath}.yaml`);
    const isName = /^[a-z0-9][a-z0-9.-]*$/i.test(nameOrPath);
    if (isName && nameOrPath.length < 200 && (await exists(shipped))) return shipped;
    if (/\/|\.ya?ml$/.test(nameOrPath) || (isName && (await exists(resolve(nameOrPath))))) {
      await lookAtInput(resolve(nameOrPath), 'kernel definition');
      return resolve(nameOrPath);
    }
  }
  const names = (await listInput(kernelsDirectory, 'directory of kernel definitions'))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => name.slice(0, -5));
  throw new Fault({
    blame: 'request',
    code: 'KERNEL_UNKNOWN',
    message: `there is no kernel definition ${nameOrPath.length > 100 ? `${nameOrPath.slice(0, 100)}…` : nameOrPath || '"" (the name is empty)'}`,
    next: `use one of: ${names.join(', ')}, or the path of a file like kernels/${names[0] ?? 'x'}.yaml`,
  });
}
