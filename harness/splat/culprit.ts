// SPDX-License-Identifier: MIT

import { demangle, isMangled } from './demangle.ts';
import { bareName } from './frame.ts';
import type { Choice, Kind, WalkStep } from './kinds/family.ts';
import { SYSCALL_PREFIXES } from './kinds/skip.ts';
import {
  HUNG_BUCKETS,
  HUNG_SKIP,
  INJECTED,
  INTERRUPT_ENTRY,
  STALL_ANCHORS,
  STALL_SELF,
} from './kinds/stack.ts';
import type { ReportLine } from './line.ts';
import type { Naming } from './title.ts';
import { readPointer } from './trace.ts';

/** The result of the search for a report's culprit. */
export interface Search {
  readonly culprit: string | null;
  /** The same as the report prints it: with the prefix of system calls. */
  readonly printed: string | null;
  /** Who else could be named: the innermost function of a stall. */
  readonly innermost: string | null;
  /** The walk that found the name met the trace of an injected failure: the name may be from there. */
  readonly injected: boolean;
}

/** Nobody could be named. */
export const NOBODY: Search = { culprit: null, printed: null, innermost: null, injected: false };

/** The name of a culprit in titles: demangled, without the compiler's suffixes and the prefix of system calls. */
export function titleName(name: string): string {
  const bare = isMangled(name) ? demangle(name) : bareName(name);
  let shortest = bare;
  for (const prefix of SYSCALL_PREFIXES) {
    const rest = bare.replace(prefix, '');
    if (rest !== '' && rest.length < shortest.length) shortest = rest;
  }
  return shortest;
}

/** Finds the culprit of a report, in the lines that decide, by the walks of its kind. */
export function findCulprit(
  kind: Kind,
  headerName: string | undefined,
  lines: readonly ReportLine[],
  naming: Naming,
): Search {
  const isGuessed = lines.some((line) => line.unreliable);
  for (const walk of kind.walks ?? []) {
    const walked = walkLines(walk, headerName, lines);
    // Of a trace that is guessed, only the instruction pointer is sure.
    const choice = kind.choice === 'stall' && isGuessed && walk.includes('pc') ? 'first' : kind.choice;
    const isSkipped = (name: string) => naming.isSkipListed(name) || kind.skip?.test(name) === true;
    const chosen = CHOICES[choice ?? 'first'](walked.names, isSkipped);
    if (chosen === null) continue;
    const innermost =
      kind.alsoInnermost && !isGuessed
        ? CHOICES.first(walked.names, (name) => isSkipped(name) || isDispatcher(name))
        : null;
    return nameCulprit(chosen, innermost, walked.injected, naming);
  }
  for (const walk of kind.lastWalks ?? []) {
    const [name] = walkLines(walk, headerName, lines).names;
    if (name !== undefined) return nameCulprit(readableName(name), null, false, naming);
  }
  return NOBODY;
}

function nameCulprit(
  chosen: string,
  innermost: string | null,
  injected: boolean,
  { titleName }: Naming,
): Search {
  return {
    culprit: titleName(chosen),
    printed: chosen,
    innermost: innermost === null ? null : titleName(innermost),
    injected,
  };
}

const isDispatcher = (name: string) => STALL_ANCHORS.test(name) || INTERRUPT_ENTRY.test(name);

function readableName(name: string): string {
  return isMangled(name) ? demangle(name) : bareName(name);
}

interface Walked {
  readonly names: readonly string[];
  readonly injected: boolean;
}

function walkLines(
  walk: readonly WalkStep[],
  headerName: string | undefined,
  lines: readonly ReportLine[],
): Walked {
  const names: string[] = [];
  let injected = false;
  // The headline itself is read by the kind.
  let at = 1;
  for (const [index, step] of walk.entries()) {
    if (step === 'header') {
      if (headerName !== undefined) names.push(headerName);
      continue;
    }
    if (step === 'frames' || step === 'rest') {
      const taken = takeFrames(lines, at, step === 'rest' ? 'all' : walk[index + 1], names);
      injected ||= taken.injected;
      at = taken.at;
      continue;
    }
    for (; at < lines.length; at += 1) {
      const line = lines[at];
      if (!line) break;
      if (isInjected(line)) {
        injected = true;
        at += 1;
        break;
      }
      const found = matchStep(step, line);
      if (found === null) continue;
      if (found !== '') names.push(found);
      // A trace may begin on the line that announces it.
      if (step === 'trace') for (const frame of line.frames) names.push(frame.function);
      at += 1;
      break;
    }
  }
  return { names, injected };
}

function isInjected(line: ReportLine): boolean {
  return line.hasFrames && INJECTED.test(line.text);
}

function takeFrames(
  lines: readonly ReportLine[],
  from: number,
  until: WalkStep | 'all' | undefined,
  names: string[],
): { readonly at: number; readonly injected: boolean } {
  let any = names.length > 0 && from > 1 && lines[from - 1]?.hasFrames === true;
  let at = from;
  for (; at < lines.length; at += 1) {
    const line = lines[at];
    if (!line) break;
    if (isInjected(line)) return { at: at + 1, injected: true };
    if (line.label !== null && any && until !== 'all') break;
    if (until instanceof RegExp && until.test(line.text)) break;
    if (line.isPlainFrame) {
      const name = line.plainName;
      if (names[names.length - 1] === name) continue;
      names.push(name);
      any = true;
      continue;
    }
    for (const frame of line.frames) {
      if (frame.inline || names.at(-1) === frame.function) continue;
      names.push(frame.function);
      any = true;
    }
  }
  return { at, injected: false };
}

/** The name on a line that matches the step; '' if it has none, null for a line that does not match. */
function matchStep(step: Exclude<WalkStep, 'header' | 'frames' | 'rest'>, line: ReportLine): string | null {
  if (step === 'trace') return line.label === null ? null : '';
  if (step === 'pc') {
    const pointer = readPointer(line.text);
    return pointer === undefined ? null : (pointer?.function ?? '');
  }
  const match = step.exec(line.text);
  if (!match) return null;
  return match.groups?.f ?? match.groups?.f2 ?? '';
}

/** Chooses among names as they were printed, and returns the readable one. */
type Chooser = (names: readonly string[], isSkipped: (name: string) => boolean) => string | null;

const CHOICES: Readonly<Record<Choice, Chooser>> = {
  first: (names, isSkipped) => {
    for (const name of names) {
      const readable = readableName(name);
      if (!isSkipped(readable)) return readable;
    }
    return null;
  },
  stall: (names, isSkipped) => chooseStalled(names.map(readableName), isSkipped),
  overflow: (names, isSkipped) => chooseOverflown(names.map(readableName), isSkipped),
  hung: (printed, isSkipped) => {
    const names = printed.map(readableName);
    for (const name of names)
      for (const [pattern, bucket] of HUNG_BUCKETS) if (pattern.test(name)) return bucket;
    return names.find((name) => !HUNG_SKIP.test(name) && !isSkipped(name)) ?? null;
  },
};

/**
 * The function just below a dispatcher names the work; what it was doing at that moment differs by chance. An interrupt
 * that does nothing but dispatch is not the work: what it interrupted is.
 */
function chooseStalled(names: readonly string[], isSkipped: (name: string) => boolean): string | null {
  const interrupt = names.findLastIndex((name) => INTERRUPT_ENTRY.test(name));
  let inner: string | null = null;
  let dispatcher: string | null = null;
  for (const [index, name] of names.entries()) {
    const bucket = STALL_SELF.exec(name)?.[1];
    if (bucket !== undefined) return bucket;
    if (INTERRUPT_ENTRY.test(name)) {
      inner = null;
      continue;
    }
    const skipped = isSkipped(name);
    if (!STALL_ANCHORS.test(name)) {
      if (!skipped) inner = name;
      continue;
    }
    if (inner !== null) return inner;
    // The top itself: there is nothing inside of it.
    if (!skipped) dispatcher ??= name;
    if (dispatcher !== null && index > interrupt) return dispatcher;
  }
  return dispatcher;
}

/** A recursion is named like a stall. A single function did not recurse: it wrote outside of its stack. */
function chooseOverflown(names: readonly string[], isSkipped: (name: string) => boolean): string | null {
  const [only] = names;
  return names.length === 1 && only !== undefined && !isSkipped(only)
    ? only
    : chooseStalled(names, isSkipped);
}
