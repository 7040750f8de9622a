// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { makeScratch, type Scratch } from '../host/index.ts';
import type { DataDisk } from '../model/index.ts';

/** Data disks that are made once and shared by all clones that name them, while this is open. */
export class SharedDisks {
  readonly #parent: string;
  readonly #made = new Map<string, Promise<DataDisk>>();
  #scratch: Promise<Scratch> | null = null;

  /** Keeps the disks in a scratch directory below `parent`. */
  constructor(parent: string) {
    this.#parent = parent;
  }

  /** The disk of a name; `make` writes it to the path given. One that could not be made is tried again. */
  async get(name: string, make: (path: string) => Promise<DataDisk>): Promise<DataDisk> {
    this.#scratch ??= makeScratch('disks', this.#parent);
    const { path } = await this.#scratch;
    const known = this.#made.get(name);
    if (known !== undefined) return known;
    const making = make(join(path, name));
    making.catch(() => this.#made.delete(name));
    this.#made.set(name, making);
    return making;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const scratch = await this.#scratch?.catch(() => null);
    this.#scratch = null;
    this.#made.clear();
    await scratch?.[Symbol.asyncDispose]();
  }
}
