// SPDX-License-Identifier: MIT
import type { Frame, LineChange, SourceExcerpt, Splat } from '../model/index.ts';

/** The source that a kernel was built from. Paths are relative to its tree. */
export interface SourceText {
  /** A file's whole text; null where the tree has no such file. */
  read(path: string): Promise<string | null>;
  /** What the series did to a file's lines, by number from 1. */
  changes(path: string): Promise<ReadonlyMap<number, LineChange>>;
}

/** Lines before and after the one that a frame stands at. */
const AROUND = 1;
/** UTF-16 units of a line that are kept: generated tables have lines of any length. */
const LONGEST = 400;

/**
 * Gives a splat whose frames have source lines the text round its culprit's. It stays as it is where no frame is the
 * culprit's, or the tree has no such line: text of the wrong tree is worse than none.
 */
export async function quoteSource(splat: Splat, source: SourceText): Promise<Splat> {
  const frame = findCulpritFrame(splat);
  if (frame?.file == null || frame.line === null) return splat;
  const text = await source.read(frame.file);
  const excerpt = text === null ? null : cutOut(text, frame, await source.changes(frame.file));
  return excerpt ? { ...splat, source: excerpt } : splat;
}

/**
 * The frame that a splat is about, among those with a source line: the culprit's, one that the unwinder is sure of
 * first; the instruction pointer's where the report names no culprit, or names one that no frame has.
 */
export function findCulpritFrame(splat: Splat): Frame | null {
  const pointer = splat.pc ? [splat.pc] : [];
  const frames = [...pointer, ...splat.frames, ...splat.traces.flatMap((trace) => trace.frames)];
  const named = frames.filter(
    (frame) =>
      hasPlace(frame) && splat.culprit !== null && bareName(frame.function) === bareName(splat.culprit),
  );
  return named.find((frame) => frame.reliable) ?? named[0] ?? pointer.find(hasPlace) ?? null;
}

function hasPlace(frame: Frame): boolean {
  return frame.file !== null && frame.line !== null;
}

/** Parts that the compiler split off (`.cold`, `.part.0`) are the function's own lines. */
function bareName(name: string): string {
  return name.replace(/\..*$/, '');
}

function cutOut(text: string, frame: Frame, changes: ReadonlyMap<number, LineChange>): SourceExcerpt | null {
  const all = text.split('\n');
  if (all.at(-1) === '') all.pop();
  const line = frame.line ?? 0;
  if (line < 1 || line > all.length) return null;
  const first = Math.max(1, line - AROUND);
  const lines = all.slice(first - 1, line + AROUND).map((one, index) => ({
    number: first + index,
    text: one.replace(/\r$/, '').slice(0, LONGEST),
    change: changes.get(first + index) ?? null,
  }));
  return { function: frame.function, file: frame.file ?? '', line, lines };
}
