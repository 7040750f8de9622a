// SPDX-License-Identifier: MIT
import type { Splat } from '../model/index.ts';
import { Found } from './found.ts';
import { Front } from './front.ts';
import { makeGate } from './gate.ts';
import { HEADLINE_WORDS, type Header, readHeader } from './kind.ts';
import type { OptionalKind } from './kinds/family.ts';
import { ALL_CPU_TRACES, BOOT_MARK, CONSOLE_LOST, ORDERLY_RESTART } from './kinds/furniture.ts';
import { INFORMATIVE_TRACES, REPLAY_NOTICE } from './kinds/headline.ts';
import { PANIC_AFTERMATH, PANIC_LINE } from './kinds/panic.ts';
import { Lives } from './life.ts';
import { OpenReport } from './open.ts';
import { findPrefix, lastStamp } from './prefix.ts';
import {
  type ContextId,
  isProcessor,
  LineHead,
  type LogLine,
  NO_CONTEXT,
  parseOddLine,
  readHead,
  restOfLine,
} from './printk.ts';
import { type Judgement, judgeReport, readReport } from './report.ts';
import type { ScannerOptions } from './scan.ts';
import { findStamp, lineStart } from './stamp.ts';
import { normaliseTitle } from './title.ts';
import { LONGEST_LINE, LOOKBACK, type Stretch, type Window } from './window.ts';

const CONTEXTS = 512;
/** More processors and tasks do not complain at once. */
const MOST_OPEN = 128;
/** Reports of silent contexts are looked for once in so many lines. */
const SWEEP_LINES = 32;

/** What the syslog daemon tells all terminals, the console among them. */
const BROADCAST = /^ ?kernel:\S/;
const RESTARTS = new RegExp(ORDERLY_RESTART, 'g');

/** A headline's words begin within so many bytes of the start of their line. */
const FARTHEST_WORDS = LONGEST_LINE - 256;

const findWords = makeGate([
  ...HEADLINE_WORDS,
  ...INFORMATIVE_TRACES,
  BOOT_MARK,
  CONSOLE_LOST,
  ALL_CPU_TRACES,
]);

/** Where a line stands. */
interface Place {
  /** In the window. */
  readonly from: number;
  /** In the log, behind its line feed. */
  readonly end: number;
  /** The line has the usual form, `[    5.123456] words`. */
  readonly usual: boolean;
  /** One of the words that the scanner looks for is in it. */
  readonly hasWords: boolean;
}

/** Reads lines in the order of the log: one open report for each context. */
export class LogReader {
  readonly #window: Window;
  readonly #options: ScannerOptions;
  readonly #wanted: ReadonlySet<OptionalKind>;
  readonly #head = new LineHead();
  readonly #lives = new Lives();
  readonly #found = new Found();
  readonly #open = new Map<ContextId, OpenReport>();
  /** Up to where each context's lines belong to an earlier report. */
  readonly #reach = new Map<ContextId, number>();
  /** Where the first stamp stands. */
  #stampedFrom = Number.POSITIVE_INFINITY;
  /** What stands before that stamp on its line, and so before the others of this log. */
  #front: Front | null = null;
  #allCpus: ContextId | null = null;
  #fresh: OpenReport | null = null;
  #lineCount = 0;

  constructor(window: Window, options: ScannerOptions) {
    this.#window = window;
    this.#options = options;
    this.#wanted = new Set(options.kinds);
  }

  get dropped(): number {
    return this.#found.dropped;
  }

  /** Between reports only lines with a headline's words are looked at; near one, all. */
  read({ from, to, omitted }: Stretch): void {
    const { bytes } = this.#window;
    if (this.#stampedFrom === Number.POSITIVE_INFINITY) {
      const stamp = findStamp(bytes, from, to);
      if (stamp >= 0) {
        this.#stampedFrom = this.#window.offsetOf(stamp);
        this.#front = Front.ofLog(bytes.toString('latin1', lineStart(bytes, stamp, from), stamp));
      }
    }
    let at = from;
    let words = -1;
    while (at < to) {
      if (words < at) words = findWords(bytes, at, to);
      if (this.#open.size === 0) {
        if (words >= to) break;
        at = lineStart(bytes, words, at);
      }
      const feed = bytes.indexOf(10, at);
      const next = feed < 0 || feed >= to ? to : feed + 1;
      const hasWords = words < next && words - at < FARTHEST_WORDS;
      // Further back than that, a line that comes in pieces may have been cut.
      if (hasWords || this.#open.size > 0) this.#readLine(at, next, next === to ? omitted : 0, hasWords);
      at = next;
    }
  }

  /** Announces what is whole, though more lines of it may come; what `finish` returns stays the same. */
  flushQuiet(): void {
    for (const report of this.#open.values()) {
      if (!report.isWhole || report.announced !== null) continue;
      const closed = report.close();
      const judgement = judgeReport(closed);
      if (judgement.tear !== null || this.#isDoubted(report, judgement)) continue;
      report.announced = judgement.signature;
      this.#options.onSplat?.(readReport(closed, judgement));
    }
  }

  finish(): readonly Splat[] {
    this.#closeAll();
    return this.#found.list(this.#stampedFrom === Number.POSITIVE_INFINITY);
  }

  #readLine(from: number, next: number, omitted: number, hasWords: boolean): void {
    this.#lineCount += 1;
    const { bytes } = this.#window;
    const stop = Math.min(next, from + LONGEST_LINE);
    const to = bytes[stop - 1] === 10 ? stop - 1 : stop;
    const usual = readHead(bytes, from, to, this.#head);
    const fresh = this.#fresh;
    this.#fresh = null;
    if (fresh && bytes.toString('latin1', from, to).includes(REPLAY_NOTICE)) {
      this.#open.delete(fresh.context);
      return;
    }
    if (usual && !hasWords && !this.#concerns(this.#head.context)) {
      if (this.#lineCount % SWEEP_LINES === 0) this.#sweep(this.#head.seconds);
      return;
    }
    const line = usual ? restOfLine(bytes, to, this.#head) : this.#readOddLine(from, to);
    if (!line) return;
    const place = { from, end: this.#window.offsetOf(next) + omitted, usual, hasWords };
    const header = hasWords ? readHeader(line.text, this.#wanted) : null;
    if (hasWords) this.#readMarks(line, from);
    if (this.#open.size > 0 && !this.#goesOn(line, header, place)) return;
    if (header) this.#begin(header, line, place);
  }

  #readOddLine(from: number, to: number): LogLine | null {
    const front = this.#window.offsetOf(to) > this.#stampedFrom ? this.#front : null;
    return parseOddLine(this.#window.bytes, from, to, front);
  }

  /** Whether a line of the context has anything to do with what is open. */
  #concerns(context: ContextId): boolean {
    return this.#open.has(context) || (this.#allCpus !== null && isProcessor(context));
  }

  #readMarks({ text, context }: LogLine, from: number): void {
    if (text.startsWith(BOOT_MARK)) {
      this.#closeAll();
      if (context === NO_CONTEXT) this.#forgetFirmware(from);
      this.#lives.begin();
    }
    if (text.startsWith(CONSOLE_LOST)) for (const report of this.#open.values()) report.lost = true;
  }

  #beginLife(): void {
    this.#closeAll();
    this.#lives.begin();
  }

  /** A kernel without stamps starts here: from the end of the one before, only firmware has talked. */
  #forgetFirmware(from: number): void {
    const life = this.#lives.current;
    if (!this.#found.hasDoubted(life)) return;
    const before = this.#before(from);
    const restart = [...before.text.matchAll(RESTARTS)].at(-1);
    if (!restart && life > 0) return;
    this.#found.forgetDoubted(life, restart ? before.start + restart.index : 0);
  }

  /** Hands a line to the open reports. False when there is nothing more to do with it. */
  #goesOn(line: LogLine, header: Header | null, place: Place): boolean {
    const { text } = line;
    const { end, usual, hasWords } = place;
    if (this.#lineCount % SWEEP_LINES === 0) this.#sweep(line.seconds);
    const own = this.#open.get(line.context);
    if (own?.isOver(this.#lineCount, line.seconds) || own?.isBefore(line.seconds)) this.#close(own);
    if (!own || this.#open.get(line.context) !== own) {
      const asking = this.#allCpus === null ? undefined : this.#open.get(this.#allCpus);
      if (!header && asking && isProcessor(line.context)) asking.take(line, end, this.#lineCount);
      return header !== null;
    }
    if (own.inlined && header?.kind && header.kind === own.header.kind) {
      own.rename(header, line, end);
      return false;
    }
    if (header && !own.isEcho(line, usual) && !own.continuesWith(header, line)) {
      own.giveUpRule();
      this.#close(own);
      return true;
    }
    if (hasWords && INFORMATIVE_TRACES.some((words) => text.includes(words))) {
      this.#close(own);
      return false;
    }
    own.take(line, end, this.#lineCount);
    if (hasWords && text.includes(ALL_CPU_TRACES)) this.#allCpus = own.context;
    if (header && PANIC_LINE.test(text)) this.#markPanicked(line);
    return false;
  }

  #begin(header: Header, line: LogLine, place: Place): void {
    const { words, kind } = header;
    if (this.#lives.isOver(line, PANIC_LINE.test(line.text))) this.#beginLife();
    if (PANIC_LINE.test(line.text) && this.#markPanicked(line) && PANIC_AFTERMATH.test(line.text)) return;
    const start = this.#window.offsetOf(place.from);
    const doubted = line.context === NO_CONTEXT && (kind === null || BROADCAST.test(line.text));
    if (doubted && start > this.#stampedFrom) return;
    if (kind?.restart && this.#wasAskedFor(place.from)) return;
    this.#lives.note(line);
    if (kind?.lasting && this.#lives.isLasting(normaliseTitle(words), line.seconds)) return;
    const ownFront = Front.ofReport(line.text.slice(0, line.text.indexOf(words)));
    const floor = this.#reach.get(line.context) ?? 0;
    const prefix = findPrefix(this.#window, line, place.from, { floor, front: this.#front, ownFront });
    const report = new OpenReport(header, line, { start, end: place.end, at: this.#lineCount }, prefix, {
      usual: place.usual,
      doubted,
      front: ownFront,
    });
    const [oldest] = this.#open.values();
    if (oldest && this.#open.size >= MOST_OPEN) this.#close(oldest);
    this.#open.set(line.context, report);
    this.#fresh = report;
    if (!doubted) this.#options.onHeader?.(normaliseTitle(words));
  }

  /** Whether the kernel starts for the first time, or again because it was told to. */
  #wasAskedFor(from: number): boolean {
    const { text } = this.#before(from);
    return lastStamp(text) < 1 || ORDERLY_RESTART.test(text);
  }

  /** Whole lines that stand right before a place of the window, and where they begin in the log. */
  #before(place: number): { readonly text: string; readonly start: number } {
    const { bytes, floor } = this.#window;
    const lowest = Math.max(floor, place - LOOKBACK, 0);
    const from = lowest === floor ? floor : bytes.indexOf(10, lowest) + 1;
    return { text: bytes.toString('latin1', from, place), start: this.#window.offsetOf(from) };
  }

  #sweep(seconds: number | null): void {
    for (const report of this.#open.values())
      if (report.isOver(this.#lineCount, seconds)) this.#close(report);
  }

  /** A panic concerns all that is open and what was just closed. True when there is any such. */
  #markPanicked(line: LogLine): boolean {
    this.#lives.panic(line);
    for (const report of this.#open.values()) report.panicked = true;
    return this.#found.markPanicked(this.#lives.current, line.seconds) || this.#open.size > 0;
  }

  #closeAll(): void {
    for (const report of [...this.#open.values()]) this.#close(report);
  }

  #isDoubted(report: OpenReport, judgement: Judgement): boolean {
    return report.doubted || (report.context === NO_CONTEXT && judgement.incomplete);
  }

  #close(report: OpenReport): void {
    this.#open.delete(report.context);
    if (this.#allCpus === report.context) this.#allCpus = null;
    const closed = report.close();
    if (this.#reach.size >= CONTEXTS) this.#reach.delete(this.#reach.keys().next().value ?? NO_CONTEXT);
    this.#reach.set(report.context, closed.end);
    const judgement = judgeReport(closed);
    const kept = this.#found.wants(judgement.signature);
    const doubted = this.#isDoubted(report, judgement);
    const told = this.#options.onSplat !== undefined && !doubted && report.announced !== judgement.signature;
    // In a flood most are only counted.
    if (!kept && !told) return;
    const splat = readReport(closed, judgement);
    if (told) this.#options.onSplat?.(splat);
    if (!kept) return;
    const { context, seconds, lastSeconds } = report;
    this.#found.add({ splat, context, life: this.#lives.current, seconds, lastSeconds, doubted });
  }
}
