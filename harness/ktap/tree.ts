// SPDX-License-Identifier: MIT
import type { SubtestOutcome } from '../model/index.ts';

/** One test of a log, with the tests inside it. */
export interface KtapTest {
  /** Empty where the log does not say. */
  readonly name: string;
  readonly outcome: SubtestOutcome;
  readonly reason: string | null;
  readonly tests: readonly KtapTest[];
  /** How many tests inside it were announced whose result never came. */
  readonly missing: number;
  /** What was printed about it, the last lines. */
  readonly details: readonly string[];
}

/** Everything that a log says about tests. */
export interface Ktap {
  /** Whether it has a line that begins KTAP or TAP. Without one nothing in it counts. */
  readonly found: boolean;
  readonly tests: readonly KtapTest[];
  /** Tests outside all others that were announced and whose result never came. */
  readonly missing: number;
  /** Why the whole run was given up, or null. */
  readonly bailOut: string | null;
  /** Results beyond the bound: they are not kept. */
  readonly dropped: number;
  /** Where the log is not what the specification asks for. */
  readonly problems: readonly string[];
}

export interface KtapOptions {
  /** Results that are kept. */
  readonly maximum?: number;
  /** Whether results in comments are tests inside the one that follows: what kselftest's runner makes of its programs. */
  readonly comments?: boolean;
}

/** A list of tests that is being read. */
export interface Frame {
  /** How deep it is nested. */
  readonly depth: number;
  name: string | null;
  readonly tests: KtapTest[];
  plan: number | null;
  skip: string | null;
  bailOut: string | null;
  /** The last lines since the last result. */
  log: string[];
}

/** A list of which nothing has come yet. */
export function openFrame(depth: number, name: string | null): Frame {
  return { depth, name, tests: [], plan: null, skip: null, bailOut: null, log: [] };
}

/** Why a list is taken for skipped in which there is nothing. */
export const NOTHING_RAN = 'no test ran';
