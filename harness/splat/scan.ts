// SPDX-License-Identifier: MIT
import type { Splat } from '../model/index.ts';
import { parseFrame } from './frame.ts';
import { HARMLESS, KINDS } from './kinds/table.ts';
import { type LogLine, parseLine } from './printk.ts';
import { closeReport, type OpenReport } from './report.ts';

export interface ScannerOptions {
  /** Told each splat when it is complete, in the order of completion. */
  readonly onSplat?: (splat: Splat) => void;
}

export interface Scanner {
  push(chunk: Uint8Array | string): void;
  end(): readonly Splat[];
}

/** A cheap test that every header passes; few other lines do. */
const CANDIDATE = /BUG|WARNING: |INFO: |panic|fault|error|UBSAN|opcode|[Uu]nable to handle|lockup|LOCKUP/;
/** A longer line is cut: no kernel prints one. */
const LONGEST_LINE = 16 * 1024;
const PREFIX_LINES = 5;
/** A report that has gone so long without a frame is over. */
const IDLE_LINES = 40;
const LONGEST_REPORT = 2000;
const LONGEST_TEXT = 128 * 1024;
/** Seconds within which a complaint of the same task, or a panic, is taken to follow from the one before. */
const FOLLOW_SECONDS = 10;

/** Reads a log in pieces of any size and finds the kernel's complaints. Never throws, whatever the bytes. */
export function createScanner(options: ScannerOptions = {}): Scanner {
  const state = new ScanState(options.onSplat);
  let rest = '';
  let offset = 0;
  return {
    push(chunk) {
      const text =
        rest +
        (typeof chunk === 'string'
          ? Buffer.from(chunk, 'utf8').toString('latin1')
          : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1'));
      let from = 0;
      for (let end = text.indexOf('\n', from); end >= 0; end = text.indexOf('\n', from)) {
        state.take(text.slice(from, Math.min(end, from + LONGEST_LINE)), offset + from, offset + end + 1);
        from = end + 1;
      }
      rest = text.slice(from);
      offset += from;
      if (rest.length > 4 * LONGEST_LINE) {
        // A line without an end: its head is kept, the rest is passed over.
        offset += rest.length - LONGEST_LINE;
        rest = rest.slice(0, LONGEST_LINE);
      }
    },
    end() {
      if (rest !== '') state.take(rest.slice(0, LONGEST_LINE), offset, offset + rest.length);
      rest = '';
      return state.finish();
    },
  };
}

/** All splats of a whole log. */
export function scanLog(log: Uint8Array | string): readonly Splat[] {
  const scanner = createScanner();
  scanner.push(log);
  return scanner.end();
}

/** Whether a line is the kernel's announcement that it has panicked. */
export function isPanicLine(line: string): boolean {
  return /Kernel panic - not syncing/.test(line) && !/end Kernel panic/.test(line);
}

interface Prefix {
  readonly text: string;
  readonly start: number;
}

class ScanState {
  readonly #onSplat: ((splat: Splat) => void) | undefined;
  readonly #open = new Map<string, OpenReport>();
  readonly #before = new Map<string, Prefix[]>();
  readonly #done: { splat: Splat; context: string; seconds: number | null }[] = [];

  constructor(onSplat: ((splat: Splat) => void) | undefined) {
    this.#onSplat = onSplat;
  }

  take(raw: string, start: number, end: number): void {
    const line = parseLine(raw);
    if (!line) return;
    const report = this.#open.get(line.context);
    const header = CANDIDATE.test(line.text) ? matchHeader(line.text) : null;
    if (header && !(report && header.kind.continues)) {
      if (report && isRestatement(report, line)) {
        this.#extend(report, line, end);
        return;
      }
      if (report) this.#close(report);
      this.#openReport(header, line, start, end);
    } else if (report) this.#extend(report, line, end);
    else this.#remember(line, start);
  }

  finish(): readonly Splat[] {
    for (const report of [...this.#open.values()]) this.#close(report);
    const inOrder = this.#done.sort((a, b) => a.splat.start - b.splat.start);
    return inOrder.map((entry, index) => ({ ...entry.splat, follows: findRoot(inOrder, index) }));
  }

  #openReport(header: Header, line: LogLine, start: number, end: number): void {
    const prefix = this.#before.get(line.context) ?? [];
    this.#before.delete(line.context);
    this.#open.set(line.context, {
      ...header,
      context: line.context,
      seconds: line.seconds,
      lines: [...prefix.map((one) => one.text), line.text],
      start: prefix[0]?.start ?? start,
      end,
      sinceFrame: 0,
      textLength: line.text.length,
    });
  }

  #extend(report: OpenReport, line: LogLine, end: number): void {
    report.end = end;
    if (report.textLength < LONGEST_TEXT) {
      report.lines.push(line.text);
      report.textLength += line.text.length;
    }
    const isFrame =
      parseFrame(line.text) !== null ||
      /^(RIP|RSP|R[A-Z0-9]{2}|CR2|Code|Modules linked in|Call Trace|Hardware name|CPU): ?/.test(
        line.text.trimStart(),
      );
    report.sinceFrame = isFrame ? 0 : report.sinceFrame + 1;
    if (
      /---\[ end (trace|Kernel panic)/.test(line.text) ||
      report.sinceFrame > IDLE_LINES ||
      report.lines.length > LONGEST_REPORT
    )
      this.#close(report);
    else if (/^={40,}$/.test(line.text) && report.lines.length > 8 && report.kind.type === 'kasan')
      this.#close(report);
  }

  #remember(line: LogLine, start: number): void {
    const prefix = this.#before.get(line.context) ?? [];
    prefix.push({ text: line.text, start });
    if (prefix.length > PREFIX_LINES) prefix.shift();
    this.#before.set(line.context, prefix);
    if (this.#before.size > 256) this.#before.delete(this.#before.keys().next().value ?? '');
  }

  #close(report: OpenReport): void {
    this.#open.delete(report.context);
    const splat = closeReport(report);
    this.#done.push({ splat, context: report.context, seconds: report.seconds });
    this.#onSplat?.(splat);
  }
}

interface Header {
  readonly kind: OpenReport['kind'];
  readonly match: RegExpExecArray;
}

function matchHeader(text: string): Header | null {
  if (HARMLESS.some((pattern) => pattern.test(text))) return null;
  for (const kind of KINDS) {
    const match = kind.header.exec(text);
    if (match) return { kind, match };
  }
  return null;
}

/** A second headline of the same event, such as `Oops:` after `BUG:`. */
function isRestatement(report: OpenReport, line: LogLine): boolean {
  return (
    report.sinceFrame < 4 &&
    report.lines.length < 10 &&
    /^(Oops|Internal error|invalid opcode)/.test(line.text.trimStart())
  );
}

/** The index of the splat that this one follows from: a dead task's later words, a panic after an oops. */
function findRoot(
  all: readonly { readonly splat: Splat; readonly context: string; readonly seconds: number | null }[],
  index: number,
): number | null {
  const own = all[index];
  if (!own) return null;
  for (let earlier = 0; earlier < index; earlier += 1) {
    const other = all[earlier];
    if (!other || findRoot(all, earlier) !== null) continue;
    const near =
      own.seconds === null || other.seconds === null || own.seconds - other.seconds < FOLLOW_SECONDS;
    const sameTask = own.context === other.context && /^T/.test(own.context);
    const died = /\bD\b/.test(own.splat.taint ?? '') && own.splat.type !== 'hang';
    if ((near && (sameTask || own.splat.type === 'panic')) || died) return earlier;
  }
  return null;
}
