// SPDX-License-Identifier: MIT
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exists, removeHostile, runCommand, writeFileAtomic } from '../host/index.ts';
import { isUnfinished } from './output-directory.ts';

/** Where the arms of a series are built. */
export interface SeriesOutput {
  /** Makes it, on the first call. Returns the directory. */
  open(onProgress?: (text: string) => void): Promise<string>;
}

/**
 * The output directory of a series, beside that of the base: objects that code of the series could write never become
 * part of another kernel. It begins as a copy of the base's, so that only what differs is compiled. Of an earlier copy
 * every file is made again that anybody touched since.
 */
export function openSeriesOutput(
  directory: string,
  baseOutput: string,
  signal: AbortSignal | undefined,
): SeriesOutput {
  let made: Promise<string> | null = null;
  return {
    open(onProgress) {
      made ??= new Copy(directory, baseOutput, signal).make(onProgress);
      return made;
    },
  };
}

/**
 * The files of a directory by path, each with its identity: inode, length, and when it was last changed in any way
 * (st_ctime). No program can set that back, so a file with the same identity has the same content.
 */
type Listing = ReadonlyMap<string, string>;

interface Record {
  readonly base: Listing;
  readonly copy: Listing;
}

const DIRECTORY = 'd';

class Copy {
  readonly #directory: string;
  readonly #base: string;
  readonly #output: string;
  /** What was copied, out of reach of any build. */
  readonly #record: string;
  readonly #signal: { readonly signal?: AbortSignal };

  constructor(directory: string, base: string, signal: AbortSignal | undefined) {
    this.#directory = directory;
    this.#base = base;
    this.#output = join(directory, 'out');
    this.#record = join(directory, 'copied.json');
    this.#signal = signal ? { signal } : {};
  }

  async make(onProgress?: (text: string) => void): Promise<string> {
    if (!(await exists(this.#base)) || (await isUnfinished(this.#base))) {
      await this.#clear();
      return this.#output;
    }
    onProgress?.("copying the base's objects");
    const base = await this.#list(this.#base);
    if (!(await this.#renew(base))) {
      await this.#clear();
      await this.#run('cp', ['-a', '--reflink=auto', '--', this.#base, this.#output]);
    }
    const record = { base: [...base], copy: [...(await this.#list(this.#output))] };
    await writeFileAtomic(this.#record, JSON.stringify(record));
    // What was stored from the base: files that stay the same are linked.
    const stored = join(dirname(this.#base), 'stored.json');
    await copyFile(stored, join(this.#directory, 'stored.json')).catch(() => {});
    return this.#output;
  }

  /** Makes an earlier copy the same as the base again; false where it is not worth it. */
  async #renew(base: Listing): Promise<boolean> {
    const record = await this.#readRecord();
    if (!record || (await isUnfinished(this.#output)) || !(await exists(this.#output))) return false;
    const there = await this.#list(this.#output).catch(() => null);
    if (!there) return false;
    const isSame = (path: string) =>
      there.get(path) === record.copy.get(path) && base.get(path) === record.base.get(path);
    const stale = [...there.keys()].filter((path) => !base.has(path) || !isSame(path));
    const needed = [...base].filter(
      ([path, identity]) => identity !== DIRECTORY && !(there.has(path) && isSame(path)),
    );
    if (stale.length + needed.length > base.size) return false;
    await this.#forEach(stale, ['rm', '-rf', '--'], this.#output);
    const copy = ['cp', '-a', '--reflink=auto', '--parents', '-t', this.#output, '--'];
    await this.#forEach(
      needed.map(([path]) => path),
      copy,
      this.#base,
    );
    return true;
  }

  async #clear(): Promise<void> {
    await removeHostile(this.#directory);
    await mkdir(this.#directory, { recursive: true });
  }

  async #list(directory: string): Promise<Listing> {
    const format = '%P\\0%y %i %C@ %s\\0';
    const { stdout } = await this.#run('find', [directory, '-mindepth', '1', '-printf', format]);
    const fields = stdout.split('\0');
    const listing = new Map<string, string>();
    for (let at = 0; at + 1 < fields.length; at += 2) {
      const identity = fields[at + 1] ?? '';
      // What is in a directory changes it; its files are looked at themselves.
      listing.set(fields[at] ?? '', identity.startsWith(`${DIRECTORY} `) ? DIRECTORY : identity);
    }
    return listing;
  }

  async #readRecord(): Promise<Record | null> {
    try {
      const record = JSON.parse(await readFile(this.#record, 'utf8'));
      return { base: new Map(record.base), copy: new Map(record.copy) };
    } catch {
      return null;
    }
  }

  async #forEach(paths: readonly string[], argv: readonly string[], cwd: string): Promise<void> {
    if (paths.length === 0) return;
    await runCommand('xargs', ['-0', ...argv], { ...this.#signal, cwd, input: paths.join('\0') });
  }

  #run(program: string, args: readonly string[]) {
    return runCommand(program, args, this.#signal);
  }
}
