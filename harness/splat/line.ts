// SPDX-License-Identifier: MIT
import type { Frame } from '../model/index.ts';
import { isDoubtful, parseFrames, parsePlainFrame } from './frame.ts';
import { FURNITURE } from './kinds/furniture.ts';
import { PANIC_LINE } from './kinds/panic.ts';
import { TRACE_HINT, TRACE_START } from './kinds/stack.ts';

/** One line of a report, read once for all who ask. */
export interface ReportLine {
  readonly text: string;
  /** The unwinder's guess: of no weight for anything but a reader. */
  readonly doubtful: boolean;
  /** What kind of trace begins here; null for any other line. */
  readonly label: string | null;
  readonly frames: readonly Frame[];
  readonly panic: boolean;
  /** It is of the stuff that reports are made of. */
  readonly sure: boolean;
}

const NONE: readonly Frame[] = [];

/** What kmemleak puts in front of each line of a report that goes to the log. */
const LEAK_MARK = 'kmemleak: ';

/** Reads a line of a report, its stamp already removed. */
export function readReportLine(words: string): ReportLine {
  const text = words.startsWith(LEAK_MARK) ? words.slice(LEAK_MARK.length) : words;
  const plain = parsePlainFrame(text);
  if (plain)
    return { text, doubtful: !plain.reliable, label: null, frames: [plain], panic: false, sure: true };
  const label = readLabel(text);
  const frames = label === null ? parseFrames(text) : framesBehindLabel(text);
  const panic = text.includes('Kernel panic') && PANIC_LINE.test(text);
  return {
    text,
    doubtful: text.includes('? ') || text.includes('(unreliable)') ? isDoubtful(text) : false,
    label,
    frames,
    panic,
    sure: panic || label !== null || frames.length > 0 || FURNITURE.test(text),
  };
}

function readLabel(text: string): string | null {
  if (!TRACE_HINT.test(text)) return null;
  const match = TRACE_START.exec(text);
  return match ? (match[1] ?? '').trim() : null;
}

/** Some kernels begin the trace on the line that announces it. */
function framesBehindLabel(text: string): readonly Frame[] {
  if (!text.includes('+0x')) return NONE;
  const colon = text.indexOf(':');
  if (colon < 0) return parseFrames(text);
  const behind = text.slice(colon + 1);
  return parseFrames(behind);
}
