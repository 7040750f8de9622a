// SPDX-License-Identifier: MIT
import type { Kind, OptionalKind } from './kinds/family.ts';
import { FOREIGN_LINE, HEADLINES } from './kinds/headline.ts';
import { KINDS } from './kinds/table.ts';
import type { ReportLine } from './line.ts';

/** A line that opens a report. */
export interface Header {
  /** Null for a line that no kind knows: its own words are the title. */
  readonly kind: Kind | null;
  /** The line from the headline's words on. */
  readonly words: string;
}

/** What a whole report turned out to be. */
export interface Verdict {
  readonly kind: Kind | null;
  readonly groups: readonly (string | undefined)[];
  readonly named: string | undefined;
  /** A line that the kind must have is missing. */
  readonly incomplete: boolean;
}

/** A line without any of these opens no report. */
export const HEADLINE_WORDS: readonly string[] = HEADLINES.map((headline) => headline.words);

const BY_WORDS = new Map(HEADLINES.map((headline) => [headline.words, headline]));
const IN_LINE = new RegExp(
  HEADLINE_WORDS.map((words) => words.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'),
  'g',
);

/** Whether a line opens a report, and of which kind. */
export function readHeader(text: string, wanted: ReadonlySet<OptionalKind>): Header | null {
  IN_LINE.lastIndex = 0;
  if (!IN_LINE.test(text) || FOREIGN_LINE.test(text)) return null;
  IN_LINE.lastIndex = 0;
  for (let match = IN_LINE.exec(text); match; match = IN_LINE.exec(text)) {
    const headline = BY_WORDS.get(match[0]);
    if (!headline || headline.innocent?.test(text)) continue;
    const kind = matchKind(text, wanted);
    if (kind || !headline.known) return { kind, words: text.slice(match.index) };
  }
  return null;
}

/** The kind whose words stand first in the line; among those at the same place, the more specific. */
function matchKind(text: string, wanted: ReadonlySet<OptionalKind>): Kind | null {
  let best: Kind | null = null;
  let place = Number.POSITIVE_INFINITY;
  for (const kind of KINDS) {
    if (kind.optional !== undefined && !wanted.has(kind.optional)) continue;
    const match = kind.header.exec(text);
    if (match && match.index < place) {
      best = kind;
      place = match.index;
    }
  }
  return best;
}

/** Decides the kind by the whole report: its first line is the headline. */
export function judgeKind(lines: readonly ReportLine[], wanted: ReadonlySet<OptionalKind>): Verdict {
  const headline = lines[0]?.text ?? '';
  let text: string | null = null;
  let fallback: Verdict | null = null;
  let best: { readonly verdict: Verdict; readonly place: number } | null = null;
  for (const kind of KINDS) {
    if (kind.optional !== undefined && !wanted.has(kind.optional)) continue;
    const head = kind.header.exec(headline);
    if (!head || (best && head.index >= best.place)) continue;
    if (kind.body) text ??= lines.map((line) => line.text).join('\n');
    const body = kind.body?.exec(text ?? '');
    const verdict = {
      kind,
      groups: [...head, ...(body?.slice(1) ?? [])],
      named: head.groups?.f ?? body?.groups?.f,
      incomplete: kind.body !== undefined && !body,
    };
    if (verdict.incomplete) fallback ??= verdict;
    else best = { verdict, place: head.index };
  }
  return best?.verdict ?? fallback ?? { kind: null, groups: [], named: undefined, incomplete: false };
}
