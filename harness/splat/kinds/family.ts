// SPDX-License-Identifier: MIT
import type { Headline } from './headline.ts';

/** One step of the search for the culprit, down through the lines of a report. */
export type WalkStep =
  /** The function that the headline named (group `f`). */
  | 'header'
  /** The next line with the instruction pointer. */
  | 'pc'
  /** The next line that opens a trace. */
  | 'trace'
  /** The frames from here to the next line that opens a trace. */
  | 'frames'
  /** All frames from here on, of every trace. */
  | 'rest'
  /** The next line that matches; its group `f`, if any, is a name. */
  | RegExp;

/** How a name is chosen from those that a walk collected: see `kinds/stack.ts`. */
export type Choice = 'first' | 'stall' | 'overflow' | 'hung';

/** Another title that a kind's reports may be given. */
export interface OtherTitle {
  /** Like a kind's title. Several kinds share one if the same fault shows in all of them. */
  readonly form: string;
  /** Whom it names; without this, the culprit. */
  readonly walks?: readonly (readonly WalkStep[])[];
  /** Whom those skip, in addition to the kind and the skip list. */
  readonly skip?: RegExp;
}

/** Titles of a bad access to memory, of a stall, of a hang, of an overflow: the same bug is reported in several ways. */
export const BAD_ACCESS: readonly OtherTitle[] = [{ form: 'bad-access in $f' }];
export const INVALID_FREE: readonly OtherTitle[] = [{ form: 'invalid-free in $f' }];
export const STALL: readonly OtherTitle[] = [{ form: 'stall in $f' }];
export const HANG: readonly OtherTitle[] = [{ form: 'hang in $f' }];
export const STACK_OVERFLOW: readonly OtherTitle[] = [{ form: 'stack-overflow in $f' }];

/** A kind of complaint: the form of its headline, and how it is named. */
export interface Kind {
  /** Words that open its reports, if they are not those of many kinds (`kinds/headline.ts`). */
  readonly opens?: readonly Headline[];
  /** Matches the headline. A group called `f`, `f2` or `f3` is a function that the headline names. */
  readonly header: RegExp;
  /** Must match the lines from the headline on; its groups continue the numbers of the headline's. */
  readonly body?: RegExp;
  /** `$1` and so on stand for the groups, `$f` for the culprit. */
  readonly title: string;
  /** Other titles that its reports may be given. */
  readonly also?: readonly OtherTitle[];
  /** A reader may as well name the innermost function that is not skipped. */
  readonly alsoInnermost?: boolean;
  /** Searches for the culprit, tried in order; the first that finds a name wins. Without any, the kind names nobody. */
  readonly walks?: readonly (readonly WalkStep[])[];
  /** Searches if those find nobody: the first name counts, whatever it is. */
  readonly lastWalks?: readonly (readonly WalkStep[])[];
  /** Functions that are skipped in this kind, in addition to the skip list. */
  readonly skip?: RegExp;
  readonly choice?: Choice;
  /** The report is whole without a trace. */
  readonly stackless?: boolean;
  /** Without a trace such a line is a notice, and no complaint. */
  readonly needsTrace?: boolean;
  /** A line like this must come, and a frame right behind it. */
  readonly promise?: RegExp;
  /** If the report breaks off before it names anybody, the words of its headline are its title. */
  readonly keepsWords?: boolean;
  /** Such a headline is truncated, or the report before it was lost: the reason. */
  readonly truncated?: string;
  /** `report`: continues any open report. `head`: continues one that has no trace yet. */
  readonly continues?: 'report' | 'head';
  /** The line recurs as long as the problem lasts: one complaint. */
  readonly recurring?: boolean;
  /** Boot banner: reported only as an unexpected reboot of a running kernel. */
  readonly restart?: boolean;
  /** Headlines of other kinds that belong to this report while it has no trace. */
  readonly joins?: RegExp;
  /** Counted only if this name is requested. */
  readonly optional?: OptionalKind;
}

/** Complaints that count only on request. */
export type OptionalKind =
  | 'machineCheck'
  | 'allocationFailure'
  | 'outOfMemory'
  | 'interrupt'
  | 'netdevWatchdog'
  | 'leakNotice';

/** A function's name as kernels print it, possibly after an address, for use in a kind's expressions. */
export const FUNCTION: string = String.raw`(?:\[?<?[0-9a-f]{8,}>?\]? +)?(?<f>[A-Za-z_.][\w.$]*)`;

/** The place where a lock was taken or is wanted: on the line with `at:`, or alone on the next. */
export const AT_PLACE: RegExp =
  /(?:\bat:|^)\s+(?:\[<[0-9a-f]+>\] *)?(?<f>[A-Za-z_.][\w.$]*)(?:\+0x| \([^\s()]+:\d)|^(?:\[<[0-9a-f]+>\] *)?(?<f2>[A-Za-z_.][\w.$]*)(?:\+0x| \([^\s()]+:\d)/;

/** Faults: the instruction pointer, then the callers. */
export const PC_THEN_TRACE: readonly (readonly WalkStep[])[] = [
  ['pc', 'trace', 'frames'],
  ['trace', 'frames'],
  ['frames'],
];

/** The first trace alone. */
export const TRACE: readonly (readonly WalkStep[])[] = [['trace', 'frames']];
