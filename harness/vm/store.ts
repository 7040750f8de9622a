// SPDX-License-Identifier: MIT
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { exists, type Lock, makeDirectoryAtomic, takeFreeLock, takeLock } from '../host/index.ts';
import { type DataDisk, Fault } from '../model/index.ts';
import { evictTemplates, lockOf, reapTemplates, removeTemplate } from './evict.ts';
import { type FreezeOptions, freezeTemplate } from './freeze.ts';
import { SharedDisks } from './shared-disks.ts';
import type { MachineSpec } from './spec.ts';
import type { TemplateSource } from './starter.ts';
import { keyOfTemplate, markOfTemplate, readTemplate, type Template, writeManifest } from './template.ts';

/** The default for `limitBytes`. */
const LIMIT_BYTES = 8 * 1024 ** 3;

export interface StoreOptions {
  /** Templates are kept below it, in `templates/`. */
  readonly cacheDirectory: string;
  /** Limit for all templates together, in bytes; those in use stay even beyond it. 8 GiB unless given. */
  readonly limitBytes?: number;
  /** Called with a sentence when a modified template is rebuilt, or what a killed ktrial left was removed. */
  readonly onNote?: (text: string) => void;
}

/** A template in use, and the mark of its files when they were compared with the manifest. */
interface OpenTemplate {
  readonly template: Template;
  readonly mark: string;
  readonly lock: Lock;
}

/**
 * Templates on disk, by key: `KEY/` with RAM, state, console and overlay, beside `KEY.lock`. A template is compared with
 * its digests when this store opens it first, and by inode, size and time before each later use. A modified template is
 * rebuilt. Templates in use are locked and never evicted.
 */
export class TemplateStore implements TemplateSource {
  readonly #directory: string;
  readonly #limitBytes: number;
  readonly #note: (text: string) => void;
  readonly #disks: SharedDisks;
  readonly #open = new Map<string, { readonly opening: Promise<OpenTemplate> }>();
  #reaped: Promise<void> | null = null;

  constructor(options: StoreOptions) {
    this.#directory = join(options.cacheDirectory, 'templates');
    this.#limitBytes = options.limitBytes ?? LIMIT_BYTES;
    this.#note = options.onNote ?? (() => {});
    this.#disks = new SharedDisks(this.#directory);
  }

  keyOf(spec: MachineSpec, contents: readonly string[]): Promise<string> {
    return keyOfTemplate(spec, contents);
  }

  /**
   * Finds the template of a key, or makes it: `specify` describes the machine to be booted and frozen, and puts its overlay
   * into the directory given. A failure is final for this store: every later caller gets the same Fault at once.
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

  shareDataDisk(name: string, make: (path: string) => Promise<DataDisk>): Promise<DataDisk> {
    return this.#disks.get(name, make);
  }

  /** Releases all templates, so that others may remove them. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#disks[Symbol.asyncDispose]();
    const opened = await Promise.allSettled([...this.#open.values()].map((one) => one.opening));
    this.#open.clear();
    for (const one of opened) if (one.status === 'fulfilled') await one.value.lock[Symbol.asyncDispose]();
  }

  async #find(
    key: string,
    specify: (directory: string) => Promise<MachineSpec>,
    options: FreezeOptions,
  ): Promise<OpenTemplate> {
    this.#reaped ??= this.#reap();
    await this.#reaped;
    const found = await this.#use(key, options.signal);
    if (found) return found;
    await this.#make(key, specify, options);
    const made = await this.#use(key, options.signal);
    if (!made) throw lost(`the template ${key} was made and is not what was written`);
    await evictTemplates(this.#directory, this.#limitBytes, key);
    return made;
  }

  async #reap(): Promise<void> {
    const removed = await reapTemplates(this.#directory);
    if (removed.length > 0)
      this.#note(`removed what a killed ktrial left in ${this.#directory}: ${removed.join(', ')}`);
  }

  /** Makes a template, unless another ktrial has just made it. */
  async #make(
    key: string,
    specify: (directory: string) => Promise<MachineSpec>,
    options: FreezeOptions,
  ): Promise<void> {
    const path = join(this.#directory, key);
    const lock = (await exists(path))
      ? await takeFreeLock(lockOf(this.#directory, key))
      : await takeLock(lockOf(this.#directory, key), options.signal ? { signal: options.signal } : {});
    if (!lock) throw lost(`the template ${key} was modified, and another ktrial is using it`);
    try {
      const found = (await exists(path)) ? await readTemplate(path, key) : null;
      if (found !== null && typeof found !== 'string') return;
      if (found !== null) {
        this.#note(`the template ${key} is made again: ${found}`);
        await removeTemplate(path);
      }
      await makeDirectoryAtomic(path, async (directory) => {
        const template = await freezeTemplate(await specify(directory), options);
        await writeManifest(template, key);
      });
    } finally {
      await lock[Symbol.asyncDispose]();
    }
  }

  /** A template that is there and unmodified, locked so that it stays; null otherwise. */
  async #use(key: string, signal?: AbortSignal): Promise<OpenTemplate | null> {
    const path = join(this.#directory, key);
    if (!(await exists(path))) return null;
    const lock = await takeLock(lockOf(this.#directory, key), {
      shared: true,
      ...(signal ? { signal } : {}),
    });
    const template = await readTemplate(path, key);
    if (typeof template === 'string') {
      await lock[Symbol.asyncDispose]();
      return null;
    }
    const now = new Date();
    await utimes(path, now, now);
    return { template, mark: await markOfTemplate(path), lock };
  }
}

function lost(message: string): Fault {
  return new Fault({ blame: 'lab', code: 'TEMPLATE_LOST', message });
}
