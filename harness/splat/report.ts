// SPDX-License-Identifier: MIT
import type { Splat } from '../model/index.ts';
import { findCulprit } from './culprit.ts';
import { readHead } from './head.ts';
import { type Header, judgeKind } from './kind.ts';
import { DROPPED_LINE } from './kinds/furniture.ts';
import type { ReportLine } from './line.ts';
import { signSplat } from './signature.ts';
import { fillTitle, normaliseTitle, typeOfTitle } from './title.ts';
import { findTear } from './torn.ts';
import { readTraces } from './trace.ts';

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
  /** Told from outside: the console was lost while the report came in. */
  readonly lost: boolean;
}

/** After so many lines a panic only repeats: its trace is not the complaint's. */
const LINES_BEFORE_PANIC = 22;
const LINES_BEFORE_PANIC_KMSAN = 16;
const LONGEST_TEXT = 64 * 1024;
const REPEATS = /possible circular locking dependency/;

/** What names a complaint. */
export interface Judgement {
  readonly title: string;
  readonly type: string;
  readonly culprit: string | null;
  readonly tear: string | null;
  /** A line that tells such a report from other programs' words is missing. */
  readonly incomplete: boolean;
  readonly signature: string;
  /** The kind looks at where the processor was. */
  readonly usesPc: boolean;
}

/** Names a finished report. */
export function judgeReport(report: Report): Judgement {
  const sure = trimReport(report.lines);
  const verdict = judgeKind(report.header.matches, sure);
  const { kind } = verdict;
  const search = kind ? findCulprit(kind, verdict.named, sure) : { culprit: null, injected: false };
  const title = kind
    ? fillTitle(kind.title, verdict.groups, search.culprit ?? 'corrupted')
    : normaliseTitle(report.header.words);
  const raw = kind ? fillGroups(kind.title, verdict.groups) : report.header.words;
  const type = typeOfTitle(title);
  return {
    title,
    type,
    culprit: search.culprit,
    tear: report.lost ? 'the console was lost while it was printed' : findTear(verdict, search, raw, sure),
    incomplete: verdict.incomplete,
    signature: signSplat(type, title, search.culprit),
    usesPc: kind?.walks?.some((walk) => walk.includes('pc')) ?? true,
  };
}

/** All that a finished report says. `follows` is filled by the scanner, who knows the neighbours. */
export function readReport(report: Report, judgement: Judgement): Splat {
  const { title, type, culprit, tear, signature } = judgement;
  const { pc, traces } = readTraces(report.lines);
  return {
    title,
    type,
    culprit,
    corrupted: tear !== null,
    corruptedReason: tear,
    panicked: report.panicked || report.lines.some((line) => line.panic),
    seconds: report.seconds,
    ...readHead(report.lines),
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

function fillGroups(form: string, groups: readonly (string | undefined)[]): string {
  return form.replace(/\$(\d)/g, (_, index: string) => groups[Number(index)] ?? '');
}

/** Without doubtful frames, and without the panic that a long enough report does not need. */
function trimReport(lines: readonly ReportLine[]): readonly ReportLine[] {
  const sure: ReportLine[] = [];
  const enough = lines[0]?.text.includes('KMSAN') ? LINES_BEFORE_PANIC_KMSAN : LINES_BEFORE_PANIC;
  for (const line of lines) {
    if (sure.length > 0 && line.doubtful) continue;
    if (line.frames.length > 0) {
      sure.push(line);
      continue;
    }
    if (sure.length > 0 && line.text.includes(DROPPED_LINE)) continue;
    if (sure.length >= enough && (line.panic || REPEATS.test(line.text))) break;
    sure.push(line);
  }
  return sure;
}

/** Lines came in byte by byte; what is UTF-8 becomes text again. */
function decodeText(text: string): string {
  const cut = text.length > LONGEST_TEXT ? text.slice(0, LONGEST_TEXT) : text;
  if (!/[\x80-\xff]/.test(cut)) return cut;
  return Buffer.from(cut, 'latin1').toString('utf8').slice(0, LONGEST_TEXT);
}
