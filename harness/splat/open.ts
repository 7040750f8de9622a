// SPDX-License-Identifier: MIT
import type { Front } from './front.ts';
import type { Header } from './kind.ts';
import { END_MARK, REPORT_MARK, RULE_MARK } from './kinds/furniture.ts';
import { PANIC_LINE } from './kinds/panic.ts';
import { type ReportLine, readReportLine } from './line.ts';
import type { Prefix } from './prefix.ts';
import type { ContextId, LogLine } from './printk.ts';
import type { Report } from './report.ts';

/** After how many lines, and seconds, without a word of a report it is over. */
const PATIENCE = {
  waiting: { own: 200, all: 4000, seconds: 60 },
  satisfied: { own: 40, all: 2000, seconds: 10 },
  ended: { own: 15, all: 300, seconds: 3 },
} as const;
const MOST_LINES = 2000;
const MOST_TEXT = 128 * 1024;
const HEAD_LINES = 12;
const DASH = 0x2d;
const EQUALS = 0x3d;
/** Stamps of different processors may be so much out of order, in seconds. */
const JITTER = 0.001;
/** A second copy of a line that came another way stands so near. */
const ECHO_LINES = 3;

/** A complaint while its lines still come in. */
export class OpenReport {
  header: Header;
  readonly context: ContextId;
  readonly seconds: number | null;
  readonly start: number;
  before: readonly string[];
  /** The firmware's or a program's words may look like this one: it counts only in a log without any stamp. */
  readonly doubted: boolean;
  panicked = false;
  lost = false;
  /** The signature under which it was announced before it was closed. */
  announced: string | null = null;
  /** The headline had the usual form, `[    5.123456] words`. */
  readonly #usual: boolean;
  /** What stands before the headline's words, and may stand before the other lines. */
  readonly #front: Front | null;
  #lines: ReportLine[];
  #length: number;
  /** How many lines, and up to where, surely belong to it. */
  #sureLines = 1;
  #sureEnd: number;
  #frames = false;
  #ended = false;
  #idle = 0;
  /** Where it ended before a rule (`=====`) that was its last line. */
  #beforeRule: { readonly lines: number; readonly end: number } | null = null;
  #sureAt: number;
  #sureSeconds: number | null;

  constructor(
    header: Header,
    line: LogLine,
    place: { start: number; end: number; at: number },
    prefix: Prefix,
    form: { readonly usual: boolean; readonly doubted: boolean; readonly front: Front | null },
  ) {
    this.header = header;
    this.context = line.context;
    this.seconds = line.seconds;
    this.before = prefix.lines;
    this.start = prefix.start ?? place.start;
    this.doubted = form.doubted;
    this.#usual = form.usual;
    this.#front = form.front;
    const headline = readReportLine(line.text);
    this.panicked = headline.panic;
    this.#lines = [headline];
    this.#length = line.text.length;
    this.#sureEnd = place.end;
    this.#sureAt = place.at;
    this.#sureSeconds = line.seconds;
  }

  /** No trace has come yet, and not much else. */
  get atHead(): boolean {
    return !this.#frames && !this.#ended && this.#lines.length < HEAD_LINES;
  }

  get lastSeconds(): number | null {
    return this.#sureSeconds ?? this.seconds;
  }

  /** A line from before the headline, by its stamp: another boot, or another log. */
  isBefore(seconds: number | null): boolean {
    return seconds !== null && this.seconds !== null && seconds < this.seconds - JITTER;
  }

  /** The headline once more: the same words at the same time. */
  isHeadline(line: LogLine): boolean {
    return line.seconds === this.seconds && line.text === this.#lines[0]?.text;
  }

  /** Whether a headline that comes again is only its echo, by another way to the same console. */
  isEcho(line: LogLine, usual: boolean): boolean {
    return usual !== this.#usual && this.#lines.length <= ECHO_LINES && this.isHeadline(line);
  }

  /** Whether the line of a headline goes on with this report instead of opening another. */
  continuesWith(header: Header, line: LogLine): boolean {
    if (this.isHeadline(line) || this.isBefore(line.seconds)) return false;
    if (this.atHead && this.header.kind?.joins?.test(line.text)) return true;
    const how = header.kind?.continues;
    if (how === undefined) return false;
    if (how === 'head') return this.atHead;
    const panic = PANIC_LINE.test(line.text);
    // A kernel panics once.
    return panic ? !this.panicked : !this.#ended;
  }

  #read(words: string): ReportLine {
    const behind = this.#front?.strip(words);
    const read = behind === null || behind === undefined ? null : readReportLine(behind);
    return read?.sure ? read : readReportLine(words);
  }

  /** The headline was that of an inlined function, which a symboliser put in front of the real one: this is it. */
  rename(header: Header, line: LogLine, end: number): void {
    this.header = header;
    const [inlined] = this.#lines;
    if (inlined) this.before = [...this.before, inlined.text];
    this.#lines = [readReportLine(line.text)];
    this.#sureEnd = end;
  }

  /** Whether nothing but the headline has come, and that names a function which was inlined. */
  get inlined(): boolean {
    return this.#lines.length === 1 && (this.#lines[0]?.text.endsWith(' [inline]') ?? false);
  }

  /** Takes a line of its own context; `at` counts the lines of the log. */
  take(line: LogLine, end: number, at: number): void {
    const read = this.#read(line.text);
    const { text } = read;
    const first = text.charCodeAt(0);
    const isMark = first === DASH || first === EQUALS;
    // The mark of the next report, if one follows.
    this.#beforeRule = null;
    const sure = read.sure && !(first === DASH && this.#frames && REPORT_MARK.test(text));
    const frame = read.frames.length > 0;
    if (read.panic) this.panicked = true;
    if (!sure) this.#idle += 1;
    if (this.#ended && (!sure || (isMark && RULE_MARK.test(text)))) return;
    this.#lines.push(read);
    this.#length += text.length + 1;
    if (!sure) return;
    this.#frames ||= frame;
    this.#idle = 0;
    if (first === EQUALS) this.#beforeRule = { lines: this.#sureLines, end: this.#sureEnd };
    this.#sureLines = this.#lines.length;
    this.#sureEnd = end;
    this.#sureAt = at;
    if (line.seconds !== null) this.#sureSeconds = line.seconds;
    if (!isMark) return;
    if (END_MARK.test(text) || (this.#frames && RULE_MARK.test(text))) this.#ended = true;
  }

  /** Another headline follows at once: a rule right before that opens the next report and does not close this one. */
  giveUpRule(): void {
    if (!this.#beforeRule) return;
    this.#sureLines = this.#beforeRule.lines;
    this.#sureEnd = this.#beforeRule.end;
  }

  /** Whether it has what such a report needs: a trace, where its kind has one. */
  get isWhole(): boolean {
    return this.#frames || (this.header.kind?.stackless ?? true);
  }

  /** Whether nothing more of it can be expected. */
  isOver(at: number, seconds: number | null): boolean {
    if (this.#lines.length >= MOST_LINES || this.#length >= MOST_TEXT) return true;
    const patience = this.#ended ? PATIENCE.ended : this.isWhole ? PATIENCE.satisfied : PATIENCE.waiting;
    if (this.#idle > patience.own || at - this.#sureAt > patience.all) return true;
    const last = this.#sureSeconds;
    return seconds !== null && last !== null && Math.abs(seconds - last) > patience.seconds;
  }

  /** The lines up to the last that surely belongs to it. */
  close(): Report {
    return {
      header: this.header,
      before: this.before,
      lines: this.#lines.slice(0, this.#sureLines),
      seconds: this.seconds,
      start: this.start,
      end: this.#sureEnd,
      panicked: this.panicked,
      lost: this.lost,
    };
  }
}
