// SPDX-License-Identifier: MIT
import pc from 'picocolors';
import type { SourceExcerpt } from '../model/index.ts';
import { printable, REPORT_COLUMNS } from './words.ts';

/** The kernel's own width of a tab. */
const TAB = 8;

const MARKS = { added: '+', removed: '-' } as const;

/**
 * An excerpt for people, a line each: `>` before the frame's own line, `+` or `-` before what the series added or takes
 * away, tabs as blanks, indentation that all lines have left out, cut at the report's width.
 */
export function formatExcerpt(excerpt: SourceExcerpt, indent: string, color: boolean): string[] {
  const paint = pc.createColors(color);
  const texts = excerpt.lines.map((line) => expandTabs(line.text).trimEnd());
  const shared = Math.min(
    ...texts.filter((text) => text !== '').map((text) => /^ */.exec(text)?.[0].length ?? 0),
  );
  const width = String(excerpt.lines.at(-1)?.number ?? 0).length;
  return excerpt.lines.map((line, index) => {
    const own = line.number === excerpt.line;
    const mark = line.change === null ? ' ' : MARKS[line.change];
    const text = printable((texts[index] ?? '').slice(Number.isFinite(shared) ? shared : 0));
    const whole =
      `${indent}${own ? '>' : ' '} ${String(line.number).padStart(width)} ${mark}| ${text}`.trimEnd();
    const cut = whole.length > REPORT_COLUMNS ? `${whole.slice(0, REPORT_COLUMNS - 1)}…` : whole;
    const tint =
      line.change === 'added' ? paint.green : line.change === 'removed' ? paint.red : (one: string) => one;
    return own ? paint.bold(tint(cut)) : tint(cut);
  });
}

function expandTabs(text: string): string {
  let wide = '';
  for (const character of text)
    wide += character === '\t' ? ' '.repeat(TAB - (wide.length % TAB)) : character;
  return wide;
}
