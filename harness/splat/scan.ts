// SPDX-License-Identifier: MIT
import type { Splat } from '../model/index.ts';
import { type Finished, findRoots } from './follow.ts';
import { History } from './history.ts';
import { type Header, makeCandidate, readHeader } from './kind.ts';
import type { OptionalKind } from './kinds/family.ts';
import { ALL_CPU_TRACES, BOOT_MARK, CONSOLE_LOST, ORDERLY_RESTART } from './kinds/furniture.ts';
import { INFORMATIVE_TRACE, REPLAY_NOTICE } from './kinds/headline.ts';
import { PANIC_AFTERMATH, PANIC_LINE } from './kinds/panic.ts';
import { OpenReport } from './open.ts';
import { LONGEST_LINE, type Piece, PieceCutter } from './pieces.ts';
import { findPrefix, lastStamp } from './prefix.ts';
import { type LogLine, parseLine } from './printk.ts';
import { readReport } from './report.ts';
import { normaliseTitle } from './title.ts';

export interface ScannerOptions {
  /** Told each splat when it is complete, in the order of completion; `follows` and `panicked` may still change. */
  readonly onSplat?: (splat: Splat) => void;
  /** Told the words of a headline as soon as its line is complete, long before the splat is. */
  readonly onHeader?: (title: string) => void;
  /** Optional kinds that are to count; none by default. */
  readonly kinds?: readonly OptionalKind[];
}

export interface Scanner {
  /** Takes the next bytes of the log, cut anywhere. A string is taken as UTF-8. */
  push(chunk: Uint8Array | string): void;
  /** Closes the log; all splats in its order. */
  end(): readonly Splat[];
  /** How many splats of a flood were told to `onSplat` but not kept. */
  readonly dropped: number;
}

/** Seconds after a report in which a panic is still its own. */
const AFTERMATH_SECONDS = 10;
/** Splats kept of one log; of a longer flood only signatures that are new, up to the second limit. */
const KEPT = 1000;
const KEPT_SIGNATURES = 3000;
const CONTEXTS = 512;
/** Reports of silent contexts are looked for once in so many lines. */
const SWEEP_LINES = 32;
const HEADLINES_SEEN = 4096;
const STAMPED = /^(?:<\d+>)?\[ *\d+\.\d{6}\]/m;

/** Reads a log in pieces of any size and finds the kernel's complaints. Never throws, whatever the bytes. */
export function createScanner(options: ScannerOptions = {}): Scanner {
  const state = new ScanState(options);
  const cutter = new PieceCutter((piece) => state.read(piece));
  let splats: readonly Splat[] | undefined;
  return {
    push(chunk) {
      cutter.push(typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : chunk);
    },
    end() {
      cutter.end();
      splats ??= state.finish();
      return splats;
    },
    get dropped() {
      return state.dropped;
    },
  };
}

/** All splats of a whole log. */
export function scanLog(log: Uint8Array | string, kinds: readonly OptionalKind[] = []): readonly Splat[] {
  const scanner = createScanner({ kinds });
  scanner.push(log);
  return scanner.end();
}

/** Whether a line is the kernel's announcement that it has panicked. */
export function isPanicLine(line: string): boolean {
  return PANIC_LINE.test(line);
}

class ScanState {
  readonly #options: ScannerOptions;
  readonly #wanted: ReadonlySet<OptionalKind>;
  readonly #candidate = makeCandidate();
  readonly #history = new History();
  readonly #open = new Map<string, OpenReport>();
  readonly #done: Finished[] = [];
  readonly #signatures = new Set<string>();
  /** Up to where each context's lines belong to an earlier report. */
  readonly #reach = new Map<string, number>();
  readonly #seen = new Set<string>();
  #stamped = false;
  #allCpus: string | null = null;
  #fresh: OpenReport | null = null;
  #lineCount = 0;
  dropped = 0;

  constructor(options: ScannerOptions) {
    this.#options = options;
    this.#wanted = new Set(options.kinds);
  }

  /** Between reports only lines with a headline's words are looked at; near one, all. */
  read(piece: Piece): void {
    const { text } = piece;
    this.#stamped ||= STAMPED.test(text);
    let at = 0;
    let candidate = -1;
    while (at < text.length) {
      if (candidate < at) {
        this.#candidate.lastIndex = at;
        candidate = this.#candidate.exec(text)?.index ?? Number.POSITIVE_INFINITY;
      }
      if (this.#open.size === 0) {
        if (candidate >= text.length) break;
        at = text.lastIndexOf('\n', candidate) + 1;
      }
      const feed = text.indexOf('\n', at);
      const next = feed < 0 ? text.length : feed + 1;
      this.#readLine(piece, at, next, candidate < next);
      at = next;
    }
    this.#history.add(piece);
  }

  finish(): readonly Splat[] {
    for (const report of [...this.#open.values()]) this.#close(report);
    const all = this.#done
      .filter((one) => !(one.doubted && this.#stamped))
      .sort((a, b) => a.splat.start - b.splat.start);
    const roots = findRoots(all);
    return all.map((one, index) => ({ ...one.splat, follows: roots[index] ?? null }));
  }

  #readLine(piece: Piece, from: number, next: number, maybeHeader: boolean): void {
    this.#lineCount += 1;
    const stop = Math.min(next, from + LONGEST_LINE);
    const raw = piece.text.slice(from, piece.text.charCodeAt(stop - 1) === 10 ? stop - 1 : stop);
    const end = piece.offset + next + piece.omitted;
    const fresh = this.#fresh;
    this.#fresh = null;
    if (fresh && raw.includes(REPLAY_NOTICE)) {
      this.#open.delete(fresh.context);
      return;
    }
    const line = parseLine(raw);
    if (!line) return;
    const header = maybeHeader ? readHeader(line.text, this.#wanted) : null;
    if (this.#open.size > 0 && !this.#goesOn(line, header, end)) return;
    if (header) this.#begin(header, line, piece, from, end);
  }

  /** Hands a line to the open reports. False when there is nothing more to do with it. */
  #goesOn(line: LogLine, header: Header | null, end: number): boolean {
    const { text } = line;
    const own = this.#open.get(line.context);
    if (own?.isOver(this.#lineCount, line.seconds)) this.#close(own);
    if (this.#lineCount % SWEEP_LINES === 0) this.#sweep(line.seconds);
    if (text.startsWith(BOOT_MARK)) for (const report of [...this.#open.values()]) this.#close(report);
    if (text.startsWith(CONSOLE_LOST)) for (const report of this.#open.values()) report.lost = true;
    if (!own || !this.#open.has(line.context)) {
      const asking = this.#allCpus === null ? undefined : this.#open.get(this.#allCpus);
      if (!header && asking && line.context.startsWith('C')) asking.take(keep(line), end, this.#lineCount);
      return header !== null;
    }
    if (header && !continuesReport(own, header, text)) {
      this.#close(own);
      return true;
    }
    if (INFORMATIVE_TRACE.test(text)) {
      this.#close(own);
      return false;
    }
    own.take(keep(line), end, this.#lineCount);
    if (text.includes(ALL_CPU_TRACES)) this.#allCpus = own.context;
    if (header && PANIC_LINE.test(text)) this.#markPanicked(line.seconds);
    return false;
  }

  #begin(header: Header, line: LogLine, piece: Piece, from: number, end: number): void {
    if (PANIC_LINE.test(line.text)) {
      const near = this.#markPanicked(line.seconds);
      if (near && PANIC_AFTERMATH.test(line.text)) return;
    }
    const doubted = header.kind === null && line.context === 'none';
    if (doubted && this.#stamped) return;
    const before = this.#history.before(piece, from);
    if (header.kind?.restart && (lastStamp(before) < 1 || ORDERLY_RESTART.test(before))) return;
    if (this.#isRepeated(header, line)) return;
    const start = piece.offset + from;
    const prefix = findPrefix(before, line, start, this.#reach.get(line.context) ?? 0);
    const report = new OpenReport(
      { ...header, words: copy(header.words) },
      keep(line),
      { start, end, at: this.#lineCount },
      prefix,
      doubted,
    );
    this.#open.set(copy(line.context), report);
    this.#fresh = report;
    if (!doubted) this.#options.onHeader?.(normaliseTitle(header.words));
  }

  /** The same line again: a log that was printed a second time, or a one-line complaint that goes on. */
  #isRepeated(header: Header, line: LogLine): boolean {
    const lasting = header.kind?.lasting ?? false;
    const dated = line.seconds !== null && line.seconds >= 1;
    if (!lasting && !dated) return false;
    const key = lasting
      ? normaliseTitle(header.words)
      : `${line.context} ${line.seconds} ${header.words.slice(0, 200)}`;
    if (this.#seen.has(key)) return true;
    if (this.#seen.size >= HEADLINES_SEEN) this.#seen.delete(this.#seen.values().next().value ?? '');
    this.#seen.add(copy(key));
    return false;
  }

  #sweep(seconds: number | null): void {
    for (const report of this.#open.values())
      if (report.isOver(this.#lineCount, seconds)) this.#close(report);
  }

  /** A panic concerns all that is open and what was just closed. True when there is any such. */
  #markPanicked(seconds: number | null): boolean {
    let near = false;
    for (const report of this.#open.values()) {
      report.panicked = true;
      near = true;
    }
    for (const one of this.#done.slice(-8)) {
      const last = one.lastSeconds;
      if (seconds !== null && last !== null && Math.abs(seconds - last) > AFTERMATH_SECONDS) continue;
      one.splat = { ...one.splat, panicked: true };
      near = true;
    }
    return near;
  }

  #close(report: OpenReport): void {
    this.#open.delete(report.context);
    if (this.#allCpus === report.context) this.#allCpus = null;
    const closed = report.close();
    if (this.#reach.size >= CONTEXTS) this.#reach.delete(this.#reach.keys().next().value ?? '');
    this.#reach.set(report.context, closed.end);
    const splat = readReport(closed, this.#wanted);
    if (!report.doubted) this.#options.onSplat?.(splat);
    const isNew = !this.#signatures.has(splat.signature);
    if (this.#done.length >= KEPT && !(isNew && this.#done.length < KEPT_SIGNATURES)) {
      this.dropped += 1;
      return;
    }
    this.#signatures.add(splat.signature);
    this.#done.push({
      splat,
      context: report.context,
      seconds: report.seconds,
      lastSeconds: report.lastSeconds,
      doubted: report.doubted,
    });
  }
}

function continuesReport(own: OpenReport, header: Header, text: string): boolean {
  if (own.atHead && own.header.kind?.joins?.test(text)) return true;
  const how = header.kind?.continues;
  if (how === undefined) return false;
  if (how === 'head') return own.atHead;
  return !own.ended || PANIC_LINE.test(text);
}

/** A line with memory of its own. */
function keep(line: LogLine): LogLine {
  return { context: line.context, seconds: line.seconds, text: copy(line.text) };
}

/** A string with memory of its own, not a view of the piece that it was read from. */
function copy(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
