// SPDX-License-Identifier: MIT
import type { Frame, Trace } from '../model/index.ts';
import { makeFrame, parseAddressFrame, readSource } from './frame.ts';
import { COMPLAINANT, POINTER_HINT, POINTERS, REGISTERS_END, TRACE_END } from './kinds/stack.ts';
import type { ReportLine } from './line.ts';

/** The instruction pointer and all traces of a report. */
export interface Traces {
  readonly pc: Frame | null;
  /** The trace of the task that complained first, then the others in the order of the report. */
  readonly traces: readonly Trace[];
}

const LABEL_LENGTH = 100;

/**
 * Reads every trace of a report, including unreliable frames. A trace ends at the next label or at a line that says so, not
 * at a line of somebody else.
 */
export function readTraces(lines: readonly ReportLine[]): Traces {
  const traces: { label: string; frames: Frame[] }[] = [];
  let pc: Frame | null | undefined;
  let open: Frame[] | null = null;
  let last = '';
  /** Inside a trace stand the registers of what an interrupt interrupted. */
  let interrupted = false;
  for (const line of lines) {
    if (line.label !== null) {
      open = [...line.frames];
      traces.push({ label: line.label, frames: open });
      last = line.text;
      continue;
    }
    if (line.hasFrames) {
      interrupted = false;
      if (open === null) {
        open = [];
        traces.push({ label: labelOf(last), frames: open });
      }
      for (const frame of line.frames)
        if (line.frames.length === 1 || open.at(-1)?.function !== frame.function) open.push(frame);
      continue;
    }
    if (line.text === '') continue;
    const nameless = open !== null && open.length > 0 ? parseAddressFrame(line.text) : null;
    if (nameless) {
      open?.push(nameless);
      continue;
    }
    const pointer = readPointer(line.text);
    if (pc === undefined) pc = pointer;
    if (pointer !== undefined) interrupted = open !== null && open.length > 0;
    else if (TRACE_END.test(line.text) && !(interrupted && REGISTERS_END.test(line.text))) open = null;
    last = line.text;
  }
  const full = traces.filter((trace) => trace.frames.length > 0);
  const main = full.findIndex((trace) => COMPLAINANT.test(trace.label));
  if (main > 0) full.unshift(...full.splice(main, 1));
  return { pc: pc ?? null, traces: full };
}

function labelOf(line: string): string {
  return line.trim().replace(/:$/, '').slice(0, LABEL_LENGTH);
}

/** Parses a line with the instruction pointer: null if it is in no function, undefined for any other line. */
export function readPointer(line: string): Frame | null | undefined {
  if (!POINTER_HINT.test(line)) return undefined;
  for (const pattern of POINTERS) {
    const match = pattern.exec(line);
    if (!match) continue;
    const { f, o, s, m } = match.groups ?? {};
    if (f === undefined) return null;
    const { module, file, line: row } = readSource(line.slice(match.index + match[0].length));
    return makeFrame(f, o, s, m ?? module, { file, line: row });
  }
  return undefined;
}
