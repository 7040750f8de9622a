// SPDX-License-Identifier: MIT
import { constants } from 'node:fs';
import { copyFile, link, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Where a file of the output directory was stored, and how it looked then. */
interface Stored {
  readonly mtimeMs: number;
  readonly size: number;
  readonly path: string;
}

/** Puts files of an output directory into stores. A file that make left alone since it was stored is linked, not copied. */
export interface Artifacts {
  /** `to` may be in a directory that is renamed later; `finalPath` is where the file will be then. */
  put(from: string, to: string, finalPath: string): Promise<void>;
  /** Writes down what is stored where, for the next build in the same output directory. */
  close(): Promise<void>;
}

/** Opens the artifacts of an output directory; what it remembers lies beside it. */
export async function openArtifacts(output: string): Promise<Artifacts> {
  const memory = join(dirname(output), 'stored.json');
  const stored = await readMemory(memory);
  return {
    async put(from, to, finalPath) {
      const source = join(output, from);
      const { mtimeMs, size } = await stat(source);
      const known = stored[from];
      await mkdir(dirname(to), { recursive: true });
      if (known && known.mtimeMs === mtimeMs && known.size === size) {
        const linked = await link(known.path, to).then(
          () => true,
          () => false,
        );
        if (linked) return;
      }
      await copyFile(source, to, constants.COPYFILE_FICLONE);
      stored[from] = { mtimeMs, size, path: finalPath };
    },
    close: () => writeFile(memory, `${JSON.stringify(stored)}\n`),
  };
}

async function readMemory(path: string): Promise<Record<string, Stored>> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Record<string, Stored>;
  } catch {
    // Not there yet, or torn by a kill: then everything is copied once more.
    return {};
  }
}
