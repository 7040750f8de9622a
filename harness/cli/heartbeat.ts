// SPDX-License-Identifier: MIT
import { formatDuration } from '../report/index.ts';
import type { Context } from './context.ts';

/** Silence after which a line says that ktrial is at work, in milliseconds. */
const SILENCE_MS = 30_000;
const LOOK_MS = 1000;

/** What a heartbeat needs of the world. */
export interface HeartbeatPlace extends Pick<Context, 'err' | 'wordiness'> {
  readonly silenceMs?: number;
  readonly lookMs?: number;
}

/**
 * Writes what is being done to standard error whenever nothing was written there for thirty seconds. Not with `--quiet`.
 * Returns the function that stops it.
 */
export function startHeartbeat(place: HeartbeatPlace, describe: () => string | null): () => void {
  const { err, wordiness, silenceMs = SILENCE_MS, lookMs = LOOK_MS } = place;
  if (wordiness === 'quiet') return () => {};
  const look = () => {
    if (performance.now() - err.writtenAt() < silenceMs) return;
    const text = describe();
    if (text !== null)
      err.write(`${new Date().toISOString().replace(/\.\d+Z$/, 'Z')} still at work: ${text}\n`);
  };
  const timer = setInterval(look, lookMs).unref();
  return () => clearInterval(timer);
}

/** Does something that has no progress of its own, with a heartbeat. */
export async function withHeartbeat<T>(
  place: HeartbeatPlace,
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  const startedAt = performance.now();
  const stop = startHeartbeat(place, () => `${what}, for ${formatDuration(performance.now() - startedAt)}`);
  try {
    return await work();
  } finally {
    stop();
  }
}
