// SPDX-License-Identifier: MIT
import type { Frame } from '../model/index.ts';
import { isUnreliable, parseFrames, parsePlainFrame } from './frame.ts';
import { BODY_LINE, LINE_MARK } from './kinds/body.ts';
import { PANIC_HINT, PANIC_LINE } from './kinds/panic.ts';
import { GLUED_HINT, GLUED_LABEL, TRACE_HINT, TRACE_START } from './kinds/stack.ts';

const SPACE = 0x20;
const QUESTION = 0x3f;
const NONE: readonly Frame[] = [];
/** What a line is: bits of one number, since reports have many lines. */
const UNRELIABLE = 1;
const PLAIN_FRAME = 2;
const HAS_FRAMES = 4;
const PANIC = 8;
const BODY = 16;

/** One line of a report, parsed once. */
export class ReportLine {
  readonly text: string;
  /** The label of the trace that begins here; null for any other line. */
  readonly label: string | null;
  readonly #is: number;
  #frames: readonly Frame[] | null;

  constructor(text: string, is: number, label: string | null, frames: readonly Frame[] | null) {
    this.text = text;
    this.label = label;
    this.#is = is;
    this.#frames = frames;
  }

  /**
   * A line that is a frame in the form that most have, and nothing else. The frame is parsed when it is asked for: of most
   * reports of a flood nobody does.
   */
  static ofPlainFrame(text: string, isGuessed: boolean): ReportLine {
    const is = PLAIN_FRAME | HAS_FRAMES | BODY;
    return new ReportLine(text, isGuessed ? is | UNRELIABLE : is, null, null);
  }

  get frames(): readonly Frame[] {
    if (this.#frames === null) {
      const frame = parsePlainFrame(this.text);
      this.#frames = frame ? [frame] : NONE;
    }
    return this.#frames;
  }

  get hasFrames(): boolean {
    return (this.#is & HAS_FRAMES) !== 0;
  }

  /** The unwinder guessed it: shown, but not used for any decision. */
  get unreliable(): boolean {
    return (this.#is & UNRELIABLE) !== 0;
  }

  /** It is a frame in the form that most have, and nothing else. */
  get isPlainFrame(): boolean {
    return (this.#is & PLAIN_FRAME) !== 0;
  }

  get panic(): boolean {
    return (this.#is & PANIC) !== 0;
  }

  /** It has the form of a line that only reports have. */
  get isBody(): boolean {
    return (this.#is & BODY) !== 0;
  }

  /** The name of the function of a plain frame. */
  get plainName(): string {
    const { text } = this;
    let at = 0;
    while (text.charCodeAt(at) === SPACE) at += 1;
    return text.slice(text.charCodeAt(at) === QUESTION ? at + 2 : at, text.indexOf('+'));
  }
}

/** Parses a line of a report without its stamp. */
export function readReportLine(words: string): ReportLine {
  const text = words.startsWith(LINE_MARK) ? words.slice(LINE_MARK.length) : words;
  const plain = parsePlainFrame(text);
  if (plain) return ReportLine.ofPlainFrame(text, !plain.reliable);
  const label = readLabel(text);
  const frames = label === null ? parseFrames(text) : framesBehindLabel(text);
  const panic = text.includes(PANIC_HINT) && PANIC_LINE.test(text);
  const unreliable = text.includes('? ') || text.includes('(unreliable)') ? isUnreliable(text) : false;
  const isBody = panic || label !== null || frames.length > 0 || BODY_LINE.test(text);
  const is =
    (unreliable ? UNRELIABLE : 0) |
    (frames.length > 0 ? HAS_FRAMES : 0) |
    (panic ? PANIC : 0) |
    (isBody ? BODY : 0);
  return new ReportLine(text, is, label, frames);
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
