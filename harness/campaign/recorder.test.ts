// SPDX-License-Identifier: MIT
import t from 'tap';
import type { RunEvent } from '../model/index.ts';
import { aCampaignPlan, aSink, eventsOf, stillClock } from '../testing/fast-campaign.ts';
import { aRequest } from '../testing/index.ts';
import { openJournal } from './journal.ts';
import { type Recorder, resumeRecorder, startRecorder } from './recorder.ts';

const plan = aCampaignPlan({ scenarios: ['s'], patches: 1, arms: 'pair', repeat: 1 });
const planned = { type: 'planned', request: aRequest(), plan } as const;

t.test('an event is in the journal, then in the state, then with the listener', async (t) => {
  const sink = aSink();
  const heard: [string, number, number][] = [];
  let recorder: Recorder | null = null;
  const listen = ({ type }: RunEvent) => {
    heard.push([type, eventsOf(sink.bytes).length, recorder?.state.notes.length ?? 0]);
  };
  recorder = startRecorder(planned, openJournal(sink, 'journal', 0, stillClock), listen, stillClock);
  recorder.append({ type: 'noted', text: 'one' });
  recorder.emitLive({ type: 'stageProgress', stage: 'image', text: 'half' });
  t.strictSame(heard, [
    ['planned', 1, 0],
    ['noted', 2, 1],
    ['stageProgress', 2, 1],
  ]);
});

t.test('an event that cannot be written changes nothing', async (t) => {
  const heard: RunEvent[] = [];
  let full = false;
  const sink = {
    ...aSink(),
    write() {
      if (full) throw new Error('full');
    },
  };
  const journal = openJournal(sink, 'journal', 0, stillClock);
  const recorder = startRecorder(planned, journal, (event) => void heard.push(event), stillClock);
  const before = recorder.state;
  full = true;
  t.throws(() => recorder.append({ type: 'noted', text: 'one' }), { code: 'JOURNAL_NOT_WRITTEN' });
  t.equal(recorder.state, before);
  t.equal(heard.length, 1);
});

t.test('a recorder goes on from its events, and there is none without a plan', async (t) => {
  const sink = aSink();
  const journal = openJournal(sink, 'journal', 0, stillClock);
  startRecorder(planned, journal, () => {}, stillClock).append({ type: 'noted', text: 'one' });
  const heard: string[] = [];
  const listen = (event: RunEvent) => void heard.push(event.type);
  const resumed = resumeRecorder(eventsOf(sink.bytes), journal, listen, stillClock);
  resumed?.append({ type: 'noted', text: 'two' });
  t.strictSame(resumed?.state.notes, ['one', 'two']);
  t.strictSame(heard, ['noted']);
  t.equal(eventsOf(sink.bytes).length, 3);
  t.equal(resumeRecorder([], journal, listen, stillClock), null);
});
