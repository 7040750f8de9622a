// SPDX-License-Identifier: MIT
import type { Splat } from '../model/index.ts';
import { type Finished, findRoots } from './follow.ts';

/** Seconds after a report in which a panic is still its own. */
const AFTERMATH_SECONDS = 10;
/** Splats kept of one log; of a longer flood only signatures that are new, up to the second limit. */
const KEPT = 1000;
const KEPT_SIGNATURES = 3000;
/** Characters of all kept splats' texts. */
const KEPT_TEXT = 16 * 1024 * 1024;
/** A panic concerns no more than so many of the last splats. */
const PANIC_REACH = 8;

/** The splats of a log, as many as are kept. */
export class Found {
  readonly #all: Finished[] = [];
  readonly #signatures = new Set<string>();
  #text = 0;
  /** How many were not kept. */
  dropped = 0;

  /** Whether a splat of this signature is to be kept; if not, it is counted. */
  wants(signature: string): boolean {
    const limit = this.#signatures.has(signature) ? KEPT : KEPT_SIGNATURES;
    if (this.#all.length < limit && this.#text < KEPT_TEXT) return true;
    this.dropped += 1;
    return false;
  }

  add(finished: Finished): void {
    this.#signatures.add(finished.splat.signature);
    this.#text += finished.splat.text.length;
    this.#all.push(finished);
  }

  /** The kernel panicked: so did what was just found. True when there was any such. */
  markPanicked(life: number, seconds: number | null): boolean {
    let near = false;
    for (const one of this.#all.slice(-PANIC_REACH)) {
      const last = one.lastSeconds;
      if (one.life !== life) continue;
      if (seconds !== null && last !== null && Math.abs(seconds - last) > AFTERMATH_SECONDS) continue;
      one.splat = { ...one.splat, panicked: true };
      near = true;
    }
    return near;
  }

  /** The doubted ones of a life that is the latest: the last of the list, first. */
  *#doubtedOf(life: number): Generator<number> {
    for (let index = this.#all.length - 1; this.#all[index]?.life === life; index -= 1)
      if (this.#all[index]?.doubted) yield index;
  }

  /** Whether any is doubted of the latest life. */
  hasDoubted(life: number): boolean {
    return !this.#doubtedOf(life).next().done;
  }

  /** Strikes out the doubted ones of the latest life that stand behind a place of the log. */
  forgetDoubted(life: number, start: number): void {
    for (const index of [...this.#doubtedOf(life)])
      if ((this.#all[index]?.splat.start ?? -1) >= start) this.#all.splice(index, 1);
  }

  /** All in the order of the log; the doubted ones only where `doubted` is true. */
  list(doubted: boolean): readonly Splat[] {
    const all = this.#all
      .filter((one) => doubted || !one.doubted)
      .sort((a, b) => a.splat.start - b.splat.start);
    const roots = findRoots(all);
    return all.map((one, index) => ({ ...one.splat, follows: roots[index] ?? null }));
  }
}
