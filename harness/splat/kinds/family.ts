// SPDX-License-Identifier: MIT

/** One step of the search for the culprit through a report's lines, downwards only. */
export type Step =
  /** The function that the headline named (group `f`). */
  | 'header'
  /** The next line that tells where the processor was. */
  | 'pc'
  /** The next line that opens a trace. */
  | 'trace'
  /** The frames from here to the next line that opens a trace. */
  | 'frames'
  /** The next line that matches; its group `f`, if any, is a name. */
  | RegExp;

/** How a name is chosen out of those that a walk collected: see `kinds/stack.ts`. */
export type Choice = 'first' | 'stall' | 'overflow' | 'hung';

/** A kind of complaint: what its first line looks like, and how it is named. */
export interface Kind {
  /** Matches the headline. A group called `f` is a function that the headline names. */
  readonly header: RegExp;
  /** Must match in the lines from the headline on; its groups count on from those of the headline. */
  readonly body?: RegExp;
  /** `$1` and so on stand for the groups, `$f` for the culprit. */
  readonly title: string;
  /** Searches in the order in which they are tried; the first that yields a name wins. None: the kind names nobody. */
  readonly walks?: readonly (readonly Step[])[];
  /** Functions that are innocent in this kind, besides those that are always. */
  readonly skip?: RegExp;
  readonly choice?: Choice;
  /** The report needs no trace to be whole. */
  readonly stackless?: boolean;
  /** Such a headline shows that something before it was lost, or that it is torn itself: the reason. */
  readonly torn?: string;
  /** `report`: continues any open report. `head`: continues one that has no trace yet. */
  readonly continues?: 'report' | 'head';
  /** The line comes again and again as long as the trouble lasts: one complaint. */
  readonly lasting?: boolean;
  /** Tells of a start of the kernel: a complaint only where another was running and nobody asked for it. */
  readonly restart?: boolean;
  /** Headlines of other kinds that belong to this report as long as it has no trace. */
  readonly joins?: RegExp;
  /** Counted only when it is asked for by this name. */
  readonly optional?: OptionalKind;
}

/** Complaints that some count and others do not. */
export type OptionalKind =
  | 'machineCheck'
  | 'allocationFailure'
  | 'outOfMemory'
  | 'interrupt'
  | 'netdevWatchdog'
  | 'leakNotice';

/** A name as kernels print it, with the addresses that may stand before it: for use inside a kind's expressions. */
export const FUNCTION: string = String.raw`(?:\[?<?[0-9a-f]{8,}>?\]? +)?(?<f>[A-Za-z_.][\w.$]*)`;

/** Where a lock was taken or is wanted: on the line that says `at:`, or alone on the next. */
export const AT_PLACE: RegExp =
  /(?:\bat:|^)\s+(?:\[<[0-9a-f]+>\] *)?(?<f>[A-Za-z_.][\w.$]*)\+0x|^\[<[0-9a-f]+>\] *(?<f2>[A-Za-z_.][\w.$]*)\+0x/;

/** Faults: where the processor was, then who called. */
export const PC_THEN_TRACE: readonly (readonly Step[])[] = [
  ['pc', 'trace', 'frames'],
  ['trace', 'frames'],
  ['frames'],
];

/** The first trace alone. */
export const TRACE: readonly (readonly Step[])[] = [['trace', 'frames']];
