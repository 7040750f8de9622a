// SPDX-License-Identifier: MIT
import type { Collector } from './collect.ts';
import type { OpenReport } from './open.ts';
import { type ContextId, type LogLine, NO_CONTEXT } from './printk.ts';

/** Limits the memory for contexts. */
const CONTEXTS = 512;
/** Limits the reports that are open at once. */
const MOST_OPEN = 128;

/** The reports that are open, at most one for each context. A closed one goes to the collector. */
export class OpenReports {
  readonly #collector: Collector;
  /** The oldest first: a map would keep tables of closed ones alive, each by the one before, until all of the heap is swept. */
  readonly #open: OpenReport[] = [];
  /** Up to where each context's lines belong to an earlier report. */
  readonly #reach = new Map<ContextId, number>();
  /** The report that requested the traces of all processors. */
  #asking: OpenReport | null = null;
  /** A report that was cut before its trace; the one that cut it opens on the same line. */
  #cut: OpenReport | null = null;
  /** The number of boots before this one. */
  boot = 0;

  constructor(collector: Collector) {
    this.#collector = collector;
  }

  get size(): number {
    return this.#open.length;
  }

  /** The report of all processors' traces, if there is one. */
  get asking(): OpenReport | null {
    return this.#asking;
  }

  get(context: ContextId): OpenReport | undefined {
    for (const report of this.#open) if (report.context === context) return report;
    return undefined;
  }

  all(): readonly OpenReport[] {
    return this.#open;
  }

  /** Up to where lines of a context belong to an earlier report. */
  reachOf(context: ContextId): number {
    return this.#reach.get(context) ?? 0;
  }

  add(report: OpenReport): void {
    const [oldest] = this.#open;
    if (oldest && this.#open.length >= MOST_OPEN) this.close(oldest);
    if (this.#cut?.context === report.context) {
      report.cut = this.#cut;
      this.#cut = null;
    }
    this.#put(report);
  }

  /** Forgets a report whose headline was a truncated copy; the one that it cut is open again. */
  forget(report: OpenReport): void {
    this.#remove(report.context);
    if (report.cut) this.#put(report.cut);
  }

  /** A report requests the traces of all processors. */
  ask(report: OpenReport): void {
    this.#asking = report;
  }

  /** Closes a report because the headline of another came. One that was cut before its trace waits for that of the other. */
  closeBefore(report: OpenReport, line: LogLine): void {
    report.giveUpRule();
    if (!report.isCutBy(line)) {
      this.close(report);
      return;
    }
    this.#leave(report);
    report.cut = null;
    this.#cut = report;
    this.#note(report.context, report.end);
  }

  /** The line of a headline is over: what it cut, but did not take over, is closed. */
  settle(): void {
    if (this.#cut) this.#collect(this.#cut);
    this.#cut = null;
  }

  /** Closes reports of contexts that are silent. Their seconds run only with stamps of their own. */
  sweep(at: number): void {
    for (let index = 0; index < this.#open.length; ) {
      const report = this.#open[index] as OpenReport;
      if (report.isOver(at, null)) this.close(report);
      else index += 1;
    }
  }

  closeAll(): void {
    for (const report of [...this.#open]) this.close(report);
  }

  close(report: OpenReport): void {
    this.#leave(report);
    this.#collect(report);
  }

  #put(report: OpenReport): void {
    const index = this.#open.findIndex((one) => one.context === report.context);
    if (index < 0) this.#open.push(report);
    else this.#open[index] = report;
  }

  #remove(context: ContextId): void {
    const index = this.#open.findIndex((one) => one.context === context);
    if (index >= 0) this.#open.splice(index, 1);
  }

  #leave(report: OpenReport): void {
    this.#remove(report.context);
    if (this.#asking === report) this.#asking = null;
    if (report.cut) this.#collector.add(report.cut, this.boot, report);
  }

  #collect(report: OpenReport): void {
    this.#note(report.context, this.#collector.add(report, this.boot));
  }

  #note(context: ContextId, end: number): void {
    if (this.#reach.size >= CONTEXTS) this.#reach.delete(this.#reach.keys().next().value ?? NO_CONTEXT);
    this.#reach.set(context, end);
  }
}
