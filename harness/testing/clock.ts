// SPDX-License-Identifier: MIT

export interface FakeClock {
  /** Milliseconds since its start. */
  now(): number;
  /** Resolves when the clock has come that far, or as soon as the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

interface Sleeper {
  readonly wakesAt: number;
  wake(): void;
}

/** A clock that jumps to the next sleeper whenever nothing else is left to do: hours pass in no time, in order. */
export function aClock(): FakeClock {
  let now = 0;
  let pumping = false;
  const sleepers = new Set<Sleeper>();
  const pump = () => {
    pumping = false;
    const next = [...sleepers].toSorted((a, b) => a.wakesAt - b.wakesAt)[0];
    if (!next) return;
    now = Math.max(now, next.wakesAt);
    next.wake();
    schedule();
  };
  // An immediate runs after all promises have settled.
  const schedule = () => {
    if (pumping || sleepers.size === 0) return;
    pumping = true;
    setImmediate(pump);
  };
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const sleeper: Sleeper = {
          wakesAt: now + ms,
          wake() {
            sleepers.delete(sleeper);
            signal?.removeEventListener('abort', sleeper.wake);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', sleeper.wake, { once: true });
        schedule();
      }),
  };
}
