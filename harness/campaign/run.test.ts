// SPDX-License-Identifier: MIT
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import t, { type Test } from 'tap';
import { takeFreeLock } from '../host/index.ts';
import { Fault, type RunEvent } from '../model/index.ts';
import { aPerformer, type FakePerformer, type FakeWorld } from '../testing/index.ts';
import { aCampaignRequest, aSeries } from '../testing/request.ts';
import type { LocalLab } from './local.ts';
import type { ArmsRequest } from './request.ts';
import { planRun, type RunSetup, readRun, resumeCampaign, runCampaign } from './run.ts';

const series = await aSeries([{ subject: 'core: two', file: 'core.c', before: 'one\n', after: 'two\n' }]);
const request = aCampaignRequest({ series });

interface Run {
  readonly setup: RunSetup;
  readonly directory: string;
  readonly performer: FakePerformer;
  readonly events: RunEvent[];
  /** What each performer was opened with. */
  readonly opened: [ArmsRequest, LocalLab][];
  read(name: string): string;
}

/** A run in a directory of the test, with a performer that takes no time; `again` takes the directory of another. */
function aRun(t: Test, world: FakeWorld = {}, again?: Run): Run {
  const root = again ? '' : t.testdir({ run: {} });
  const directory = again?.directory ?? join(root, 'run');
  const performer = aPerformer(world);
  const events: RunEvent[] = [];
  const opened: [ArmsRequest, LocalLab][] = [];
  return {
    directory,
    performer,
    events,
    opened,
    read: (name) => readFileSync(join(directory, name), 'utf8'),
    setup: {
      place: again?.setup.place ?? { root, cacheDirectory: join(root, 'cache') },
      runDirectory: directory,
      ktrialVersion: '1.2.3',
      runTrial: performer.runTrial,
      listen: (event) => void events.push(event),
      signal: new AbortController().signal,
      openPerformer: (...args) => {
        opened.push(args);
        return performer;
      },
    },
  };
}

/** A run whose journal lacks its last `lines` lines, as if ktrial had been killed before them. */
async function aCutRun(t: Test, lines: number): Promise<Run> {
  const run = aRun(t);
  await runCampaign(request, run.setup);
  const journal = run.read('journal.ndjson').trimEnd().split('\n');
  writeFileSync(join(run.directory, 'journal.ndjson'), `${journal.slice(0, -lines).join('\n')}\n`);
  return run;
}

/** Files of a directory that this process has open. */
function openFilesIn(directory: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((name) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${name}`);
      return path.startsWith(directory) ? [path] : [];
    } catch {
      return [];
    }
  });
}

const trials = (run: Run) => run.performer.asked.filter((one) => one.startsWith('trial'));

t.test('a run leaves its journal, its series and its record, and frees its lock', async (t) => {
  const run = aRun(t);
  mkdirSync(run.setup.place.cacheDirectory);
  const state = await runCampaign(request, run.setup);
  t.match(state, {
    end: { kind: 'finished' },
    verdict: { comparison: 'clean' },
    request: { id: basename(run.directory), title: 'a sample', versions: { ktrial: '1.2.3' } },
  });
  t.strictSame(trials(run), ['trial s.base.1', 'trial s.patched.1']);
  t.strictSame(readRun(run.directory), state);
  t.strictSame(JSON.parse(run.read('record.json')), state);
  t.match(run.read('record.json'), /^\{\n {2}"format": 2,\n[\s\S]*\n\}\n$/);
  t.match(run.read('series.mbox'), /^Subject: \[PATCH 1\/1\] core: two$/m);
  const [[, lab] = []] = run.opened;
  const { place, runDirectory, runTrial, signal } = run.setup;
  t.strictSame(lab, { place, runDirectory, runTrial, signal, image: '/nowhere/guest.yaml' });
  const stored = run.events.filter((event) => event.seq > 0);
  t.notOk(stored.some((event) => event.type === 'resumed'));
  t.strictSame(openFilesIn(run.directory), []);
  t.strictSame(
    run.read('journal.ndjson'),
    stored.map((event) => `${JSON.stringify(event)}\n`).join(''),
    'listeners get what the journal has',
  );
  t.ok(Math.abs(Date.parse(state.startedAt) - Date.now()) < 60_000);
  t.match(JSON.parse(readFileSync(join(place.cacheDirectory, 'durations.json'), 'utf8')), {
    'small/s/base': [61_000],
  });
  await using lock = await takeFreeLock(join(run.directory, 'lock'));
  t.ok(lock);
});

t.test('a run without a series leaves none', async (t) => {
  const run = aRun(t);
  const state = await runCampaign(aCampaignRequest(), run.setup);
  t.equal(state.request.series, null);
  t.notOk(existsSync(join(run.directory, 'series.mbox')));
});

t.test('a plan puts the scenario first that took longest in earlier runs', async (t) => {
  const { place } = aRun(t).setup;
  const [scenario] = request.scenarios;
  if (!scenario) throw new Error('there is a scenario');
  const two = aCampaignRequest({ scenarios: [scenario, { ...scenario, name: 'slow' }] });
  mkdirSync(place.cacheDirectory);
  writeFileSync(
    join(place.cacheDirectory, 'durations.json'),
    '{"small/s/base":[10],"small/slow/base":[500],"other/s/base":[900]}',
  );
  const { trials } = await planRun(two, place.cacheDirectory);
  t.strictSame(
    trials.map((trial) => trial.id),
    ['slow.base.1', 's.base.1'],
  );
});

t.test('a run that another process works on is not touched', async (t) => {
  const run = await aCutRun(t, 1);
  const before = run.read('journal.ndjson');
  await using lock = await takeFreeLock(join(run.directory, 'lock'));
  t.ok(lock);
  for (const work of [() => runCampaign(request, run.setup), () => resumeCampaign(run.setup)])
    await t.rejects(work(), {
      code: 'RUN_IN_USE',
      blame: 'request',
      message: `another ktrial is working on the run in ${run.directory}`,
      next: `wait for it, or read it: ktrial report ${run.directory}`,
    });
  t.equal(run.read('journal.ndjson'), before);
});

t.test('a run that was cut off before its plan was written cannot be resumed or read', async (t) => {
  const run = await aCutRun(t, 1);
  truncateSync(join(run.directory, 'journal.ndjson'), 20);
  const fault = {
    code: 'RUN_NOT_STARTED',
    blame: 'request',
    message: `the run in ${run.directory} was cut off before its plan was written`,
    next: 'nothing is lost: start it again',
  };
  t.throws(() => readRun(run.directory), fault);
  await t.rejects(resumeCampaign(run.setup), fault);
});

t.test('a run that has ended is resumed as it is', async (t) => {
  for (const world of [{}, { conflict: true }]) {
    const run = aRun(t, world);
    const state = await runCampaign(request, run.setup);
    const before = run.read('journal.ndjson');
    const again = aRun(t, world, run);
    t.strictSame(await resumeCampaign(again.setup), state);
    t.equal(run.read('journal.ndjson'), before);
    t.strictSame([again.events, again.opened], [[], []], 'nothing is asked and nothing is said');
  }
});

t.test('a run that was cut off goes on where it was, with its own request and series', async (t) => {
  const cut = await aCutRun(t, 5);
  const stored = cut.read('journal.ndjson').trimEnd().split('\n').length;
  const run = aRun(t, {}, cut);
  const state = await resumeCampaign(run.setup);
  t.equal(state.end?.kind, 'finished');
  t.strictSame(openFilesIn(run.directory), []);
  t.strictSame(trials(run), ['trial s.patched.1'], 'the other one is done');
  t.equal(run.events.filter((event) => event.seq > 0 && event.seq <= stored).length, stored, 'told again');
  t.equal(run.events[stored]?.type, 'resumed');
  const [[given, lab] = []] = run.opened;
  t.strictSame(given?.series?.digest, series.digest);
  t.strictSame(given?.kernel, request.kernel);
  t.equal(lab?.image, '/nowhere/guest.yaml');
  t.strictSame(JSON.parse(run.read('record.json')), state);
});

t.test('a run without a series is resumed without one', async (t) => {
  const first = aRun(t, {
    delay: () => Promise.reject(new Fault({ blame: 'lab', code: 'TRIAL_INTERRUPTED', message: 'x' })),
  });
  await runCampaign(aCampaignRequest(), first.setup);
  const journal = first.read('journal.ndjson').trimEnd().split('\n');
  writeFileSync(join(first.directory, 'journal.ndjson'), `${journal.slice(0, -1).join('\n')}\n`);
  const run = aRun(t, {}, first);
  await resumeCampaign(run.setup);
  t.equal(run.opened[0]?.[0].series, null);
  t.strictSame(trials(run), ['trial s.base.1']);
});

t.test('a run whose series was changed is not resumed', async (t) => {
  const run = await aCutRun(t, 1);
  const path = join(run.directory, 'series.mbox');
  writeFileSync(path, run.read('series.mbox').replace('+two', '+three'));
  await t.rejects(resumeCampaign(run.setup), {
    code: 'RUN_SERIES_CHANGED',
    blame: 'lab',
    message: new RegExp(
      `^${path} is not the series that this run began with: got digest [0-9a-f]{12}, expected ${series.digest.slice(0, 12)}$`,
    ),
    next: 'start a new run',
  });
});

t.test('a fault of the lab is thrown, and is in the journal and the record', async (t) => {
  const run = aRun(t);
  const full = new Fault({ blame: 'lab', code: 'HOST_DISK_FULL', message: 'the disk is full' });
  const openPerformer = () => ({ ...run.performer, makeImage: () => Promise.reject(full) });
  await t.rejects(runCampaign(request, { ...run.setup, openPerformer }), { code: 'HOST_DISK_FULL' });
  t.match(readRun(run.directory).end, { kind: 'fault', code: 'HOST_DISK_FULL' });
  t.match(JSON.parse(run.read('record.json')).end, { kind: 'fault', code: 'HOST_DISK_FULL' });
  const again = aRun(t, {}, run);
  t.equal((await resumeCampaign(again.setup)).end?.kind, 'finished', 'it can be finished later');
});

t.test('a record that cannot be written is no reason to fail', async (t) => {
  const run = aRun(t);
  mkdirSync(join(run.directory, 'record.json'));
  t.equal((await runCampaign(request, run.setup)).end?.kind, 'finished');
  rmSync(join(run.directory, 'record.json'), { recursive: true });
});

t.test('what performs a run is closed at its end', async (t) => {
  const run = aRun(t);
  let closed = 0;
  const close = async () => {
    closed += 1;
  };
  const openPerformer = () => ({ ...run.performer, [Symbol.asyncDispose]: close });
  await runCampaign(request, { ...run.setup, openPerformer });
  t.equal(closed, 1);
});
