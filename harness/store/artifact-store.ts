// SPDX-License-Identifier: MIT
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectoryAtomic, takeLock } from '../host/index.ts';
import { Fault } from '../model/index.ts';
import { type Artifact, describeArtifact, isDigest, readArtifact, writeManifest } from './manifest.ts';

export interface StoreOptions<Meta> {
  readonly directory: string;
  /** Checks what the maker of an artifact wrote down about it; null when it is not of the expected form. */
  readonly parse: (value: unknown) => Meta | null;
  /** Called with a sentence when an artifact is discarded. */
  readonly onNote?: ((text: string) => void) | undefined;
}

/** Artifacts of one kind, by digest. Several processes may use the same directory at once. */
export interface ArtifactStore<Meta> {
  /** The artifact, or null. One that is truncated or of another form is discarded, so that it is made again. */
  get(digest: string): Promise<Artifact<Meta> | null>;
  /**
   * Makes an artifact: `fill` writes its files into `directory`, which becomes `finalDirectory`, and returns what is to be
   * written down about it. When another process was first, its artifact is returned.
   */
  put(
    digest: string,
    fill: (directory: string, finalDirectory: string) => Promise<Meta>,
  ): Promise<Artifact<Meta>>;
  /** Replaces what is written down about an artifact. */
  describe(artifact: Artifact<Meta>, meta: Meta): Promise<Artifact<Meta>>;
}

/** Opens a store; its directory need not exist yet. */
export function openArtifactStore<Meta>(options: StoreOptions<Meta>): ArtifactStore<Meta> {
  const directoryOf = (digest: string) => {
    if (isDigest(digest)) return join(options.directory, digest);
    throw new Fault({
      blame: 'lab',
      code: 'STORE_BAD_DIGEST',
      message: `got ${JSON.stringify(String(digest).slice(0, 80))}, expected the SHA-256 of an artifact in hex`,
    });
  };
  const get = async (digest: string): Promise<Artifact<Meta> | null> => {
    const reading = await readArtifact(directoryOf(digest), options.parse, digest);
    if (reading.kind === 'whole') return reading.artifact;
    if (reading.kind === 'broken') await discard(digest);
    return null;
  };
  /** Reads again under the lock: another process may have put a whole one there meanwhile. */
  const discard = async (digest: string): Promise<void> => {
    await using _lock = await takeLock(join(options.directory, 'discard.lock'));
    const reading = await readArtifact(directoryOf(digest), options.parse, digest);
    if (reading.kind !== 'broken') return;
    options.onNote?.(`discarded ${directoryOf(digest)}, it will be made again: ${reading.reason}`);
    await rm(directoryOf(digest), { recursive: true, force: true });
  };
  return {
    get,
    async put(digest, fill) {
      await makeDirectoryAtomic(directoryOf(digest), async (directory) => {
        await writeManifest(directory, digest, await fill(directory, directoryOf(digest)));
      });
      const stored = await get(digest);
      if (stored) return stored;
      throw new Fault({
        blame: 'lab',
        code: 'STORE_DAMAGED',
        message: `${directoryOf(digest)} was just written and cannot be read back`,
        next: 'check the disk',
      });
    },
    async describe(artifact, meta) {
      await describeArtifact(artifact, meta);
      return { ...artifact, meta };
    },
  };
}
