// SPDX-License-Identifier: MIT
import type { RunEvent } from '../model/index.ts';
import { createNarrator } from './narrate.ts';
import type { Reporter } from './reporter.ts';
import { oneLine } from './text.ts';
import { formatDuration } from './words.ts';

/** Listens to a run and knows what is being done. */
export interface Activity extends Reporter {
  /** One line: what has been running for the longest time, and for how long; null when nothing runs. */
  describe(): string | null;
}

/** Creates the memory of what a run is doing. `now` is in milliseconds, as `Date.now`. */
export function createActivity(now: () => number): Activity {
  const narrate = createNarrator();
  const running = new Map<string, { text: string; readonly startedAt: number }>();
  return {
    name: 'heartbeat',
    event(event) {
      const key = keyOf(event);
      const text = event.type === 'stepStarted' ? `${event.trial}: ${event.label}` : narrate(event);
      if (key === null || event.type === 'splatSeen') return;
      if (event.type === 'stageEnded' || event.type === 'trialEnded') {
        running.delete(key);
        return;
      }
      const known = running.get(key);
      if (known && text !== null) known.text = text;
      else if (text !== null) running.set(key, { text, startedAt: now() });
    },
    describe() {
      const [first, ...others] = [...running.values()];
      if (!first) return null;
      const more = others.length === 0 ? '' : `, and ${others.length} more`;
      const words = first.text.replace(/ …$/, '');
      return oneLine(`${words}, for ${formatDuration(now() - first.startedAt)}${more}`);
    },
    end() {},
  };
}

function keyOf(event: RunEvent): string | null {
  if ('trial' in event) return `trial ${event.trial}`;
  return 'stage' in event ? `stage ${event.stage}` : null;
}
