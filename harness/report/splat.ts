// SPDX-License-Identifier: MIT
import pc from 'picocolors';
import { type Frame, printable, type SourceExcerpt, type SplatBody } from '../model/index.ts';
import { foldFrame, shownFrames } from './frame.ts';
import { formatExcerpt } from './source.ts';

export interface PrintOptions {
  readonly color: boolean;
  /** Width to which lines are folded or cut, where they can be. */
  readonly columns: number;
  /** Print frames that the unwinder only guessed as well. */
  readonly verbose: boolean;
}

/**
 * Prints one complaint: title, task, remarks, and every trace with source lines. Quoted source is printed below the frame
 * that it belongs to.
 */
export function printSplat(splat: SplatBody, options: PrintOptions): string[] {
  const paint = pc.createColors(options.color);
  const lines: string[] = [];
  const print = (text: string, tint = (one: string) => one) => lines.push(tint(printable(text)));
  print(splat.title, (title) => paint.bold(paint.red(title)));
  print(`  type ${splat.type}${splat.culprit === null ? '' : `, culprit ${splat.culprit}`}`);
  const task = describeTask(splat);
  if (task !== '') print(`  ${task}`);
  if (splat.corrupted) print(`  corrupted: ${splat.corruptedReason ?? 'truncated'}`, paint.yellow);
  if (splat.panicked) print('  the kernel panicked');
  if (splat.follows !== null) print(`  follows from complaint ${splat.follows + 1} of this log`);
  const frames = [...(splat.pc ? [splat.pc] : []), ...splat.traces.flatMap((trace) => trace.frames)];
  const quotes = [splat.source, splat.touched].flatMap((excerpt) => {
    const frame = excerpt && findFrame(excerpt, frames);
    return frame ? [{ excerpt, frame }] : [];
  });
  const quoted = quotes.map((quote) => quote.frame);
  const printFrame = (frame: Frame, indent: string, before = '') => {
    const tint = frame.reliable ? undefined : paint.dim;
    for (const line of foldFrame(frame, `${indent}${before}`, options.columns)) print(line, tint);
    for (const quote of quotes)
      if (quote.frame === frame) lines.push(...formatExcerpt(quote.excerpt, `${indent}  `, options));
  };
  if (splat.pc) printFrame(splat.pc, '  ', 'at ');
  for (const trace of splat.traces) {
    print(`  ${trace.label}:`);
    for (const frame of shownFrames(trace.frames, options.verbose, quoted)) printFrame(frame, '    ');
  }
  return lines;
}

/** Finds the frame below which an excerpt is printed; prefers a reliable frame to a guess. */
function findFrame(excerpt: SourceExcerpt, frames: readonly Frame[]): Frame | undefined {
  const own = frames.filter(
    (frame) =>
      frame.function === excerpt.function && frame.file === excerpt.file && frame.line === excerpt.line,
  );
  return own.find((frame) => frame.reliable) ?? own[0];
}

function describeTask(splat: SplatBody): string {
  const parts: string[] = [];
  if (splat.comm !== null) parts.push(`comm ${splat.comm}`);
  if (splat.pid !== null) parts.push(`pid ${splat.pid}`);
  if (splat.cpu !== null) parts.push(`cpu ${splat.cpu}`);
  if (splat.taint !== null) parts.push(`tainted ${splat.taint}`);
  return parts.join(', ');
}
