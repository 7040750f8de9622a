// SPDX-License-Identifier: MIT
import type { Splat } from '../model/index.ts';
import { Boots } from './boots.ts';
import { Collector, type CollectorOptions } from './collect.ts';
import { testPlainFrame } from './frame.ts';
import { type Header, readHeader } from './kind.ts';
import { ALL_CPU_TRACES, BOOT_MARK, CONSOLE_LOST } from './kinds/body.ts';
import type { OptionalKind } from './kinds/family.ts';
import { BROADCAST, FIRMWARE_LINE, INFORMATIVE_TRACES, REPLAY_NOTICE } from './kinds/headline.ts';
import { PANIC_AFTERMATH, PANIC_LINE } from './kinds/panic.ts';
import { findLead } from './lead.ts';
import { OpenReport } from './open.ts';
import { OpenReports } from './open-reports.ts';
import {
  type ContextId,
  isProcessor,
  type LogLine,
  NO_CONTEXT,
  readStamped,
  restOfLine,
  StampedLine,
} from './printk.ts';
import { findRestart, isOrderly, readBefore } from './restart.ts';
import { normaliseTitle } from './title.ts';
import { LineReader } from './transport/lines.ts';
import { LinePrefixes } from './transport/prefix.ts';
import { lineStart } from './transport/stamp.ts';
import { LONGEST_LINE, type Stretch, type Window } from './window.ts';
import { findWords } from './words.ts';

export interface ScannerOptions extends CollectorOptions {
  /**
   * The log is being written while it is read: each line is read as soon as it is complete, and forms that show only in
   * later lines, such as those of mails, are not undone.
   */
  readonly live?: boolean;
  /** Called with the words of a headline as soon as its line is complete, long before the splat is. */
  readonly onHeader?: (title: string) => void;
  /** Optional kinds that count; none by default. */
  readonly kinds?: readonly OptionalKind[];
}

const CARRIAGE_RETURN = 0x0d;
/** Every this many lines, reports of silent contexts are closed. */
const SWEEP_LINES = 32;

/** A headline's words begin within this many bytes of the start of their line. */
const FARTHEST_WORDS = LONGEST_LINE - 256;

/** Where a line stands. */
interface LinePlace {
  /** In the window. */
  readonly from: number;
  /** In the log, behind its line feed. */
  readonly end: number;
  /** The line has the usual form, `[    5.123456] words`. */
  readonly usual: boolean;
  /** It contains one of the words that the gate looks for. */
  readonly hasWords: boolean;
}

/** Reads lines in the order of the log. Each context has at most one open report. */
export class LogReader {
  readonly #window: Window;
  readonly #options: ScannerOptions;
  readonly #wanted: ReadonlySet<OptionalKind>;
  readonly #lines: LineReader;
  readonly #stamped = new StampedLine();
  readonly #boots = new Boots();
  readonly #prefixes = new LinePrefixes();
  readonly #collector: Collector;
  readonly #open: OpenReports;
  #fresh: OpenReport | null = null;
  /** The firmware has printed since the last kernel started. */
  #firmware = false;
  #lineCount = 0;

  constructor(window: Window, options: ScannerOptions) {
    this.#window = window;
    this.#lines = new LineReader(window);
    this.#options = options;
    this.#wanted = new Set(options.kinds);
    this.#collector = new Collector(options);
    this.#open = new OpenReports(this.#collector);
  }

  get dropped(): number {
    return this.#collector.dropped;
  }

  /** Between reports only lines with a headline's words are looked at; near one, all. */
  read({ from, to, omitted }: Stretch): void {
    const { bytes } = this.#window;
    this.#lines.learn(from, to);
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
      if (hasWords || this.#open.size > 0)
        this.#readLine(at, next, next === to ? omitted : 0, hasWords ? words : -1);
      at = next;
    }
  }

  /** Announces what is whole, though more lines of it may come; what `finish` returns stays the same. */
  flushQuiet(): void {
    for (const report of this.#open.all()) this.#collector.announce(report);
  }

  finish(): readonly Splat[] {
    this.#open.closeAll();
    return this.#collector.list(!this.#lines.isStamped);
  }

  #readLine(from: number, next: number, omitted: number, words: number): void {
    const hasWords = words >= 0;
    this.#lineCount += 1;
    const { bytes } = this.#window;
    const stop = Math.min(next, from + LONGEST_LINE);
    const to = bytes[stop - 1] === 10 ? stop - 1 : stop;
    const usual = readStamped(bytes, from, to, this.#stamped);
    const fresh = this.#fresh;
    this.#fresh = null;
    if (fresh && bytes.toString('latin1', from, to).includes(REPLAY_NOTICE)) {
      this.#open.forget(fresh);
      return;
    }
    if (usual && !hasWords) {
      const [own, isSweep] = [this.#open.get(this.#stamped.context), this.#lineCount % SWEEP_LINES === 0];
      if (own !== undefined && !isSweep && this.#takeFrame(own, to, next, omitted)) return;
      if (own === undefined && !this.#isAsked(this.#stamped.context)) {
        if (isSweep) this.#open.sweep(this.#lineCount);
        return;
      }
    }
    const line = usual ? restOfLine(bytes, to, this.#stamped) : this.#lines.read(from, to, words);
    if (!line) return;
    const place = { from, end: this.#window.endOf(next) + omitted, usual, hasWords };
    const header = hasWords ? readHeader(line.text, this.#wanted) : null;
    if (hasWords) this.#readMarks(line, from);
    if (this.#open.size > 0 && !this.#handOver(line, header, place)) return;
    if (header) this.#begin(header, line, place);
    this.#open.settle();
  }

  /** Takes a line that is nothing but a frame, as most lines of a report are, without reading it. False if it is not. */
  #takeFrame(own: OpenReport, to: number, next: number, omitted: number): boolean {
    const [{ bytes }, { at, seconds }] = [this.#window, this.#stamped];
    const end = to > at && bytes[to - 1] === CARRIAGE_RETURN ? to - 1 : to;
    const frame = testPlainFrame(bytes, at, end);
    if (frame === null || !own.expectsFrame(this.#lineCount, seconds)) return false;
    const place = this.#window.endOf(next) + omitted;
    own.takeFrame(bytes.toString('latin1', at, end), frame === 'guessed', seconds, place, this.#lineCount);
    return true;
  }

  /** Whether a line of the context may be of the traces that a report requested of all processors. */
  #isAsked(context: ContextId): boolean {
    return this.#open.asking !== null && isProcessor(context);
  }

  #readMarks({ text, context }: LogLine, from: number): void {
    if (text.startsWith(BOOT_MARK)) {
      this.#open.closeAll();
      if (context === NO_CONTEXT) this.#forgetFirmware(from);
      this.#beginBoot();
      this.#firmware = false;
    } else if (context === NO_CONTEXT && FIRMWARE_LINE.test(text)) this.#firmware = true;
    if (text.startsWith(CONSOLE_LOST)) for (const report of this.#open.all()) report.lost = true;
  }

  /** A kernel without stamps starts here: since the end of the one before, only firmware has printed. */
  #forgetFirmware(from: number): void {
    const boot = this.#boots.current;
    if (!this.#collector.hasUnconfirmed(boot)) return;
    const restart = findRestart(readBefore(this.#window, from));
    if (restart !== null || boot === 0) this.#collector.removeUnconfirmed(boot, restart ?? 0);
  }

  /** Hands a line to the open reports. True if it may still open a report. */
  #handOver(line: LogLine, header: Header | null, place: LinePlace): boolean {
    const { text } = line;
    const { end, usual, hasWords } = place;
    if (this.#lineCount % SWEEP_LINES === 0) this.#open.sweep(this.#lineCount);
    const own = this.#open.get(line.context);
    if (own?.isOver(this.#lineCount, line.seconds) || own?.isBefore(line.seconds)) this.#open.close(own);
    if (!own || this.#open.get(line.context) !== own) {
      const { asking } = this.#open;
      if (!header && asking && isProcessor(line.context)) asking.take(line, end, this.#lineCount);
      return header !== null;
    }
    if (own.inlined && header?.kind && header.kind === own.header.kind) {
      own.rename(header, line, end);
      return false;
    }
    if (header && !own.isDuplicate(line, usual) && !own.continuesWith(header, line)) {
      this.#open.closeBefore(own, line);
      return true;
    }
    if (hasWords && INFORMATIVE_TRACES.some((words) => text.includes(words))) {
      this.#open.close(own);
      return false;
    }
    own.take(line, end, this.#lineCount);
    if (hasWords && text.includes(ALL_CPU_TRACES)) this.#open.ask(own);
    if (header && PANIC_LINE.test(text)) this.#markPanicked(line);
    return false;
  }

  #begin(header: Header, line: LogLine, place: LinePlace): void {
    const { words, kind } = header;
    const isPanic = PANIC_LINE.test(line.text);
    if (this.#boots.isOver(line, isPanic)) {
      this.#open.closeAll();
      this.#beginBoot();
    }
    if (isPanic && this.#markPanicked(line) && PANIC_AFTERMATH.test(line.text)) return;
    const start = this.#window.offsetOf(place.from);
    const unconfirmed = line.context === NO_CONTEXT && (kind === null || BROADCAST.test(line.text));
    if (unconfirmed && this.#lines.isStampedBefore(start)) return;
    if (this.#firmware && kind === null && line.context === NO_CONTEXT) return;
    if (kind?.restart && isOrderly(readBefore(this.#window, place.from))) return;
    this.#boots.note(line);
    if (kind?.recurring && this.#boots.isRecurring(normaliseTitle(words), line.seconds)) return;
    const ownPrefix = this.#prefixes.ofReport(line.text.slice(0, line.text.indexOf(words)));
    const floor = this.#open.reachOf(line.context);
    const lead = findLead(this.#window, line, place.from, { floor, lines: this.#lines, ownPrefix });
    const report = new OpenReport(header, line, { start, end: place.end, at: this.#lineCount }, lead, {
      usual: place.usual,
      unconfirmed,
      linePrefix: ownPrefix,
    });
    this.#open.add(report);
    this.#fresh = report;
    if (!unconfirmed && kind?.needsTrace !== true) this.#options.onHeader?.(normaliseTitle(words));
  }

  #beginBoot(): void {
    this.#boots.begin();
    this.#open.boot = this.#boots.current;
  }

  /** Marks every open report, and the last closed ones, as those of a kernel that panicked. True if there were any. */
  #markPanicked(line: LogLine): boolean {
    this.#boots.panic(line);
    for (const report of this.#open.all()) report.panicked = true;
    return this.#collector.markPanicked(this.#boots.current, line.seconds) || this.#open.size > 0;
  }
}
