// SPDX-License-Identifier: MIT
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { digestFile } from '../host/index.ts';
import { ARCHITECTURES, type Kernel } from '../model/index.ts';
import {
  type Artifact,
  type ArtifactStore,
  isDigest,
  openArtifactStore,
  openOutputFiles,
  readArtifact,
} from '../store/index.ts';
import { describeDependencies, readModuleOrder } from './module-dependencies.ts';

const diagnosticSchema = z.strictObject({
  severity: z.enum(['warning', 'error']),
  file: z.string(),
  line: z.number().nullable(),
  column: z.number().nullable(),
  message: z.string(),
  option: z.string().nullable(),
  patch: z.number().nullable(),
});

const metaSchema = z.strictObject({
  kernel: z.strictObject({
    digest: z.string(),
    name: z.string(),
    arch: z.enum(ARCHITECTURES),
    release: z.string(),
    bootDigest: z.string(),
    compiler: z.string(),
    commit: z.string(),
    source: z.string(),
  }),
  diagnostics: z.array(diagnosticSchema),
  /** The source files whose diagnostics are known: those that were compiled when the diagnostics were collected. */
  compiled: z.union([z.literal('all'), z.array(z.string())]),
  /** What the build was kept from. Kernels that were stored by an earlier version lack it. */
  notes: z.array(z.string()).optional(),
  /** What became of files that a series touched. Kernels that were stored by an earlier version lack it. */
  files: z.record(z.string(), z.enum(['compiled', 'notCompiled', 'absent'])).optional(),
});

export type KernelMeta = z.infer<typeof metaSchema>;

function parseMeta(value: unknown): KernelMeta | null {
  const result = metaSchema.safeParse(value);
  return result.success ? result.data : null;
}

/** The built kernels in a cache directory. */
export function openKernelStore(
  cacheDirectory: string,
  onNote?: (text: string) => void,
): ArtifactStore<KernelMeta> {
  return openArtifactStore({ directory: join(cacheDirectory, 'kernels'), parse: parseMeta, onNote });
}

export interface KernelOutput {
  /** The directory that make built into. */
  readonly output: string;
  /** The boot image, relative to the output. */
  readonly bootImage: string;
  readonly modules: boolean;
}

/** Stores what make built, with the modules' dependencies beside the modules. */
export async function storeKernel(
  store: ArtifactStore<KernelMeta>,
  built: KernelOutput,
  kernel: Omit<KernelMeta['kernel'], 'release' | 'bootDigest'>,
  found: Pick<KernelMeta, 'diagnostics' | 'compiled' | 'notes' | 'files'>,
): Promise<Artifact<KernelMeta>> {
  const { output } = built;
  const files = await openOutputFiles(output);
  const artifact = await store.put(kernel.digest, async (directory, final) => {
    const put = (from: string, to: string) => files.put(from, join(directory, to), join(final, to));
    await put(built.bootImage, 'boot');
    await put('vmlinux', 'vmlinux');
    await put('.config', 'config');
    await mkdir(join(directory, 'modules'));
    const modules = built.modules ? await readModuleOrder(output) : [];
    for (const path of modules) await put(path, `modules/${path}`);
    await writeFile(join(directory, 'modules/modules.dep'), await describeDependencies(output, modules));
    const release = (await readFile(join(output, 'include/config/kernel.release'), 'utf8')).trim();
    return {
      kernel: { ...kernel, release, bootDigest: await digestFile(join(directory, 'boot')) },
      ...found,
    };
  });
  await files.close();
  return artifact;
}

/** A stored kernel with its files. */
export function toKernel({ directory, meta }: Artifact<KernelMeta>): Kernel {
  return {
    ...meta.kernel,
    bootImage: join(directory, 'boot'),
    vmlinux: join(directory, 'vmlinux'),
    modules: join(directory, 'modules'),
    config: join(directory, 'config'),
  };
}

/** The kernel with this digest in the cache, or null. */
export async function findStoredKernel(cacheDirectory: string, digest: string): Promise<Kernel | null> {
  if (!isDigest(digest)) return null;
  const reading = await readArtifact(join(cacheDirectory, 'kernels', digest), parseMeta, digest);
  return reading.kind === 'whole' ? toKernel(reading.artifact) : null;
}

/** The kernel that was stored in a directory of the cache; null when the directory is of another kind, or truncated. */
export async function readStoredKernel(directory: string): Promise<Kernel | null> {
  const reading = await readArtifact(directory, parseMeta);
  return reading.kind === 'whole' ? toKernel(reading.artifact) : null;
}
