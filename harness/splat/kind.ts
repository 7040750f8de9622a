// SPDX-License-Identifier: MIT
import type { Kind, OptionalKind } from './kinds/family.ts';
import { FOREIGN_LINE, HEADLINES } from './kinds/headline.ts';
import { KINDS } from './kinds/table.ts';
import type { ReportLine } from './line.ts';
import { literalOf } from './literal.ts';

/** A line that opens a report. */
export interface Header {
  /** Null for a line that no kind matches: its own words are the title. */
  readonly kind: Kind | null;
  /** The line, from the words on that open the report. */
  readonly words: string;
  /** All kinds that match the line, in the order of the table. */
  readonly matches: readonly Match[];
}

/** A kind and what its expression matched in the headline. */
export interface Match {
  readonly kind: Kind;
  readonly head: RegExpExecArray;
}

/** The kind of a whole report. */
export interface Classification {
  readonly kind: Kind | null;
  readonly groups: readonly (string | undefined)[];
  readonly named: string | undefined;
  /** A line that the kind must have is missing. */
  readonly incomplete: boolean;
}

const ALL_HEADLINES = [...HEADLINES, ...KINDS.flatMap((kind) => kind.opens ?? [])];
/** A line without any of these opens no report. */
export const HEADLINE_WORDS: readonly string[] = ALL_HEADLINES.map((headline) => headline.words);

const BY_WORDS = new Map(ALL_HEADLINES.map((headline) => [headline.words, headline]));
const IN_LINE = new RegExp(
  HEADLINE_WORDS.map((words) => words.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'),
  'g',
);

/** The kinds, each with words that its headline cannot do without. */
const TRIED_KINDS = KINDS.map((kind) => ({ kind, literal: literalOf(kind.header) }));

/** In characters. Kernels print no longer lines, and some expressions take quadratic time. */
const LONGEST_HEADLINE = 2048;

/** Reads the headline of a report; null for a line that opens none. `wanted` are the optional kinds that count. */
export function readHeader(line: string, wanted: ReadonlySet<OptionalKind>): Header | null {
  const text = line.length > LONGEST_HEADLINE ? line.slice(0, LONGEST_HEADLINE) : line;
  IN_LINE.lastIndex = 0;
  if (!IN_LINE.test(text) || FOREIGN_LINE.test(text)) return null;
  IN_LINE.lastIndex = 0;
  let matches: readonly Match[] | null = null;
  const tried = new Set<string>();
  for (let match = IN_LINE.exec(text); match; match = IN_LINE.exec(text)) {
    const [words] = match;
    const headline = tried.has(words) ? undefined : BY_WORDS.get(words);
    tried.add(words);
    if (!headline || headline.harmless?.test(text)) continue;
    matches ??= matchKinds(text, wanted);
    const kind = firstOf(matches);
    if (kind || !headline.known) return { kind, words: text.slice(match.index), matches };
  }
  return null;
}

function matchKinds(text: string, wanted: ReadonlySet<OptionalKind>): readonly Match[] {
  const matches: Match[] = [];
  for (const { kind, literal } of TRIED_KINDS) {
    if (!text.includes(literal) || (kind.optional !== undefined && !wanted.has(kind.optional))) continue;
    const head = kind.header.exec(text);
    if (head) matches.push({ kind, head });
  }
  return matches;
}

/** The kind that matches first in the line; of several at the same place, the more specific one. */
function firstOf(matches: readonly Match[]): Kind | null {
  let best: Match | null = null;
  for (const match of matches) if (!best || match.head.index < best.head.index) best = match;
  return best?.kind ?? null;
}

/** The function that an expression named: groups `f`, `f2` … of its alternatives. */
function nameIn(match: RegExpExecArray | null | undefined): string | undefined {
  return match?.groups?.f ?? match?.groups?.f2 ?? match?.groups?.f3;
}

/** Chooses the kind, among those that match the headline, by the whole report. Its first line is the headline. */
export function classifyReport(matches: readonly Match[], lines: readonly ReportLine[]): Classification {
  let text: string | null = null;
  let fallback: Classification | null = null;
  let best: { readonly classification: Classification; readonly place: number } | null = null;
  for (const { kind, head } of matches) {
    if (best && head.index >= best.place) continue;
    if (kind.body) text ??= lines.map((line) => line.text).join('\n');
    const body = kind.body?.exec(text ?? '');
    const classification = {
      kind,
      groups: [...head, ...(body?.slice(1) ?? [])],
      named: nameIn(head) ?? nameIn(body),
      incomplete: kind.body !== undefined && !body,
    };
    if (classification.incomplete) fallback ??= classification;
    else best = { classification, place: head.index };
  }
  return best?.classification ?? fallback ?? { kind: null, groups: [], named: undefined, incomplete: false };
}
