// SPDX-License-Identifier: MIT
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits for a time, or until the signal aborts: both resolve. Does not keep the process alive, so it is for races that
 * something else may win, and not for a loop.
 */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return;
  await sleep(ms, undefined, { ref: false, ...(signal ? { signal } : {}) }).catch((error: unknown) => {
    if (!signal?.aborted) throw error;
  });
}

/** Resolves as a promise does, or as `late` does when that takes longer than `ms`. No timer is left running. */
export async function withDeadline<Value, Late>(
  promise: Promise<Value>,
  ms: number,
  late: () => Late,
): Promise<Value | Late> {
  const over = new AbortController();
  try {
    return await Promise.race([promise, sleep(ms, undefined, { signal: over.signal }).then(late)]);
  } finally {
    over.abort();
  }
}
