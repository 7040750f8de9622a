// SPDX-License-Identifier: MIT
import { createNarrator } from './narrate.ts';
import type { Reporter } from './reporter.ts';
import { oneLine } from './text.ts';

/** A stage's progress becomes a line at most this often, in milliseconds of event time. */
const LINE_EVERY_MS = 10_000;

/** Writes one dated line for each event that matters, and one every ten seconds for a stage that makes progress; `verbose`: one for each step, too. */
export function createLines(write: (text: string) => void, verbose = false): Reporter {
  const narrate = createNarrator();
  const writtenAt = new Map<string, number>();
  let done = 0;
  let estimated = false;
  return {
    name: 'progress',
    event(event) {
      const text =
        verbose && event.type === 'stepStarted' ? `${event.trial}: ${event.label}` : narrate(event);
      if (text === null) return;
      if (event.type === 'stageStarted') writtenAt.set(event.stage, Date.parse(event.at));
      if (event.type === 'stageProgress') {
        const now = Date.parse(event.at);
        if (now - (writtenAt.get(event.stage) ?? Number.NEGATIVE_INFINITY) < LINE_EVERY_MS) return;
        writtenAt.set(event.stage, now);
      }
      // A line when a trial has ended, not when one starts; and one as soon as there is an estimate.
      if (event.type === 'queueChanged') {
        const first = !estimated && event.remainingMs !== null;
        if (event.done === done && !first) return;
        done = event.done;
        estimated ||= first;
      }
      write(`${event.at.replace(/\.\d+Z$/, 'Z')} ${oneLine(text)}\n`);
    },
    end() {},
  };
}
