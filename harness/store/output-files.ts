// SPDX-License-Identifier: MIT
import { constants } from 'node:fs';
import { copyFile, link, mkdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../host/index.ts';

/** Where a file of the output directory was stored, and its state then. */
interface StoredFile {
  readonly mtimeMs: number;
  readonly size: number;
  readonly path: string;
}

/** Copies files of a build's output directory into artifacts. What make has not written since is linked, not copied. */
export interface OutputFiles {
  /** `to` may be in a directory that is renamed later; `finalPath` is the file's path then. */
  put(from: string, to: string, finalPath: string): Promise<void>;
  /** Writes down what is stored where, for the next build in the same output directory. */
  close(): Promise<void>;
}

/** Opens an output directory. What was stored from it is written down beside it. */
export async function openOutputFiles(output: string): Promise<OutputFiles> {
  const memory = join(dirname(output), 'stored.json');
  const stored = await readMemory(memory);
  return {
    async put(from, to, finalPath) {
      const source = join(output, from);
      const { mtimeMs, size } = await stat(source);
      const known = stored.get(from);
      await mkdir(dirname(to), { recursive: true });
      if (known?.mtimeMs === mtimeMs && known.size === size && (await linkFile(known, to))) return;
      await copyFile(source, to, constants.COPYFILE_FICLONE);
      stored.set(from, { mtimeMs, size, path: finalPath });
    },
    close: () => writeFileAtomic(memory, `${JSON.stringify(Object.fromEntries(stored))}\n`),
  };
}

/** False when the stored file is gone, or is not as long as it was. */
async function linkFile(known: StoredFile, to: string): Promise<boolean> {
  const there = await stat(known.path).catch(() => null);
  if (there?.size !== known.size) return false;
  return link(known.path, to).then(
    () => true,
    () => false,
  );
}

/** What cannot be read is left out: those files are copied once more. */
async function readMemory(path: string): Promise<Map<string, StoredFile>> {
  const stored = new Map<string, StoredFile>();
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    for (const [from, file] of Object.entries((value ?? {}) as Record<string, StoredFile | null>))
      if (typeof file?.path === 'string') stored.set(from, file);
  } catch {
    // Nothing was stored yet, or the file is truncated.
  }
  return stored;
}
