// SPDX-License-Identifier: MIT
import { bareName, parseFrames } from './frame.ts';
import type { Choice, Kind, Step } from './kinds/family.ts';
import { isInnocent, SYSCALL_PREFIXES } from './kinds/innocent.ts';
import {
  HUNG_BUCKETS,
  HUNG_SKIP,
  INJECTED,
  POINTERS,
  STALL_ANCHORS,
  STALL_SELF,
  TRACE_START,
} from './kinds/stack.ts';
import { demangle } from './mangled.ts';

/** What the search for a report's culprit found. */
export interface Search {
  readonly culprit: string | null;
  /** An injected failure's trace got mixed into the report: the name may be of that. */
  readonly injected: boolean;
}

/** A culprit's name as titles have it: readable, without compiler's suffixes and the entry of the system call. */
export function titleName(name: string): string {
  const bare = name.startsWith('_R') || name.startsWith('_ZN') ? demangle(name) : bareName(name);
  let shortest = bare;
  for (const prefix of SYSCALL_PREFIXES) {
    const rest = bare.replace(prefix, '');
    if (rest !== '' && rest.length < shortest.length) shortest = rest;
  }
  return shortest;
}

/** Walks through the lines of a report, of which doubtful frames were removed, after the rules of its kind. */
export function findCulprit(kind: Kind, headerName: string | undefined, lines: readonly string[]): Search {
  let injected = false;
  for (const walk of kind.walks ?? []) {
    const walked = walkLines(walk, headerName, lines);
    injected ||= walked.injected;
    const names = walked.names.map((name) => (name.startsWith('_') ? readable(name) : bareName(name)));
    const choice = kind.choice ?? 'first';
    const guilty = names.filter(
      (name) =>
        (choice === 'stall' && STALL_ANCHORS.test(name)) || !(isInnocent(name) || kind.skip?.test(name)),
    );
    const chosen = choose(choice, guilty, names);
    if (chosen !== null) return { culprit: titleName(chosen), injected };
  }
  return { culprit: null, injected };
}

function readable(name: string): string {
  return name.startsWith('_R') || name.startsWith('_ZN') ? demangle(name) : bareName(name);
}

interface Walked {
  readonly names: readonly string[];
  readonly injected: boolean;
}

function walkLines(walk: readonly Step[], headerName: string | undefined, lines: readonly string[]): Walked {
  const names: string[] = [];
  let injected = false;
  // The headline itself is read by the kind; a headline may yet open a trace on its own.
  let at = 1;
  for (const [index, step] of walk.entries()) {
    if (step === 'header') {
      if (headerName !== undefined) names.push(headerName);
      continue;
    }
    if (step === 'frames') {
      const taken = takeFrames(lines, at, walk[index + 1], names);
      injected ||= taken.injected;
      at = taken.at;
      continue;
    }
    for (; at < lines.length; at += 1) {
      const line = lines[at] ?? '';
      if (INJECTED.test(line)) {
        injected = true;
        at += 1;
        break;
      }
      const found = matchStep(step, line);
      if (found === null) continue;
      if (found !== '') names.push(found);
      // A trace may begin on the line that announces it.
      if (step === 'trace') for (const frame of framesAfterLabel(line)) names.push(frame);
      at += 1;
      break;
    }
  }
  return { names, injected };
}

function takeFrames(
  lines: readonly string[],
  from: number,
  next: Step | undefined,
  names: string[],
): { readonly at: number; readonly injected: boolean } {
  let any = names.length > 0 && from > 1 && parseFrames(lines[from - 1] ?? '').length > 0;
  let at = from;
  for (; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (INJECTED.test(line)) return { at: at + 1, injected: true };
    if (TRACE_START.test(line)) {
      if (any) break;
      for (const name of framesAfterLabel(line)) names.push(name);
      continue;
    }
    if (next instanceof RegExp && next.test(line)) break;
    for (const frame of parseFrames(line)) {
      if (frame.inline || names.at(-1) === frame.function) continue;
      names.push(frame.function);
      any = true;
    }
  }
  return { at, injected: false };
}

function framesAfterLabel(line: string): string[] {
  const label = /^\s*[A-Za-z ]+:/.exec(line);
  return label ? parseFrames(line.slice(label[0].length)).map((frame) => frame.function) : [];
}

/** The name on a line that fits the step, '' for one without a name, null for a line that does not fit. */
function matchStep(step: Exclude<Step, 'header' | 'frames'>, line: string): string | null {
  if (step === 'trace') return TRACE_START.test(line) ? '' : null;
  if (step === 'pc') {
    for (const pattern of POINTERS) {
      const match = pattern.exec(line);
      if (match) return match.groups?.f ?? '';
    }
    return null;
  }
  const match = step.exec(line);
  if (!match) return null;
  return match.groups?.f ?? match.groups?.f2 ?? '';
}

function choose(choice: Choice, guilty: readonly string[], all: readonly string[]): string | null {
  if (choice === 'stall') return chooseStalled(guilty);
  if (choice === 'hung') return chooseHung(guilty, all);
  return guilty[0] ?? null;
}

/** Below the place where work is handed out, the first function names the work; above it the stack differs by chance. */
function chooseStalled(guilty: readonly string[]): string | null {
  let inner: string | null = null;
  for (const name of guilty) {
    if (STALL_SELF.test(name)) return name;
    if (STALL_ANCHORS.test(name)) {
      if (inner !== null) return inner;
      continue;
    }
    inner = name;
  }
  return null;
}

function chooseHung(guilty: readonly string[], all: readonly string[]): string | null {
  for (const name of all) for (const [pattern, bucket] of HUNG_BUCKETS) if (pattern.test(name)) return bucket;
  return guilty.find((name) => !HUNG_SKIP.test(name)) ?? null;
}
