// SPDX-License-Identifier: MIT
import { DEFAULT_LIMITS, type Limits, type Splat } from '../model/index.ts';
import { type Finished, findRoots } from './follow.ts';
import { makeNaming } from './naming.ts';
import type { OpenReport } from './open.ts';
import { NO_CONTEXT } from './printk.ts';
import { type Judgement, judgeReport, readReport } from './report.ts';

/** A panic within this many seconds of a report belongs to it. */
const AFTERMATH_SECONDS = 10;
/** Of a flood beyond the limit only new signatures are kept, up to this many times the limit. */
const SIGNATURES_FACTOR = 3;
/** Characters of all kept splats' texts, for each splat of the limit. */
const KEPT_TEXT_EACH = 16 * 1024;
/** A panic concerns at most this many of the last splats. */
const PANIC_REACH = 8;

/** Who hears of splats, and how many are kept. */
export interface CollectorOptions {
  /**
   * Called with each splat when it is complete, in the order of completion; `follows` and `panicked` may still change.
   * A splat that `flushQuiet` announced comes a second time only if its signature has changed since.
   */
  readonly onSplat?: (splat: Splat) => void;
  /** How many splats of one log are kept: `splats`. */
  readonly limits?: Pick<Limits, 'splats'>;
}

/** Turns closed reports into splats, announces them, and keeps as many as the limits allow. */
export class Collector {
  readonly #onSplat: ((splat: Splat) => void) | undefined;
  readonly #all: Finished[] = [];
  readonly #signatures = new Set<string>();
  readonly #limit: number;
  readonly #naming = makeNaming();
  #text = 0;
  /** The number of splats that were not kept. */
  dropped = 0;

  constructor({ onSplat, limits = DEFAULT_LIMITS }: CollectorOptions) {
    this.#onSplat = onSplat;
    this.#limit = limits.splats;
  }

  /** Announces a report that is whole, though more lines of it may come. It is announced once. */
  announce(report: OpenReport): void {
    if (!report.isWhole || report.announced !== null) return;
    const closed = report.close();
    const judgement = judgeReport(closed, this.#naming);
    if (judgement.isNotice || isUnconfirmed(report, judgement) || judgement.findTruncation() !== null) return;
    report.announced = judgement.signature;
    this.#onSplat?.(readReport(closed, judgement));
  }

  /**
   * Takes a report that is over; returns where it ends in the log. One that was cut by another before its trace is judged
   * by the lines of both.
   */
  add(report: OpenReport, boot: number, cutBy: OpenReport | null = null): number {
    const closed = report.close();
    const judgement = judgeReport(closed, this.#naming, cutBy?.close().lines);
    if (judgement.isNotice) return closed.end;
    const kept = this.#hasRoom(judgement.signature);
    const unconfirmed = isUnconfirmed(report, judgement);
    const isNew = this.#onSplat !== undefined && !unconfirmed && report.announced !== judgement.signature;
    // In a flood most are only counted.
    if (kept || isNew) {
      const splat = readReport(closed, judgement);
      if (isNew) this.#onSplat?.(splat);
      const { context, headlineStart, seconds, lastSeconds } = report;
      if (kept) this.#keep({ splat, context, headlineStart, boot, seconds, lastSeconds, unconfirmed });
    }
    return closed.end;
  }

  /** Marks the latest splats as those of a kernel that panicked. True if there were any. */
  markPanicked(boot: number, seconds: number | null): boolean {
    let near = false;
    for (const one of this.#all.slice(-PANIC_REACH)) {
      const last = one.lastSeconds;
      if (one.boot !== boot) continue;
      if (seconds !== null && last !== null && Math.abs(seconds - last) > AFTERMATH_SECONDS) continue;
      one.splat = { ...one.splat, panicked: true };
      near = true;
    }
    return near;
  }

  /** Whether any splat of the latest boot is unconfirmed. */
  hasUnconfirmed(boot: number): boolean {
    return !this.#unconfirmedOf(boot).next().done;
  }

  /** Removes the unconfirmed splats of the latest boot that begin at or behind a place of the log. */
  removeUnconfirmed(boot: number, start: number): void {
    for (const index of [...this.#unconfirmedOf(boot)])
      if ((this.#all[index]?.splat.start ?? -1) >= start) this.#all.splice(index, 1);
  }

  /** All splats in the order of their headlines; the unconfirmed ones only if `unconfirmed` is true. */
  list(unconfirmed: boolean): readonly Splat[] {
    const all = this.#all
      .filter((one) => unconfirmed || !one.unconfirmed)
      .sort((a, b) => a.headlineStart - b.headlineStart);
    const roots = findRoots(all);
    return all.map((one, index) => ({ ...one.splat, follows: roots[index] ?? null }));
  }

  #hasRoom(signature: string): boolean {
    const limit = this.#limit * (this.#signatures.has(signature) ? 1 : SIGNATURES_FACTOR);
    if (this.#all.length < limit && this.#text < this.#limit * KEPT_TEXT_EACH) return true;
    this.dropped += 1;
    return false;
  }

  #keep(finished: Finished): void {
    this.#signatures.add(finished.splat.signature);
    this.#text += finished.splat.text.length;
    this.#all.push(finished);
  }

  /** Places of the unconfirmed splats of the latest boot, the last one first. */
  *#unconfirmedOf(boot: number): Generator<number> {
    for (let index = this.#all.length - 1; this.#all[index]?.boot === boot; index -= 1)
      if (this.#all[index]?.unconfirmed) yield index;
  }
}

/** Such lines may be another program's: they count only in a log without any stamp. */
function isUnconfirmed(report: OpenReport, judgement: Judgement): boolean {
  return report.unconfirmed || (report.context === NO_CONTEXT && judgement.incomplete);
}
