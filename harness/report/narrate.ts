// SPDX-License-Identifier: MIT
import type { RunEvent } from '../model/index.ts';
import { describeOutcome, formatDuration, nameTrial } from './words.ts';

/** Describes an event in one sentence; null if it is too small for one, or was announced before. */
export type Narrator = (event: RunEvent) => string | null;

/** Creates the narrator of one run. It remembers the titles of stages and which complaints it has announced. */
export function createNarrator(): Narrator {
  const titles = new Map<string, string>();
  const announced = new Set<string>();
  const key = (trial: string, title: string) => JSON.stringify([trial, title]);
  return (event) => {
    switch (event.type) {
      case 'stageStarted':
        titles.set(event.stage, event.title);
        return `${event.title} …`;
      case 'stageProgress':
        return `${titles.get(event.stage) ?? event.stage}: ${event.text}`;
      case 'stageEnded': {
        const title = titles.get(event.stage) ?? event.stage;
        const note = event.text === '' ? '' : ` (${event.text})`;
        return `${title}: ${event.ok ? 'done' : 'failed'}${note} in ${formatDuration(event.durationMs)}`;
      }
      case 'splatSeen': {
        const complaint = key(event.trial, event.title);
        if (announced.has(complaint)) return null;
        announced.add(complaint);
        return `${event.trial}: the kernel complains: ${event.title}`;
      }
      case 'trialEnded': {
        const { result } = event;
        const end = `${nameTrial(result)}: ${describeOutcome(result)} in ${formatDuration(result.durationMs)}`;
        return announced.has(key(event.trial, result.reason)) ? end : `${end}: ${result.reason}`;
      }
      default:
        return describeEvent(event);
    }
  };
}

/** Describes an event that needs no memory. */
function describeEvent(event: RunEvent): string | null {
  switch (event.type) {
    case 'planned': {
      const { request, plan } = event;
      const arms = plan.arms.map((arm) => arm.name);
      const most = plan.policy?.kind === 'sequential' ? 'at most ' : '';
      return `on trial: ${request.title}: ${most}${count(plan.trials.length, 'trial')} on ${joinNames(arms)}`;
    }
    case 'resumed':
      return 'resumed: what was cut off is done again';
    case 'noted':
      return `note: ${event.text}`;
    case 'rejected':
      return event.rejection.kind === 'conflict'
        ? `rejected: patch ${event.rejection.conflict.number} does not apply`
        : 'rejected: the kernel does not compile with the series';
    case 'trialStarted':
      return `${event.trial}: started`;
    case 'machineBooted':
      return `${event.trial}: ${event.bootMethod.kind === 'clone' ? 'thawed' : 'booted'} in ${formatDuration(event.bootMs)} on ${event.accelerator.kind}`;
    case 'cloneFellBack':
      return `${event.trial}: no clone, booting instead: ${event.reason}`;
    case 'stepEnded':
      return event.step.outcome === 'passed'
        ? null
        : `${event.trial}: ${event.step.phase} "${event.step.label}" ${event.step.outcome}: ${event.step.details[0] ?? ''}`;
    case 'queueChanged':
      return `${event.done} of ${event.done + event.running + event.waiting} trials done, ${event.running} running${describeRemaining(event)}`;
    case 'concluded':
      return `verdict: ${event.verdict.reason}`;
    case 'ended':
      return event.reason.kind === 'fault'
        ? `stopped by a fault (${event.reason.blame}): ${event.reason.message}`
        : event.reason.kind === 'interrupted'
          ? 'interrupted'
          : null;
    default:
      return null;
  }
}

/** Rounds the remaining time as an estimate deserves; empty if it is unknown or used up. */
function describeRemaining(event: RunEvent & { readonly type: 'queueChanged' }): string {
  const seconds = Math.ceil((event.remainingMs ?? 0) / 1000);
  if (seconds <= 0 || event.running + event.waiting === 0) return '';
  return `, about ${seconds < 60 ? `${Math.ceil(seconds / 5) * 5} s` : `${Math.ceil(seconds / 60)} min`} to go`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function joinNames(names: readonly string[]): string {
  return names.length > 2 ? `${names.length} kernels` : names.join(' and ');
}
