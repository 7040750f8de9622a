// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { z } from 'zod';
import type { Image } from '../model/index.ts';
import {
  type Artifact,
  type ArtifactStore,
  isDigest,
  openArtifactStore,
  readArtifact,
} from '../store/index.ts';

/** The file of an artifact: the root file system of a machine or of an L2, or an L2's saved state and console. */
export const ROOT_FILE = {
  image: 'root.squashfs',
  l2: 'root.cpio',
  state: 'vm.state',
  console: 'vm.console',
} as const;

const metaSchema = z.strictObject({ name: z.string() });
type ImageMeta = z.infer<typeof metaSchema>;

function parseMeta(value: unknown): ImageMeta | null {
  const result = metaSchema.safeParse(value);
  return result.success ? result.data : null;
}

/** The baked root file systems in a cache directory. */
export function openImageStore(
  cacheDirectory: string,
  onNote?: (text: string) => void,
): ArtifactStore<ImageMeta> {
  return openArtifactStore({ directory: join(cacheDirectory, 'images'), parse: parseMeta, onNote });
}

/** A stored image with its file. */
export function toImage({ digest, directory, meta }: Artifact<ImageMeta>): Image {
  return { digest, name: meta.name, rootPath: join(directory, ROOT_FILE.image) };
}

/** The image with this digest in the cache, or null. */
export async function findStoredImage(cacheDirectory: string, digest: string): Promise<Image | null> {
  if (!isDigest(digest)) return null;
  const reading = await readArtifact(join(cacheDirectory, 'images', digest), parseMeta, digest);
  return reading.kind === 'whole' ? toImage(reading.artifact) : null;
}
