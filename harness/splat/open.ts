// SPDX-License-Identifier: MIT

import type { Header } from './kind.ts';
import { END_MARK, REPORT_MARK, RULE_MARK } from './kinds/body.ts';
import { PANIC_LINE } from './kinds/panic.ts';
import type { Lead } from './lead.ts';
import { ReportLine, readReportLine } from './line.ts';
import { type ContextId, isProcessor, isTask, type LogLine } from './printk.ts';
import type { Report } from './report.ts';
import type { LinePrefix } from './transport/prefix.ts';

/** A report is over after this many other lines of its own context, lines in all, or seconds. */
const PATIENCE = {
  waiting: { own: 200, all: 4000, seconds: 60 },
  satisfied: { own: 40, all: 2000, seconds: 10 },
  ended: { own: 15, all: 300, seconds: 3 },
} as const;
/** A report that was cut so soon may have its trace in the one that cut it. */
const CUT_LINES = 40;
const CUT_SECONDS = 2;
const MOST_LINES = 2000;
const MOST_TEXT = 128 * 1024;
const DASH = 0x2d;
const EQUALS = 0x3d;
/** Stamps of different processors may be out of order by this. */
const JITTER_SECONDS = 0.001;
/** A duplicate from another console appears within this many lines. */
const DUPLICATE_LINES = 3;

/** A report that is still open: more lines of it may come. */
export class OpenReport {
  header: Header;
  readonly context: ContextId;
  readonly seconds: number | null;
  readonly start: number;
  /** Where the headline's line begins in the log. */
  readonly headlineStart: number;
  before: readonly string[];
  /** It may be words of the firmware or of a program: it counts only in a log without any stamp. */
  readonly unconfirmed: boolean;
  /** A report that this one cut before its trace: it may be named by the trace of this one. */
  cut: OpenReport | null = null;
  panicked = false;
  lost = false;
  /** The signature under which it was announced before it was closed. */
  announced: string | null = null;
  /** The headline had the usual form, `[    5.123456] words`. */
  readonly #usual: boolean;
  /** The prefix of the headline's words; the other lines may have it too. */
  readonly #linePrefix: LinePrefix | null;
  #lines: ReportLine[];
  #length: number;
  /** The number of lines that belong to it for sure, and where they end. */
  #bodyLines = 1;
  #bodyEnd: number;
  #frames = false;
  #ended = false;
  #idle = 0;
  /** Where it ended before its last line, if that is a rule (`=====`). */
  #beforeRule: { readonly lines: number; readonly end: number } | null = null;
  #bodyAt: number;
  #bodySeconds: number | null;

  constructor(
    header: Header,
    line: LogLine,
    place: { start: number; end: number; at: number },
    lead: Lead,
    form: { readonly usual: boolean; readonly unconfirmed: boolean; readonly linePrefix: LinePrefix | null },
  ) {
    this.header = header;
    this.context = line.context;
    this.seconds = line.seconds;
    this.before = lead.lines;
    this.start = lead.start ?? place.start;
    this.headlineStart = place.start;
    this.unconfirmed = form.unconfirmed;
    this.#usual = form.usual;
    this.#linePrefix = form.linePrefix;
    const headline = readReportLine(line.text);
    this.panicked = headline.panic;
    this.#lines = [headline];
    this.#length = line.text.length;
    this.#bodyEnd = place.end;
    this.#bodyAt = place.at;
    this.#bodySeconds = line.seconds;
  }

  /** No trace has come yet. Lines of others, and how many there are, do not count. */
  get atHead(): boolean {
    return !this.#frames && !this.#ended;
  }

  get lastSeconds(): number | null {
    return this.#bodySeconds ?? this.seconds;
  }

  /** Whether a stamp is earlier than the headline's: such a line is of another boot or another log. */
  isBefore(seconds: number | null): boolean {
    return seconds !== null && this.seconds !== null && seconds < this.seconds - JITTER_SECONDS;
  }

  /** Whether a line repeats the headline: the same words at the same time. */
  isHeadline(line: LogLine): boolean {
    return line.seconds === this.seconds && line.text === this.#lines[0]?.text;
  }

  /** Whether a repeated headline is a duplicate that came by another way to the same console. */
  isDuplicate(line: LogLine, usual: boolean): boolean {
    return usual !== this.#usual && this.#lines.length <= DUPLICATE_LINES && this.isHeadline(line);
  }

  /** Whether the line of a headline continues this report instead of opening another. */
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
    const behind = this.#linePrefix?.strip(words);
    const read = behind === null || behind === undefined ? null : readReportLine(behind);
    return read?.isBody ? read : readReportLine(words);
  }

  /** Takes the real headline, after one of an inlined function that a symboliser inserted. */
  rename(header: Header, line: LogLine, end: number): void {
    this.header = header;
    const [inlined] = this.#lines;
    if (inlined) this.before = [...this.before, inlined.text];
    this.#lines = [readReportLine(line.text)];
    this.#bodyEnd = end;
  }

  /** Whether only the headline has come, and names an inlined function. */
  get inlined(): boolean {
    return this.#lines.length === 1 && (this.#lines[0]?.text.endsWith(' [inline]') ?? false);
  }

  /** Takes a line of its own context; `at` counts the lines of the log. */
  take(line: LogLine, end: number, at: number): void {
    const read = this.#read(line.text);
    const { text } = read;
    const first = text === '' ? 0 : text.charCodeAt(0);
    const isMark = first === DASH || first === EQUALS;
    // If another report follows, a rule is its first line.
    this.#beforeRule = null;
    const sure = read.isBody && !(first === DASH && this.#frames && REPORT_MARK.test(text));
    const frame = read.hasFrames;
    if (read.panic) this.panicked = true;
    if (!sure) this.#idle += 1;
    if (this.#ended && (!sure || (isMark && RULE_MARK.test(text)))) return;
    this.#lines.push(read);
    this.#length += text.length + 1;
    if (!sure) return;
    this.#frames ||= frame;
    this.#idle = 0;
    if (first === EQUALS) this.#beforeRule = { lines: this.#bodyLines, end: this.#bodyEnd };
    this.#bodyLines = this.#lines.length;
    this.#bodyEnd = end;
    this.#bodyAt = at;
    if (line.seconds !== null) this.#bodySeconds = line.seconds;
    if (!isMark) return;
    if (END_MARK.test(text) || (this.#frames && RULE_MARK.test(text))) this.#ended = true;
  }

  /** Whether the next line, if it is a plain frame with this stamp, belongs to it for sure and can be taken unread. */
  expectsFrame(at: number, seconds: number): boolean {
    return this.#linePrefix === null && !this.isOver(at, seconds) && !this.isBefore(seconds);
  }

  /** Takes a plain frame that it expects, as `take` would. */
  takeFrame(text: string, isGuessed: boolean, seconds: number, end: number, at: number): void {
    this.#beforeRule = null;
    this.#lines.push(ReportLine.ofPlainFrame(text, isGuessed));
    this.#length += text.length + 1;
    this.#frames = true;
    this.#idle = 0;
    this.#bodyLines = this.#lines.length;
    this.#bodyEnd = end;
    this.#bodyAt = at;
    this.#bodySeconds = seconds;
  }

  /** Another headline follows: a rule right before it belongs to that report. */
  giveUpRule(): void {
    if (!this.#beforeRule) return;
    this.#bodyLines = this.#beforeRule.lines;
    this.#bodyEnd = this.#beforeRule.end;
  }

  /**
   * Whether the headline of another report cut it before its trace. Only a caller id tells that both are of one task or
   * processor.
   */
  isCutBy({ seconds }: LogLine): boolean {
    if (!isTask(this.context) && !isProcessor(this.context)) return false;
    if (this.isWhole || this.#lines.length > CUT_LINES || seconds === null || this.seconds === null)
      return false;
    return seconds - this.seconds <= CUT_SECONDS;
  }

  /** Where its last sure line ends. */
  get end(): number {
    return this.#bodyEnd;
  }

  /** Whether it has what such a report needs: a trace, where its kind has one. */
  get isWhole(): boolean {
    const { kind } = this.header;
    return this.#frames || kind === null || kind.stackless === true;
  }

  /** Whether no more lines of it can be expected. */
  isOver(at: number, seconds: number | null): boolean {
    if (this.#lines.length >= MOST_LINES || this.#length >= MOST_TEXT) return true;
    const patience = this.#ended ? PATIENCE.ended : this.isWhole ? PATIENCE.satisfied : PATIENCE.waiting;
    if (this.#idle > patience.own || at - this.#bodyAt > patience.all) return true;
    const last = this.#bodySeconds;
    return seconds !== null && last !== null && Math.abs(seconds - last) > patience.seconds;
  }

  /** The report up to the last line that belongs to it for sure. It stays open. */
  close(): Report {
    return {
      header: this.header,
      before: this.before,
      lines: this.#lines.slice(0, this.#bodyLines),
      seconds: this.seconds,
      start: this.start,
      end: this.#bodyEnd,
      panicked: this.panicked,
      lost: this.lost,
    };
  }
}
