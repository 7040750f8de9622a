// SPDX-License-Identifier: MIT
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { listFiles, writeFileAtomic } from '../host/index.ts';

const MANIFEST = 'manifest.json';
const FORMAT = 1;

/** An artifact in the store: a directory of files, and what its maker wrote down about it. */
export interface Artifact<Meta> {
  readonly digest: string;
  readonly directory: string;
  readonly meta: Meta;
}

/** What is in a directory of the store: an artifact, nothing, or one that cannot be used, with the reason. */
export type ArtifactReading<Meta> =
  | { readonly kind: 'whole'; readonly artifact: Artifact<Meta> }
  | { readonly kind: 'absent' }
  | { readonly kind: 'broken'; readonly reason: string };

interface Manifest {
  readonly format: typeof FORMAT;
  readonly digest: string;
  /** Size of each file in bytes, by its relative path. */
  readonly files: Readonly<Record<string, number>>;
  readonly meta: unknown;
}

/** Writes the manifest of a directory whose other files are complete. */
export async function writeManifest(directory: string, digest: string, meta: unknown): Promise<void> {
  const files: Record<string, number> = {};
  for (const path of await listFiles(directory))
    if (path !== MANIFEST) files[path] = (await stat(join(directory, path))).size;
  const manifest: Manifest = { format: FORMAT, digest, files, meta };
  await writeFileAtomic(join(directory, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
}

/**
 * Reads an artifact and checks it: its manifest has the right form, `parse` accepts what its maker wrote, and each file
 * is there with its size. `parse` returns null for what it does not accept.
 */
export async function readArtifact<Meta>(
  directory: string,
  parse: (value: unknown) => Meta | null,
): Promise<ArtifactReading<Meta>> {
  const directoryStat = await stat(directory).catch(() => null);
  if (!directoryStat?.isDirectory()) return { kind: 'absent' };
  const text = await readFile(join(directory, MANIFEST), 'utf8').catch(() => null);
  if (text === null) return broken(`it has no ${MANIFEST}`);
  const manifest = parseManifest(text);
  if (manifest === null) return broken(`${MANIFEST} is truncated or has another form`);
  const meta = parse(manifest.meta);
  if (meta === null) return broken(`${MANIFEST} does not describe it as expected`);
  for (const [path, size] of Object.entries(manifest.files)) {
    const got = await stat(join(directory, path)).then(
      (file) => `${file.size} bytes`,
      () => 'no file',
    );
    if (got !== `${size} bytes`) return broken(`${path}: got ${got}, expected ${size} bytes`);
  }
  return { kind: 'whole', artifact: { digest: manifest.digest, directory, meta } };
}

function broken(reason: string): { readonly kind: 'broken'; readonly reason: string } {
  return { kind: 'broken', reason };
}

function parseManifest(text: string): Manifest | null {
  try {
    const value = JSON.parse(text) as Manifest | null;
    const isManifest =
      typeof value === 'object' &&
      value?.format === FORMAT &&
      typeof value.digest === 'string' &&
      typeof value.files === 'object' &&
      value.files !== null &&
      Object.values(value.files).every((size) => typeof size === 'number');
    return isManifest ? value : null;
  } catch {
    return null;
  }
}
