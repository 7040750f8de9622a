// SPDX-License-Identifier: MIT
import type { CampaignState, LiveEventBody, RunEvent, RunEventBody, RunListener } from '../model/index.ts';
import { type Clock, type Journal, stampLive } from './journal.ts';
import { fold, foldAll, startState } from './state.ts';

/** The one place where events become state: journal first, then the fold, then listeners. */
export interface Recorder {
  readonly state: CampaignState;
  /** Appends an event. Throws what the journal throws; then nothing has changed. */
  append(body: RunEventBody): void;
  /** Passes on what only listeners get. */
  emitLive(body: LiveEventBody): void;
}

/** Starts a campaign with its plan. */
export function startRecorder(
  planned: Extract<RunEventBody, { type: 'planned' }>,
  journal: Journal,
  listen: RunListener,
  clock: Clock,
): Recorder {
  const event = journal.append(planned) as RunEvent & Extract<RunEventBody, { type: 'planned' }>;
  listen(event);
  return record(startState(event), journal, listen, clock);
}

/** Goes on with a campaign from the events of its journal; null when it has not even a plan. */
export function resumeRecorder(
  events: readonly RunEvent[],
  journal: Journal,
  listen: RunListener,
  clock: Clock,
): Recorder | null {
  const state = foldAll(events);
  return state && record(state, journal, listen, clock);
}

function record(start: CampaignState, journal: Journal, listen: RunListener, clock: Clock): Recorder {
  let state = start;
  return {
    get state() {
      return state;
    },
    append(body) {
      const event = journal.append(body);
      state = fold(state, event);
      listen(event);
    },
    emitLive: (body) => listen(stampLive(body, clock)),
  };
}
