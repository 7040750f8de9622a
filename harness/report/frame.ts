// SPDX-License-Identifier: MIT
import { type Frame, printable, type SplatBody } from '../model/index.ts';
import { widthOf } from './text.ts';

/** Formats a frame: `func+0x1/0x2 [module] file:line`, `? ` before a guess, `[inlined]` after an inlined one. */
export function formatFrame(frame: Frame): string {
  const size = frame.size === null ? '' : `/0x${frame.size.toString(16)}`;
  const place = frame.offset === null ? '' : `+0x${frame.offset.toString(16)}${size}`;
  const module = frame.module === null ? '' : ` [${frame.module}]`;
  const source = frame.file === null ? '' : ` ${frame.file}${frame.line === null ? '' : `:${frame.line}`}`;
  return printable(
    `${frame.reliable ? '' : '? '}${frame.function}${place}${module}${source}${frame.inline ? ' [inlined]' : ''}`,
  );
}

/** Formats a frame on one line; its source goes to a second line where both together are wider than the report. */
export function foldFrame(frame: Frame, indent: string, columns: number): string[] {
  const whole = `${indent}${formatFrame(frame)}`;
  if (frame.file === null || widthOf(whole) <= columns) return [whole];
  const line = frame.line === null ? '' : `:${frame.line}`;
  return [
    `${indent}${formatFrame({ ...frame, file: null, inline: false })}`,
    `${' '.repeat(indent.length)}  ${printable(frame.file)}${line}${frame.inline ? ' [inlined]' : ''}`,
  ];
}

/**
 * Drops the frames that the unwinder only guessed, unless `verbose` is set. Keeps a trace that has nothing but guesses, and
 * frames whose source is quoted.
 */
export function shownFrames(
  frames: readonly Frame[],
  verbose: boolean,
  quoted: readonly Frame[] = [],
): readonly Frame[] {
  if (verbose || !frames.some((frame) => frame.reliable)) return frames;
  return frames.filter((frame) => frame.reliable || quoted.includes(frame));
}

/** Returns the instruction pointer's frame, then the first trace. */
export function callPath(splat: SplatBody): readonly Frame[] {
  const first = splat.frames.length > 0 ? splat.frames : (splat.traces[0]?.frames ?? []);
  return splat.pc ? [splat.pc, ...first] : first;
}
