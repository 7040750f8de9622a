// SPDX-License-Identifier: MIT
import type { Frame } from '../model/index.ts';
import { isUnreliable, parseFrames, parsePlainFrame } from './frame.ts';
import { BODY_LINE, LINE_MARK } from './kinds/body.ts';
import { PANIC_HINT, PANIC_LINE } from './kinds/panic.ts';
import { GLUED_HINT, GLUED_LABEL, TRACE_HINT, TRACE_START } from './kinds/stack.ts';

/** One line of a report, parsed once. */
export interface ReportLine {
  readonly text: string;
  /** The unwinder guessed it: shown, but not used for any decision. */
  readonly unreliable: boolean;
  /** The label of the trace that begins here; null for any other line. */
  readonly label: string | null;
  readonly frames: readonly Frame[];
  /** It is a frame in the form that most have, and nothing else. */
  readonly isPlainFrame: boolean;
  readonly panic: boolean;
  /** It has the form of a line that only reports have. */
  readonly isBody: boolean;
}

const NONE: readonly Frame[] = [];

/** Parses a line of a report without its stamp. */
export function readReportLine(words: string): ReportLine {
  const text = words.startsWith(LINE_MARK) ? words.slice(LINE_MARK.length) : words;
  const plain = parsePlainFrame(text);
  if (plain)
    return {
      text,
      unreliable: !plain.reliable,
      label: null,
      frames: [plain],
      isPlainFrame: true,
      panic: false,
      isBody: true,
    };
  const label = readLabel(text);
  const frames = label === null ? parseFrames(text) : framesBehindLabel(text);
  const panic = text.includes(PANIC_HINT) && PANIC_LINE.test(text);
  return {
    text,
    unreliable: text.includes('? ') || text.includes('(unreliable)') ? isUnreliable(text) : false,
    label,
    frames,
    isPlainFrame: false,
    panic,
    isBody: panic || label !== null || frames.length > 0 || BODY_LINE.test(text),
  };
}

function readLabel(text: string): string | null {
  if (!TRACE_HINT.test(text))
    return text.endsWith(GLUED_HINT) && GLUED_LABEL.test(text)
      ? readLabel(text.replace(GLUED_LABEL, ''))
      : null;
  const match = TRACE_START.exec(text);
  return match ? (match[1] ?? '').trim() : null;
}

/** Some kernels print the first frame on the line of the label. */
function framesBehindLabel(text: string): readonly Frame[] {
  if (!text.includes('+0x')) return NONE;
  const colon = text.indexOf(':');
  if (colon < 0) return parseFrames(text);
  const behind = text.slice(colon + 1);
  return parseFrames(behind);
}
