// SPDX-License-Identifier: MIT
import { setTimeout as sleep } from 'node:timers/promises';

/** A longer timer of Node fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

interface WaitOptions {
  /** Whether the wait keeps the process alive. */
  readonly ref: boolean;
  readonly signal?: AbortSignal | undefined;
}

async function wait(ms: number, { ref, signal }: WaitOptions): Promise<void> {
  for (let left = ms; ; left -= LONGEST_TIMER_MS) {
    await sleep(Math.min(left, LONGEST_TIMER_MS), undefined, { ref, ...(signal ? { signal } : {}) });
    if (left <= LONGEST_TIMER_MS) return;
  }
}

async function waitOrStop(ms: number, ref: boolean, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted) return;
  await wait(ms, { ref, signal }).catch((error: unknown) => {
    if (!signal?.aborted) throw error;
  });
}

/**
 * Waits for a time, however long, or until the signal aborts: both resolve. Does not keep the process alive, so it is for
 * races that something else may win, and not for a loop.
 */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await waitOrStop(ms, false, signal);
}

/** The same, but keeps the process alive. */
export async function delay(ms: number, signal?: AbortSignal): Promise<void> {
  await waitOrStop(ms, true, signal);
}

/** Resolves as a promise does, or as `late` does when that takes longer than `ms`. No timer is left running. */
export async function withDeadline<Value, Late>(
  promise: Promise<Value>,
  ms: number,
  late: () => Late,
): Promise<Value | Late> {
  const over = new AbortController();
  try {
    return await Promise.race([promise, wait(ms, { ref: true, signal: over.signal }).then(late)]);
  } finally {
    over.abort();
  }
}
