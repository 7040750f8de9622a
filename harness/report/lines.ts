// SPDX-License-Identifier: MIT
import type { RunEvent } from '../model/index.ts';
import type { Reporter } from './reporter.ts';
import { describeOutcome, formatDuration, oneLine } from './words.ts';

/** How often a stage's own progress becomes a line, in milliseconds of event time. */
const LINE_EVERY_MS = 10_000;

/** One dated line for each thing that happens; a stage that goes on says so every ten seconds. */
export function createLines(write: (text: string) => void): Reporter {
  const saidAt = new Map<string, number>();
  let done = 0;
  return {
    name: 'progress',
    event(event) {
      if (event.type === 'stageStarted') saidAt.set(event.stage, Date.parse(event.at));
      if (event.type === 'stageProgress') {
        const now = Date.parse(event.at);
        if (now - (saidAt.get(event.stage) ?? Number.NEGATIVE_INFINITY) < LINE_EVERY_MS) return;
        saidAt.set(event.stage, now);
      }
      // The queue is told when a trial has ended, not when one starts.
      if (event.type === 'queueChanged') {
        if (event.done === done) return;
        done = event.done;
      }
      const text = describeEvent(event);
      if (text !== null) write(`${event.at.replace(/\.\d+Z$/, 'Z')} ${oneLine(text)}\n`);
    },
    end() {},
  };
}

/** What an event says to people; null for what is too small for a line. */
export function describeEvent(event: RunEvent): string | null {
  switch (event.type) {
    case 'planned':
      return `on trial: ${event.request.title}: ${event.plan.trials.length} trials on ${event.plan.arms.map((arm) => arm.name).join(' and ')}`;
    case 'stageStarted':
      return `${event.title} …`;
    case 'stageProgress':
      return `${event.stage}: ${event.text}`;
    case 'stageEnded':
      return `${event.stage}: ${event.ok ? 'done' : 'failed'}${event.text === '' ? '' : ` (${event.text})`} in ${formatDuration(event.durationMs)}`;
    case 'trialStarted':
      return `${event.trial}: started`;
    case 'machineBooted':
      return `${event.trial}: ${event.bootMethod.kind === 'clone' ? 'thawed' : 'booted'} in ${formatDuration(event.bootMs)} on ${event.accelerator.kind}`;
    case 'cloneFellBack':
      return `${event.trial}: no clone, its machine boots: ${event.reason}`;
    case 'splatSeen':
      return `${event.trial}: the kernel complains: ${event.title}`;
    case 'stepEnded':
      return event.step.outcome === 'passed'
        ? null
        : `${event.trial}: ${event.step.phase} "${event.step.label}" ${event.step.outcome}: ${event.step.details[0] ?? ''}`;
    case 'trialEnded':
      return `${event.trial}: ${describeOutcome(event.result)} in ${formatDuration(event.result.durationMs)}: ${event.result.reason}`;
    case 'concluded':
      return `verdict: ${event.verdict.reason}`;
    case 'queueChanged': {
      const open = event.running + event.waiting > 0 && event.remainingMs !== null;
      const rest = open ? `, about ${formatEstimate(event.remainingMs ?? 0)} to go` : '';
      return `${event.done} of ${event.done + event.running + event.waiting} trials done, ${event.running} running${rest}`;
    }
    case 'noted':
      return `note: ${event.text}`;
    default:
      return null;
  }
}

/** No more digits than an estimate deserves. */
function formatEstimate(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return seconds < 60 ? `${Math.ceil(seconds / 5) * 5} s` : `${Math.ceil(seconds / 60)} min`;
}
