// SPDX-License-Identifier: MIT
import type { Frame, LineChange, SourceExcerpt, SourceLines, SplatBody } from '../model/index.ts';

/** The source that a kernel was built from. Paths are relative to its tree. */
export interface SourceText {
  /** A file's whole text; null where the tree has no such file. */
  read(path: string): Promise<string | null>;
  /** What the series did to a file's lines, by number from 1. */
  changes(path: string): Promise<ReadonlyMap<number, LineChange>>;
}

/** Lines before and after the one that a frame stands at. */
const AROUND = 1;
/** In UTF-16 units. Generated tables have lines of any length. */
const LONGEST = 400;

/** Which lines of a frame's file its function has code for; null when that is not known. */
export type CoverLines = (frame: Frame) => Promise<ReadonlySet<number> | null>;

/**
 * Adds the source text around the culprit's frame to a splat whose frames have source lines. The splat stays as it is if
 * no frame is the culprit's, or if the tree has no such line: text of the wrong tree is worse than none.
 */
export async function quoteSource<Body extends SplatBody>(
  splat: Body,
  source: SourceText,
  cover: CoverLines,
): Promise<Body> {
  const frame = findCulpritFrame(splat);
  const excerpt = frame && (await quoteFrame(frame, source, cover));
  return excerpt ? { ...splat, source: excerpt } : splat;
}

/**
 * Gives a splat whose culprit lies outside some files the source around its first frame inside them as well: of a series'
 * files, the place where what the series does meets the kernel. It stays as it is where no such frame has a source line.
 */
export async function quoteTouched<Body extends SplatBody>(
  splat: Body,
  files: ReadonlySet<string>,
  source: SourceText,
  cover: CoverLines,
): Promise<Body> {
  if (splat.source && files.has(splat.source.file)) return splat;
  const frames = [...splat.frames, ...splat.traces.flatMap((trace) => trace.frames)];
  const inside = frames.filter((frame) => frame.file !== null && files.has(frame.file));
  const frame = inside.find((one) => one.reliable) ?? inside[0];
  const touched = frame && (await quoteFrame(frame, source, cover));
  return touched ? { ...splat, touched } : splat;
}

async function quoteFrame(
  frame: Frame,
  source: SourceText,
  cover: CoverLines,
): Promise<SourceExcerpt | null> {
  if (frame.file === null || frame.line === null) return null;
  const text = (await source.read(frame.file))?.split('\n');
  if (text?.at(-1) === '') text.pop();
  if (!text || frame.line < 1 || frame.line > text.length) return null;
  const changes = await source.changes(frame.file);
  const twins = findTwins(text, frame.line);
  const covered = twins.length > 0 ? await cover(frame) : null;
  const merged = twins.filter((line) => covered?.has(line) === false);
  return {
    function: frame.function,
    file: frame.file,
    ...cutOut(text, frame.line, changes),
    merged: merged.map((line) => cutOut(text, line, changes)),
  };
}

/**
 * Finds the frame of a splat's culprit among those with a source line, a reliable one first. If there is no culprit, or no
 * frame has its name, it is the instruction pointer.
 */
export function findCulpritFrame(splat: SplatBody): Frame | null {
  const pointer = splat.pc ? [splat.pc] : [];
  const frames = [...pointer, ...splat.frames, ...splat.traces.flatMap((trace) => trace.frames)];
  const named = frames.filter(
    (frame) =>
      hasPlace(frame) && splat.culprit !== null && dropSuffix(frame.function) === dropSuffix(splat.culprit),
  );
  return named.find((frame) => frame.reliable) ?? named[0] ?? pointer.find(hasPlace) ?? null;
}

function hasPlace(frame: Frame): boolean {
  return frame.file !== null && frame.line !== null;
}

/** Parts that the compiler split off (`.cold`, `.part.0`) belong to the function. */
function dropSuffix(name: string): string {
  return name.replace(/\..*$/, '');
}

/** Other lines of the same function that have the same text. A function ends with a brace in the first column. */
function findTwins(text: readonly string[], line: number): number[] {
  const own = text[line - 1]?.trim() ?? '';
  if (!/[(=]/.test(own)) return [];
  const isEnd = (one: string) => one.startsWith('}');
  const first = text.slice(0, line - 1).findLastIndex(isEnd) + 1;
  const after = text.slice(line - 1).findIndex(isEnd);
  const last = after === -1 ? text.length : line - 1 + after;
  const twins: number[] = [];
  for (let index = first; index < last; index += 1)
    if (index !== line - 1 && text[index]?.trim() === own) twins.push(index + 1);
  return twins;
}

function cutOut(
  text: readonly string[],
  line: number,
  changes: ReadonlyMap<number, LineChange>,
): SourceLines {
  const first = Math.max(1, line - AROUND);
  const lines = text.slice(first - 1, line + AROUND).map((one, index) => ({
    number: first + index,
    text: one.replace(/\r$/, '').slice(0, LONGEST),
    change: changes.get(first + index) ?? null,
  }));
  return { line, lines };
}
