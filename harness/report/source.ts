// SPDX-License-Identifier: MIT
import pc from 'picocolors';
import { printable, type SourceExcerpt, type SourceLines } from '../model/index.ts';
import { cutText } from './text.ts';

/** Width of a tab in kernel sources. */
const TAB = 8;

const MARKS = { added: '+', removed: '-' } as const;
const TINTS = { added: 'green', removed: 'red' } as const;

export interface ExcerptOptions {
  readonly color: boolean;
  readonly columns: number;
}

/**
 * Orders the places that an excerpt may mean. The compiler merges the code of equal lines and debug information names one
 * of them: lines that the series adds come first.
 */
export function excerptPlaces(excerpt: SourceExcerpt): readonly SourceLines[] {
  const isAdded = ({ line, lines }: SourceLines) =>
    lines.some((one) => one.number === line && one.change === 'added');
  const places: readonly SourceLines[] = [excerpt, ...excerpt.merged];
  return [...places.filter(isAdded), ...places.filter((one) => !isAdded(one))];
}

/**
 * Formats an excerpt: `>` before the line that is meant, `+` or `-` before what the series adds or removes. Expands tabs,
 * drops the indentation that all lines share, and cuts at the report's width.
 */
export function formatExcerpt(excerpt: SourceExcerpt, indent: string, options: ExcerptOptions): string[] {
  const [first, ...others] = excerptPlaces(excerpt);
  const numbers = [excerpt, ...excerpt.merged].flatMap(({ lines }) => lines.map((line) => line.number));
  const width = String(Math.max(...numbers)).length;
  const format = (one: SourceLines) => formatLines(one, indent, width, options);
  if (!first || others.length === 0) return formatLines(excerpt, indent, width, options);
  return [
    ...format(first),
    `${indent}or here: these lines are the same, and the compiler merged their code`,
    ...others.flatMap(format),
  ];
}

function formatLines(source: SourceLines, indent: string, width: number, options: ExcerptOptions): string[] {
  const paint = pc.createColors(options.color);
  const texts = source.lines.map((line) => expandTabs(line.text).trimEnd());
  const depths = texts.filter((text) => text !== '').map((text) => /^ */.exec(text)?.[0].length ?? 0);
  const shared = depths.length > 0 ? Math.min(...depths) : 0;
  return source.lines.map((line, index) => {
    const own = line.number === source.line;
    const mark = line.change === null ? ' ' : MARKS[line.change];
    const text = printable((texts[index] ?? '').slice(shared));
    const number = String(line.number).padStart(width);
    const whole = `${indent}${own ? '>' : ' '} ${number} ${mark}| ${text}`.trimEnd();
    const cut = cutText(whole, options.columns);
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
