// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { exists, type Lock, makeDirectoryAtomic, takeFreeLock, takeLock } from '../host/index.ts';
import { type DataDisk, Fault } from '../model/index.ts';
import { type FreezeOptions, freezeTemplate } from './freeze.ts';
import type { MachineSpec } from './spec.ts';
import type { TemplateSource } from './starter.ts';
import { keyOfTemplate, markOfTemplate, readTemplate, type Template, writeManifest } from './template.ts';

/** Room that templates may take together, in bytes. */
const LIMIT_BYTES = 8 * 1024 ** 3;

/** Begins the name of a directory of what an open store keeps for its clones. */
const WORK = 'work-';

export interface StoreOptions {
  /** Templates are kept below it, in `templates/`. */
  readonly cacheDirectory: string;
  /** Room for all templates together, in bytes; those in use stay even beyond it. 8 GiB unless given. */
  readonly limitBytes?: number;
  /** Told in words when a template was found spoilt and is made again. */
  readonly onNote?: (text: string) => void;
}

/** A template in use, and what its files looked like when their content was compared with its manifest. */
interface Opened {
  readonly template: Template;
  readonly mark: string;
  readonly lock: Lock;
}

/**
 * Templates on disk, by key: `KEY/` with RAM, state, console and overlay, beside `KEY.lock`. A template is compared with
 * its hashes when this store opens it first, and by inode, size and time before each later use. One that is not what it
 * was is made again. The least recently used go when there are too many; what anybody uses is locked and stays.
 */
export class TemplateStore implements TemplateSource {
  readonly #directory: string;
  readonly #limit: number;
  readonly #note: (text: string) => void;
  readonly #kept = new Map<string, Promise<DataDisk>>();
  #work: Promise<{ readonly directory: string; readonly lock: Lock }> | null = null;
  readonly #open = new Map<string, { readonly opening: Promise<Opened> }>();

  constructor(options: StoreOptions) {
    this.#directory = join(options.cacheDirectory, 'templates');
    this.#limit = options.limitBytes ?? LIMIT_BYTES;
    this.#note = options.onNote ?? (() => {});
  }

  keyOf(spec: MachineSpec, contents: readonly string[]): Promise<string> {
    return keyOfTemplate(spec, contents);
  }

  /**
   * The template of a key; `specify` says what machine is to be booted and frozen when there is none, and puts its
   * overlay into the directory given. A failure to make it stays: whoever asks again is told the same at once.
   */
  async open(
    key: string,
    specify: (directory: string) => Promise<MachineSpec>,
    options: FreezeOptions,
  ): Promise<Template> {
    const known = this.#open.get(key);
    if (known) {
      const { template, mark, lock } = await known.opening;
      if ((await markOfTemplate(template.directory).catch(() => '')) === mark) return template;
      if (this.#open.get(key) === known) {
        this.#open.delete(key);
        await lock[Symbol.asyncDispose]();
      }
      return this.open(key, specify, options);
    }
    const opening = this.#find(key, specify, options);
    opening.catch(() => {
      if (options.signal?.aborted) this.#open.delete(key);
    });
    this.#open.set(key, { opening });
    return (await opening).template;
  }

  /** A data disk that clones share while this store is open: `make` writes it to the path given, once for each name. */
  async keep(name: string, make: (path: string) => Promise<DataDisk>): Promise<DataDisk> {
    this.#work ??= this.#openWork();
    const { directory } = await this.#work;
    const known = this.#kept.get(name);
    if (known !== undefined) return known;
    const making = make(join(directory, name));
    making.catch(() => this.#kept.delete(name));
    this.#kept.set(name, making);
    return making;
  }

  async #openWork(): Promise<{ readonly directory: string; readonly lock: Lock }> {
    const directory = join(this.#directory, `${WORK}${randomBytes(6).toString('hex')}`);
    const lock = await takeLock(`${directory}.lock`);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return { directory, lock };
  }

  /** Lets go of all templates: others may remove them. */
  async [Symbol.asyncDispose](): Promise<void> {
    const work = await this.#work?.catch(() => null);
    this.#work = null;
    this.#kept.clear();
    if (work) {
      await rm(work.directory, { recursive: true, force: true });
      await rm(`${work.directory}.lock`, { force: true });
      await work.lock[Symbol.asyncDispose]();
    }
    const opened = await Promise.allSettled([...this.#open.values()].map((one) => one.opening));
    this.#open.clear();
    for (const one of opened) if (one.status === 'fulfilled') await one.value.lock[Symbol.asyncDispose]();
  }

  async #find(
    key: string,
    specify: (directory: string) => Promise<MachineSpec>,
    options: FreezeOptions,
  ): Promise<Opened> {
    const found = await this.#use(key, options.signal);
    if (found) return found;
    await this.#make(key, specify, options);
    const made = await this.#use(key, options.signal);
    if (!made) throw lost(`the template ${key} was made and is not as it was written`);
    await this.#evict(key);
    return made;
  }

  /** Makes a template, unless another ktrial has just done so. */
  async #make(
    key: string,
    specify: (directory: string) => Promise<MachineSpec>,
    options: FreezeOptions,
  ): Promise<void> {
    const path = join(this.#directory, key);
    const spoilt = await exists(path);
    const lock = spoilt
      ? await takeFreeLock(`${path}.lock`)
      : await takeLock(`${path}.lock`, options.signal ? { signal: options.signal } : {});
    if (!lock) throw lost(`the template ${key} is spoilt, and another ktrial has it open`);
    try {
      const there = (await exists(path)) ? await readTemplate(path, key) : null;
      if (there !== null && typeof there !== 'string') return;
      if (there !== null) {
        this.#note(`the template ${key} is made again: ${there}`);
        await this.#remove(path);
      }
      await makeDirectoryAtomic(path, async (directory) => {
        const template = await freezeTemplate(await specify(directory), options);
        await writeManifest(template, key);
      });
    } finally {
      await lock[Symbol.asyncDispose]();
    }
  }

  /** A template that is there and sound, locked so that it stays. */
  async #use(key: string, signal?: AbortSignal): Promise<Opened | null> {
    const path = join(this.#directory, key);
    if (!(await exists(path))) return null;
    const lock = await takeLock(`${path}.lock`, { shared: true, ...(signal ? { signal } : {}) });
    const template = await readTemplate(path, key);
    if (typeof template === 'string') {
      await lock[Symbol.asyncDispose]();
      return null;
    }
    const now = new Date();
    await utimes(path, now, now);
    return { template, mark: await markOfTemplate(path), lock };
  }

  /** Removes the least recently used until the rest fits, and what makers that were killed left behind. */
  async #evict(kept: string): Promise<void> {
    const kinds = await Promise.all((await readdir(this.#directory)).map((name) => this.#weigh(name)));
    const weighed = kinds.filter((one) => one !== null).sort((a, b) => a.usedAt - b.usedAt);
    let total = weighed.reduce((sum, one) => sum + one.bytes, 0);
    for (const { name, key, bytes } of weighed) {
      const whole = name === key && !name.startsWith(WORK);
      if (whole && (key === kept || total <= this.#limit)) continue;
      // Who has the kept one open knows that nobody is making it.
      const lock = key === kept ? null : await takeFreeLock(join(this.#directory, `${key}.lock`));
      if (!lock && key !== kept) continue;
      await this.#remove(join(this.#directory, name));
      await lock?.[Symbol.asyncDispose]();
      total -= bytes;
    }
  }

  async #weigh(name: string): Promise<{ name: string; key: string; bytes: number; usedAt: number } | null> {
    if (name.endsWith('.lock')) return null;
    const path = join(this.#directory, name);
    try {
      let bytes = 0;
      for (const part of await readdir(path)) bytes += (await stat(join(path, part))).blocks * 512;
      return { name, key: name.split('.')[0] ?? name, bytes, usedAt: (await stat(path)).mtimeMs };
    } catch {
      return null; // it has just gone
    }
  }

  /** Out of sight first: a half-removed template is never found. */
  async #remove(path: string): Promise<void> {
    const doomed = path.includes('.gone-') ? path : `${path}.gone-${process.pid}-${Date.now()}`;
    if (doomed !== path) await rename(path, doomed);
    await rm(doomed, { recursive: true, force: true });
  }
}

function lost(message: string): Fault {
  return new Fault({ blame: 'lab', code: 'TEMPLATE_LOST', message });
}
