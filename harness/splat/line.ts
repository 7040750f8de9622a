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
  /** There are any. */
  readonly hasFrames: boolean;
  /** It is a frame in the form that most have, and nothing else. */
  readonly isPlainFrame: boolean;
  readonly panic: boolean;
  /** It has the form of a line that only reports have. */
  readonly isBody: boolean;
}

const NONE: readonly Frame[] = [];

/**
 * A line that is a frame in the form that most have, and nothing else. The frame is parsed when it is asked for: of most
 * reports of a flood nobody does.
 */
export class PlainFrameLine implements ReportLine {
  readonly text: string;
  readonly unreliable: boolean;
  #frames: readonly Frame[] | null;

  constructor(text: string, unreliable: boolean, frames: readonly Frame[] | null = null) {
    this.text = text;
    this.unreliable = unreliable;
    this.#frames = frames;
  }

  get frames(): readonly Frame[] {
    if (this.#frames === null) {
      const frame = parsePlainFrame(this.text);
      this.#frames = frame ? [frame] : NONE;
    }
    return this.#frames;
  }

  get label(): null {
    return null;
  }

  get hasFrames(): true {
    return true;
  }

  get isPlainFrame(): true {
    return true;
  }

  get panic(): false {
    return false;
  }

  get isBody(): true {
    return true;
  }
}

/** Parses a line of a report without its stamp. */
export function readReportLine(words: string): ReportLine {
  const text = words.startsWith(LINE_MARK) ? words.slice(LINE_MARK.length) : words;
  const plain = parsePlainFrame(text);
  if (plain) return new PlainFrameLine(text, !plain.reliable, [plain]);
  const label = readLabel(text);
  const frames = label === null ? parseFrames(text) : framesBehindLabel(text);
  const panic = text.includes(PANIC_HINT) && PANIC_LINE.test(text);
  return {
    text,
    unreliable: text.includes('? ') || text.includes('(unreliable)') ? isUnreliable(text) : false,
    label,
    frames,
    hasFrames: frames.length > 0,
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
