// SPDX-License-Identifier: MIT
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { Fault } from '../model/index.ts';
import { stillClock } from '../testing/fast-campaign.ts';
import {
  createJournal,
  forgetfulJournal,
  openJournal,
  parseJournal,
  readJournal,
  reopenJournal,
  stampLive,
} from './journal.ts';

const note = (text: string) => ({ type: 'noted', text }) as const;

function faultOf(work: () => unknown): Fault | null {
  try {
    work();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  return null;
}

t.test('events are on disk in order, numbered, when append returns', async (t) => {
  const path = join(t.testdir(), 'journal.ndjson');
  const journal = createJournal(path, stillClock);
  for (let index = 1; index <= 500; index += 1) {
    const event = journal.append(note(`note ${index}`));
    t.equal(readFileSync(path, 'utf8').trimEnd().split('\n').length, event.seq);
  }
  journal.close();
  t.strictSame(
    readJournal(path).map((event) => event.type === 'noted' && [event.seq, event.text]),
    Array.from({ length: 500 }, (_, index) => [index + 1, `note ${index + 1}`]),
  );
});

t.test('a journal is created once, and a missing one is the request’s fault', async (t) => {
  const path = join(t.testdir(), 'journal.ndjson');
  createJournal(path, stillClock).close();
  t.ok(faultOf(() => createJournal(path, stillClock)));
  const missing = {
    code: 'JOURNAL_MISSING',
    blame: 'request',
    message: `there is no journal ${path}.not`,
    next: 'ktrial list shows the runs that there are',
    cause: { code: 'ENOENT' },
  };
  t.match(
    faultOf(() => readJournal(`${path}.not`)),
    missing,
  );
  t.match(
    faultOf(() => reopenJournal(`${path}.not`, stillClock)),
    missing,
  );
  const place = dirname(path);
  t.match(
    faultOf(() => readJournal(place)),
    { code: 'HOST_NOT_A_FILE', blame: 'lab', message: /EISDIR/ },
    'any other refusal is the lab’s',
  );
});

t.test('a cut-off last line is removed when the journal is opened again, and numbers go on', async (t) => {
  const path = join(t.testdir(), 'journal.ndjson');
  const first = createJournal(path, stillClock);
  first.append(note('one'));
  first.append(note('two'));
  first.close();
  const whole = readFileSync(path);
  writeFileSync(path, whole.subarray(0, whole.length - 5));
  t.equal(readJournal(path).length, 1, 'reading tolerates it too');
  const { events, journal } = reopenJournal(path, stillClock);
  t.equal(events.length, 1);
  t.equal(journal.append(note('again')).seq, 2);
  journal.close();
  t.equal(readJournal(path).length, 2);
});

t.test('anything but a cut-off last line is corruption, told with its line', async (t) => {
  const path = join(t.testdir(), 'journal.ndjson');
  const line = (seq: number) => `${JSON.stringify({ format: 1, seq, at: '', type: 'noted', text: '' })}\n`;
  const cases = {
    'a line of garbage': ['{"format":1,', 'seq 1'],
    'a missing line': [line(2), 'seq 2, expected'],
    'a line without a type': [JSON.stringify({ format: 1, seq: 1 }), 'format 1'],
    'another format': [line(1).replace('"format":1', '"format":9'), 'format 9'],
    'a line that is null': ['null', 'no JSON'],
  };
  for (const [what, [text, got]] of Object.entries(cases)) {
    writeFileSync(path, `${text?.trimEnd()}\n${line(2)}`);
    const fault = faultOf(() => readJournal(path));
    t.match(
      fault,
      { code: 'JOURNAL_CORRUPTED', blame: 'lab', next: 'the run cannot be read; repeat it' },
      what,
    );
    t.match(fault?.message, /journal\.ndjson:1: got .*expected format 1, seq 1/, what);
    if (what !== 'a line of garbage') t.match(fault?.message, got, what);
  }
});

t.test('a write that fails is the lab’s fault, now and for every event after it', async (t) => {
  let full = false;
  let written = 0;
  const sink = {
    write() {
      if (full) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
      written += 1;
    },
    sync() {},
    close() {},
  };
  const journal = openJournal(sink, '/runs/1/journal.ndjson', 0, stillClock);
  journal.append(note('one'));
  full = true;
  const fault = faultOf(() => journal.append(note('two')));
  t.match(fault, {
    code: 'JOURNAL_NOT_WRITTEN',
    blame: 'lab',
    next: 'free some space, or choose another directory',
    cause: { code: 'ENOSPC' },
  });
  t.match(fault?.message, /\/runs\/1\/journal\.ndjson cannot be written: the disk is full/);
  full = false;
  t.equal(
    faultOf(() => journal.append(note('three'))),
    fault,
    'no event may follow a gap',
  );
  t.equal(written, 1);
});

t.test('an event that starts something expensive is synced before append returns', async (t) => {
  const done: string[] = [];
  const sink = { write: () => void done.push('write'), sync: () => void done.push('sync'), close() {} };
  const journal = openJournal(sink, 'journal', 0, stillClock);
  journal.append({ type: 'trialStarted', trial: 't', scenario: 's', arm: 'base', kernel: null });
  t.strictSame(done.splice(0), ['write', 'sync']);
  journal.append({ type: 'splatSeen', trial: 't', title: 'x' });
  t.strictSame(done, ['write'], 'what can be found out again is not');
});

t.test('what starts or ends something expensive is synced, nothing else', async (t) => {
  const synced = (type: string) => {
    let syncs = 0;
    const sink = {
      write() {},
      sync: () => {
        syncs += 1;
      },
      close() {},
    };
    openJournal(sink, 'journal', 0, stillClock).append({ type } as never);
    return syncs === 1;
  };
  for (const type of [
    'planned',
    'resumed',
    'applied',
    'rejected',
    'armBuildStarted',
    'armBuilt',
    'trialStarted',
    'trialEnded',
    'concluded',
    'ended',
  ])
    t.ok(synced(type), type);
  for (const type of ['noted', 'stageStarted', 'stageEnded', 'stepStarted', 'splatSeen'])
    t.notOk(synced(type), type);
});

t.test('a journal that cannot be written for a reason of its own says what to do', async (t) => {
  const sink = {
    write: () => {
      throw new Fault({ blame: 'lab', code: 'X', message: 'no more' });
    },
    sync() {},
    close() {},
  };
  t.match(
    faultOf(() => openJournal(sink, 'here', 0, stillClock).append(note('one'))),
    {
      message: 'the journal here cannot be written: no more',
      next: 'make room for it, then continue with: ktrial resume',
    },
  );
});

t.test('a reopened journal is written at its end, and a closed one is closed', async (t) => {
  const path = join(t.testdir(), 'journal.ndjson');
  t.equal(parseJournal(new Uint8Array(), path).events.length, 0);
  const first = createJournal(path, stillClock);
  first.append(note('ä'));
  first.close();
  t.match(
    faultOf(() => first.append(note('late'))),
    { code: 'JOURNAL_NOT_WRITTEN' },
  );
  t.equal(statSync(path).mode & 0o777, 0o644 & ~process.umask());
  t.strictSame(parseJournal(readFileSync(path), path), {
    events: [{ format: 1, seq: 1, at: '2026-01-01T00:00:00.000Z', ...note('ä') }],
    bytes: readFileSync(path).length,
  });
});

t.test('a journal that is kept nowhere numbers its events; live events have no number', async (t) => {
  const journal = forgetfulJournal(stillClock);
  const at = '2026-01-01T00:00:00.000Z';
  t.strictSame(journal.append(note('one')), { format: 1, seq: 1, at, ...note('one') });
  t.equal(journal.append(note('two')).seq, 2);
  journal.close();
  const live = { type: 'stageProgress', stage: 'image', text: 'half' } as const;
  t.strictSame(stampLive(live, stillClock), { format: 1, seq: 0, at, ...live });
});
