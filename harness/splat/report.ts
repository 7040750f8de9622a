// SPDX-License-Identifier: MIT
import type { Splat } from '../model/index.ts';
import { findCulprit, NOBODY, type Search } from './culprit.ts';
import { type Classification, classifyReport, type Header } from './kind.ts';
import { DROPPED_LINE } from './kinds/body.ts';
import type { Kind, OtherTitle } from './kinds/family.ts';
import { LINES_BEFORE_PANIC, REPETITION, SHORT_REPORT, SHORT_REPORT_LINES } from './kinds/panic.ts';
import { SCHEDULER } from './kinds/stack.ts';
import type { ReportLine } from './line.ts';
import { readMetadata } from './metadata.ts';
import { signSplat } from './signature.ts';
import { fillForm, type Naming } from './title.ts';
import { readTraces } from './trace.ts';
import { findTruncation } from './truncation.ts';

/** The lines of one complaint. */
export interface Report {
  readonly header: Header;
  /** Lines of the same context just before the headline. */
  readonly before: readonly string[];
  /** The headline and all that follows. */
  readonly lines: readonly ReportLine[];
  /** The stamp of the headline. */
  readonly seconds: number | null;
  readonly start: number;
  readonly end: number;
  readonly panicked: boolean;
  /** The console was lost while the report came in. */
  readonly lost: boolean;
}

/** Old kernels put brackets around a headline. */
const HEADLINE_END = /[.!]? \]\s*$/;
const FEWEST_GUESSES = 4;
const LONGEST_TEXT = 64 * 1024;

/** The name of a complaint and what can be trusted in it. */
export interface Judgement {
  readonly title: string;
  /** Finds the other titles that it may be given. Of most complaints in a flood nobody wants them. */
  readonly findAlternatives: () => readonly string[];
  readonly type: string;
  readonly culprit: string | null;
  /** Says why the report cannot be trusted as a whole; null if it can. Of most in a flood nobody wants it either. */
  readonly findTruncation: () => string | null;
  /** A line is missing that distinguishes such a report from the words of other programs. */
  readonly incomplete: boolean;
  readonly signature: string;
  /** Such a line alone, without a trace, is no complaint. */
  readonly isNotice: boolean;
  /** The kind uses the instruction pointer. */
  readonly usesPc: boolean;
}

/** Names a finished report; `more` are the lines of the report that cut it before its trace. */
export function judgeReport(
  report: Report,
  naming: Naming,
  more: readonly ReportLine[] | undefined = undefined,
): Judgement {
  const all = more === undefined ? report.lines : [...report.lines, ...more];
  // A stack that overflowed is full of stale words.
  const reliable =
    report.header.kind?.choice === 'overflow' ? trimReport(all, false) : chooseLines(all, report.header.kind);
  const classification = classifyReport(report.header.matches, reliable);
  const { kind, groups } = classification;
  const search = kind ? findCulprit(kind, classification.named, reliable, naming) : NOBODY;
  const isBare = kind?.keepsWords && classification.incomplete && search.culprit === null;
  const words =
    kind && !isBare
      ? fillForm(kind.title, groups, search.culprit ?? 'corrupted')
      : report.header.words.replace(HEADLINE_END, '');
  const title = naming.normaliseTitle(words);
  const type = naming.typeOfTitle(title);
  return {
    title,
    findAlternatives: () => (isBare ? [] : findAlternatives(title, classification, search, reliable, naming)),
    type,
    culprit: search.culprit,
    findTruncation: () =>
      report.lost
        ? 'the console was lost while it was printed'
        : findTruncation(classification, search, words, reliable),
    incomplete: classification.incomplete,
    signature: signSplat(type, title, search.culprit, naming),
    isNotice: kind?.needsTrace === true && !all.some((line) => line.hasFrames),
    usesPc: kind?.walks?.some((walk) => walk.includes('pc')) ?? true,
  };
}

/**
 * Every other title that a sensible reader might give a report: those of the kind, each with every name that its culprit
 * has. Without a culprit a title that needs one would fit too much.
 */
function findAlternatives(
  title: string,
  { kind, groups }: Classification,
  search: Search,
  lines: readonly ReportLine[],
  naming: Naming,
): readonly string[] {
  if (!kind) return [];
  const { culprit, printed, innermost } = search;
  const names = new Set([culprit, printed]);
  const titles = new Set<string>();
  const add = (form: string, name: string | null) => {
    if (name !== null || !form.includes('$f'))
      titles.add(naming.normaliseTitle(fillForm(form, groups, name ?? '')));
  };
  // With the culprit it is the title itself.
  if (printed !== culprit) add(kind.title, printed);
  for (const { form, ...other } of kind.also ?? [])
    for (const name of 'walks' in other ? [nameOther(kind, other, lines, naming)] : names) add(form, name);
  if (innermost !== culprit) add(kind.title, innermost);
  titles.delete(title);
  return [...titles];
}

/** Whom another title of a kind names, if not the culprit. */
function nameOther(
  kind: Kind,
  { walks, skip }: Omit<OtherTitle, 'form'>,
  lines: readonly ReportLine[],
  naming: Naming,
): string | null {
  const other = { ...kind, walks: walks ?? [], lastWalks: [], skip: naming.joinSkips(kind.skip, skip) };
  return findCulprit(other, undefined, lines, naming).culprit;
}

/** Reads everything that a finished report says, except `follows`, which depends on its neighbours. */
export function readReport(report: Report, judgement: Judgement): Splat {
  const { title, type, culprit, signature } = judgement;
  const truncation = judgement.findTruncation();
  const { pc, traces } = readTraces(report.lines);
  return {
    title,
    alternatives: judgement.findAlternatives(),
    type,
    culprit,
    corrupted: truncation !== null,
    corruptedReason: truncation,
    panicked: report.panicked,
    seconds: report.seconds,
    ...readMetadata(report.lines),
    pc: judgement.usesPc ? pc : null,
    frames: traces[0]?.frames ?? [],
    traces,
    start: report.start,
    end: report.end,
    text: decodeText([...report.before, ...report.lines.map((line) => line.text)].join('\n')),
    follows: null,
    signature,
  };
}

/**
 * The lines that decide: without the frames that the unwinder only guessed. Some kernels guess every frame; a few guesses
 * alone may as well be what is left of a trace. Of a preempted task, the scheduler may be the only frame that is sure.
 */
function chooseLines(lines: readonly ReportLine[], kind: Kind | null): readonly ReportLine[] {
  const reliable = trimReport(lines, false);
  const isSure = (line: ReportLine) =>
    line.hasFrames &&
    (kind?.choice !== 'stall' || line.frames.some((frame) => !SCHEDULER.test(frame.function)));
  if (reliable.some(isSure)) return reliable;
  const guesses = lines.filter((line) => line.unreliable);
  return guesses.length < FEWEST_GUESSES ? reliable : trimReport(lines, true);
}

/** Removes unreliable frames unless they are wanted, and what only repeats a report that is long enough. */
function trimReport(lines: readonly ReportLine[], guesses: boolean): readonly ReportLine[] {
  const kept: ReportLine[] = [];
  const enough = SHORT_REPORT.test(lines[0]?.text ?? '') ? SHORT_REPORT_LINES : LINES_BEFORE_PANIC;
  for (const line of lines) {
    // The headline is always kept.
    if (kept.length === 0) {
      kept.push(line);
      continue;
    }
    if (line.unreliable && !guesses) continue;
    if (line.isPlainFrame) {
      kept.push(line);
      continue;
    }
    if (line.text.includes(DROPPED_LINE)) continue;
    if (kept.length >= enough && (line.panic || REPETITION.test(line.text))) break;
    kept.push(line);
  }
  return kept;
}

/** Lines have one character a byte; UTF-8 in them becomes text again. */
function decodeText(text: string): string {
  return Buffer.from(text.slice(0, LONGEST_TEXT), 'latin1').toString('utf8');
}
