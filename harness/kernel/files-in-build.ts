// SPDX-License-Identifier: MIT
import { join, resolve } from 'node:path';
import { lookInside, readInside, runCommand } from '../host/index.ts';

/** What a build made of a file of the tree: read by a compiler, not read, or not there in this commit. */
export type FileInBuild = 'compiled' | 'notCompiled' | 'absent';

export interface BuiltFilesQuery {
  readonly tree: string;
  readonly output: string;
  /** The path by which make knows the output directory. */
  readonly mountedAt: string;
  /** Files that make had to take for newer than any object. */
  readonly files: readonly string[];
  /** When they got their date, in milliseconds: objects of before are of earlier builds. */
  readonly since: number;
  readonly signal?: AbortSignal | undefined;
}

/** No list of what an object was made from is as long. */
const COMMAND_BYTES = 4 * 1024 * 1024;

/**
 * Looks in what make has just done for files of the tree. Beside each object Kbuild leaves a `.cmd` file with the command and
 * every file that the compiler read, headers too; one of before this build proves nothing, as its object may be a leftover.
 */
export async function findFilesInBuild(query: BuiltFilesQuery): Promise<Record<string, FileInBuild>> {
  const { tree, output, mountedAt, files, since, signal } = query;
  const found: Record<string, FileInBuild> = {};
  const sought = new Map<string, RegExp>();
  for (const file of files) {
    const isThere = (await lookInside(tree, file)) !== null;
    found[file] = isThere ? 'notCompiled' : 'absent';
    if (isThere) sought.set(file, mentionOf(file));
  }
  if (sought.size === 0) return found;
  const newer = ['-newermt', `@${since / 1000}`];
  const { stdout } = await runCommand(
    'find',
    [output, '-name', '.*.cmd', '-type', 'f', ...newer, '-printf', '%P\\0'],
    signal ? { signal } : {},
  );
  for (const path of stdout.split('\0').filter((one) => one !== '')) {
    const text = (await readInside(output, path, COMMAND_BYTES)) ?? '';
    for (const [file, mention] of sought) {
      if (!text.includes(file)) continue;
      const isRead = [...text.matchAll(mention)].some(
        ([, word = '']) => resolve(mountedAt, word) === join(tree, file),
      );
      if (!isRead) continue;
      found[file] = 'compiled';
      sought.delete(file);
    }
    if (sought.size === 0) break;
  }
  return found;
}

/** A word that ends with the path of a file: absolute, or relative to the output directory. */
function mentionOf(file: string): RegExp {
  const literal = file.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return new RegExp(`(?<=^|[\\s"'=(,])((?:[^\\s"'()=,]*/)?${literal})(?=[\\s"'),;\\\\]|$)`, 'gm');
}
