// SPDX-License-Identifier: MIT
import type { Frame, Trace } from '../model/index.ts';
import { makeFrame, parseFrames } from './frame.ts';
import { FURNITURE } from './kinds/furniture.ts';
import { POINTERS, TRACE_START } from './kinds/stack.ts';

/** All that a report shows of the kernel's stack. */
export interface Traces {
  readonly pc: Frame | null;
  /** The trace of who complained first, then the others in the order of the report. */
  readonly traces: readonly Trace[];
}

const LABEL_LENGTH = 100;
const COMPLAINANT = /^(?:call|stack|back)\s?(?:trace|backtrace)/i;

/** Reads every trace of a report, doubtful frames included. */
export function readTraces(lines: readonly string[]): Traces {
  const traces: { label: string; frames: Frame[] }[] = [];
  let pc: Frame | null | undefined;
  let open: Frame[] | null = null;
  let last = '';
  for (const line of lines) {
    const label = TRACE_START.exec(line);
    if (label) {
      open = [];
      traces.push({
        label: (label.slice(1).find((group) => group !== undefined) ?? '').trim(),
        frames: open,
      });
      const colon = line.indexOf(':');
      if (colon >= 0) open.push(...parseFrames(line.slice(colon + 1)));
      last = line;
      continue;
    }
    const frames = parseFrames(line);
    if (frames.length > 0) {
      if (open === null) {
        open = [];
        traces.push({ label: labelOf(last), frames: open });
      }
      for (const frame of frames)
        if (frames.length === 1 || open.at(-1)?.function !== frame.function) open.push(frame);
      continue;
    }
    if (line.trim() === '') continue;
    if (pc === undefined) pc = readPointer(line);
    if (open !== null && open.length > 0 && !FURNITURE.test(line)) open = null;
    last = line;
  }
  const full = traces.filter((trace) => trace.frames.length > 0);
  const main = full.findIndex((trace) => COMPLAINANT.test(trace.label));
  if (main > 0) full.unshift(...full.splice(main, 1));
  return { pc: pc ?? null, traces: full };
}

function labelOf(line: string): string {
  return line.trim().replace(/:$/, '').slice(0, LABEL_LENGTH);
}

/** The frame on a line that tells where the processor was; null when it was nowhere; undefined for any other line. */
export function readPointer(line: string): Frame | null | undefined {
  for (const pattern of POINTERS) {
    const match = pattern.exec(line);
    if (!match) continue;
    const { f, o, s, m } = match.groups ?? {};
    return f === undefined ? null : makeFrame(f, o, s, m, {});
  }
  return undefined;
}
