// SPDX-License-Identifier: MIT
import { readFronts } from './lines.ts';

const USUAL = /^\[ *\d+\.\d{6}\]/;
const FRONT_START = /^\s*[<[(*\w]/;

/** A line of a log that is being put into its usual form, with the part of the log that it comes from. */
export interface SheetLine {
  /** Without the line feed, one character a byte. */
  readonly text: string;
  /** In the log, in bytes. */
  readonly from: number;
  readonly to: number;
}

/** A way in which programs, mailers and archives change the lines of a log. */
export interface Form {
  readonly name: string;
  /** A cheap test that every log in this form passes. */
  readonly hint?: RegExp;
  /** It concerns the order of all lines: the log has to be read as a whole. */
  readonly whole?: boolean;
  /** Why no name in such a log can be trusted, if none can. */
  readonly nameless?: string;
  /** Puts lines back; null if these are not in this form. */
  readonly undo: (lines: readonly SheetLine[]) => readonly SheetLine[] | null;
}

/** What a line is: one with a stamp or a logger's front, one without, or one with nothing at all. */
export type LineKind = 'stamped' | 'bare' | 'blank';

/** Says what a line is. */
export function kindOf(text: string): LineKind {
  if (USUAL.test(text)) return 'stamped';
  if (text.trim() === '') return 'blank';
  return FRONT_START.test(text) && readFronts(text).length > 0 ? 'stamped' : 'bare';
}

/** Splits a part of a log that begins at a place of it into lines. */
export function splitSheet(text: string, offset: number): SheetLine[] {
  const lines: SheetLine[] = [];
  let at = 0;
  while (at < text.length) {
    const feed = text.indexOf('\n', at);
    const next = feed < 0 ? text.length : feed + 1;
    const end = feed < 0 ? next : feed;
    const stop = end > at && text.charCodeAt(end - 1) === 13 ? end - 1 : end;
    lines.push({ text: text.slice(at, stop), from: offset + at, to: offset + next });
    at = next;
  }
  return lines;
}
