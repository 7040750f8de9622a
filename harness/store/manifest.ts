// SPDX-License-Identifier: MIT
import { lstat, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { digestFile, listFiles, writeFileAtomic } from '../host/index.ts';

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
  /** SHA-256 of each file, by its relative path. Artifacts of earlier versions have none. */
  readonly sha256?: Readonly<Record<string, string>>;
  readonly meta: unknown;
}

/** Writes the manifest of a directory whose other files are complete. */
export async function writeManifest(directory: string, digest: string, meta: unknown): Promise<void> {
  const files: Record<string, number> = {};
  const sha256: Record<string, string> = {};
  for (const path of await listFiles(directory)) {
    if (path === MANIFEST) continue;
    files[path] = (await lstat(join(directory, path))).size;
    sha256[path] = await digestFile(join(directory, path));
  }
  await saveManifest(directory, { format: FORMAT, digest, files, sha256, meta });
}

/** Replaces what the maker of an artifact wrote down about it. Its files stay what they were. */
export async function describeArtifact(artifact: Artifact<unknown>, meta: unknown): Promise<void> {
  const reading = await readManifest(artifact.directory);
  if (reading.manifest) await saveManifest(artifact.directory, { ...reading.manifest, meta });
}

function saveManifest(directory: string, manifest: Manifest): Promise<void> {
  return writeFileAtomic(join(directory, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
}

/**
 * Reads an artifact and checks it: its manifest has the right form and, with `digest`, is of that artifact; `parse` accepts
 * what its maker wrote; each file is there with its size, and a file that was written after the manifest has its content.
 * `parse` returns null for what it does not accept.
 */
export async function readArtifact<Meta>(
  directory: string,
  parse: (value: unknown) => Meta | null,
  digest?: string,
): Promise<ArtifactReading<Meta>> {
  const directoryStat = await lstat(directory).catch(() => null);
  if (!directoryStat) return { kind: 'absent' };
  if (!directoryStat.isDirectory()) return broken('it is no directory');
  const { manifest, reason, writtenMs } = await readManifest(directory);
  if (!manifest) return broken(reason);
  if (digest !== undefined && manifest.digest !== digest)
    return broken(`${MANIFEST} is that of ${manifest.digest.slice(0, 12)}`);
  const meta = parse(manifest.meta);
  if (meta === null) return broken(`${MANIFEST} does not describe it as expected`);
  for (const [path, size] of Object.entries(manifest.files)) {
    const file = await lstat(join(directory, path)).catch(() => null);
    const got = file === null ? 'no file' : file.isFile() ? `${file.size} bytes` : 'no plain file';
    if (file === null || got !== `${size} bytes`)
      return broken(`${path}: got ${got}, expected ${size} bytes`);
    const isNewer = file.mtimeMs > writtenMs;
    if (isNewer && (await digestFile(join(directory, path))) !== manifest.sha256?.[path])
      return broken(`${path} was changed: it does not have the SHA-256 that it was stored with`);
  }
  return { kind: 'whole', artifact: { digest: manifest.digest, directory, meta } };
}

function broken(reason: string): { readonly kind: 'broken'; readonly reason: string } {
  return { kind: 'broken', reason };
}

type ManifestReading =
  | { readonly manifest: Manifest; readonly reason: ''; readonly writtenMs: number }
  | { readonly manifest: null; readonly reason: string; readonly writtenMs: 0 };

async function readManifest(directory: string): Promise<ManifestReading> {
  const path = join(directory, MANIFEST);
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return { manifest: null, reason: `it has no ${MANIFEST}`, writtenMs: 0 };
  const manifest = parseManifest(text);
  if (manifest === null)
    return { manifest, reason: `${MANIFEST} is truncated or has another form`, writtenMs: 0 };
  return { manifest, reason: '', writtenMs: (await stat(path)).mtimeMs };
}

function parseManifest(text: string): Manifest | null {
  try {
    const value = JSON.parse(text) as Manifest | null;
    const isManifest =
      typeof value === 'object' &&
      value?.format === FORMAT &&
      isDigest(value.digest) &&
      typeof value.files === 'object' &&
      value.files !== null &&
      Object.entries(value.files).every(([path, size]) => isInside(path) && Number.isInteger(size)) &&
      Object.values(value.sha256 ?? {}).every(isDigest);
    return isManifest ? value : null;
  } catch {
    return null;
  }
}

/** Whether a path of a manifest stays in the artifact's directory. */
function isInside(path: string): boolean {
  return !path.startsWith('/') && !/[\0\n]/.test(path) && !path.split('/').includes('..');
}

/** Whether a value is a SHA-256 in hex: what an artifact's directory is called. */
export function isDigest(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}
