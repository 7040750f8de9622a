// SPDX-License-Identifier: MIT
import pc from 'picocolors';
import type { SourceExcerpt, SourceLines } from '../model/index.ts';
import { printable, REPORT_COLUMNS } from './words.ts';

/** The kernel's own width of a tab. */
const TAB = 8;

const MARKS = { added: '+', removed: '-' } as const;
const TINTS = { added: 'green', removed: 'red' } as const;

/**
 * An excerpt for people, a line each: `>` before the line that is meant, `+` or `-` before what the series added or
 * takes away, tabs as blanks, indentation that all lines have left out, cut at the report's width.
 */
export function formatExcerpt(excerpt: SourceExcerpt, indent: string, color: boolean): string[] {
  const all = [excerpt, ...excerpt.merged];
  const numbers = all.flatMap(({ lines }) => lines.map((line) => line.number));
  const width = String(Math.max(...numbers)).length;
  const lines = formatLines(excerpt, indent, width, color);
  if (excerpt.merged.length === 0) return lines;
  const words = 'or here: these lines read the same, and the compiler made one piece of code of them';
  return [
    ...lines,
    `${indent}${words}`,
    ...excerpt.merged.flatMap((one) => formatLines(one, indent, width, color)),
  ];
}

function formatLines(source: SourceLines, indent: string, width: number, color: boolean): string[] {
  const paint = pc.createColors(color);
  const texts = source.lines.map((line) => expandTabs(line.text).trimEnd());
  const depths = texts.filter((text) => text !== '').map((text) => /^ */.exec(text)?.[0].length ?? 0);
  const shared = depths.length > 0 ? Math.min(...depths) : 0;
  return source.lines.map((line, index) => {
    const own = line.number === source.line;
    const mark = line.change === null ? ' ' : MARKS[line.change];
    const text = printable((texts[index] ?? '').slice(shared));
    const number = String(line.number).padStart(width);
    const whole = `${indent}${own ? '>' : ' '} ${number} ${mark}| ${text}`.trimEnd();
    const cut = whole.length > REPORT_COLUMNS ? `${whole.slice(0, REPORT_COLUMNS - 1)}…` : whole;
    const tint = line.change === null ? (one: string) => one : paint[TINTS[line.change]];
    return own ? paint.bold(tint(cut)) : tint(cut);
  });
}

function expandTabs(text: string): string {
  let wide = '';
  for (const character of text)
    wide += character === '\t' ? ' '.repeat(TAB - (wide.length % TAB)) : character;
  return wide;
}
