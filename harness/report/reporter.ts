// SPDX-License-Identifier: MIT
import type { RunEvent, RunListener } from '../model/index.ts';

/** Listens to a run; never decides anything. */
export interface Reporter {
  readonly name: string;
  event(event: RunEvent): void;
  end(): void | Promise<void>;
}

/** Passes events to several reporters. Calls `onFault` once for a reporter that throws, and leaves it out from then on. */
export function fanOut(
  reporters: readonly Reporter[],
  onFault: (reporter: string, error: unknown) => void,
): RunListener {
  const silenced = new Set<Reporter>();
  return (event) => {
    for (const reporter of reporters) {
      if (silenced.has(reporter)) continue;
      try {
        reporter.event(event);
      } catch (error) {
        silenced.add(reporter);
        onFault(reporter.name, error);
      }
    }
  };
}
