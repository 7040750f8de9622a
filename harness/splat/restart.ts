// SPDX-License-Identifier: MIT
import { ORDERLY_RESTART } from './kinds/body.ts';
import { LOOKBACK, type Window } from './window.ts';

/** Whole lines that stand right before a place of the log. */
export interface TextBefore {
  readonly text: string;
  /** Where they begin in the log. */
  readonly start: number;
}

const RESTARTS = new RegExp(ORDERLY_RESTART, 'g');
/** A kernel that has run for less than this many seconds is starting. */
const STARTING_SECONDS = 1;

/** Reads the lines before a place of the window, as far as the window looks back. */
export function readBefore(window: Window, place: number): TextBefore {
  const { bytes, floor } = window;
  const lowest = Math.max(floor, place - LOOKBACK, 0);
  const from = lowest === floor ? floor : bytes.indexOf(10, lowest) + 1;
  return { text: bytes.toString('latin1', from, place), start: window.offsetOf(from) };
}

/** Whether the kernel is starting for the first time, or again on request. */
export function isOrderly({ text }: TextBefore): boolean {
  return lastStamp(text) < STARTING_SECONDS || ORDERLY_RESTART.test(text);
}

/** Where in the log the last orderly restart stands; null if there is none. */
export function findRestart({ text, start }: TextBefore): number | null {
  const restart = [...text.matchAll(RESTARTS)].at(-1);
  return restart ? start + restart.index : null;
}

/** The kernel's time at the last stamped line, in seconds; 0 if no line has a stamp. */
function lastStamp(text: string): number {
  let seconds = 0;
  for (const match of text.matchAll(/^(?:<\d+>)?\[ *(\d+\.\d{6})\]/gm)) seconds = Number(match[1]);
  return seconds;
}
