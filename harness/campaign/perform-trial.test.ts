// SPDX-License-Identifier: MIT
import t from 'tap';
import {
  type CampaignState,
  Fault,
  type LiveEventBody,
  type RunEventBody,
  type TrialResult,
  type TrialSpec,
} from '../model/index.ts';
import { aCampaignPlan, runFast, stillClock } from '../testing/fast-campaign.ts';
import { aPerformer, aTrial, type FakeWorld } from '../testing/index.ts';
import { performTrial } from './perform-trial.ts';
import type { Performer } from './performer.ts';
import { policyOf } from './policy/choose.ts';
import { fixedPolicy } from './policy/fixed.ts';

const finished = await runFast(
  aCampaignPlan({ scenarios: ['s', 'other'], patches: 1, arms: 'pair', repeat: 1, l2: ['tiny'] }),
  aPerformer(),
);
const ID = 's.patched.1';

const STATIC_FINDING: Partial<TrialResult> = {
  outcome: 'failed',
  blame: 'kernel',
  findings: [{ kind: 'expectation', signature: 'e', title: 'a word', step: 'l', details: [], splat: null }],
};

interface World extends FakeWorld {
  readonly state?: Partial<CampaignState>;
  readonly performer?: Partial<Performer>;
  /** Thrown by the journal for events of this type. */
  readonly unwritable?: RunEventBody['type'];
  readonly signal?: AbortSignal;
}

/** Runs one trial: what the journal, listeners and the estimates got, and the fault that it rejected with. */
async function perform(world: World = {}, id = ID) {
  const events: RunEventBody[] = [];
  const live: LiveEventBody[] = [];
  const learnt: TrialResult[] = [];
  const cleared: string[] = [];
  const error = new Fault({ blame: 'lab', code: 'JOURNAL_NOT_WRITTEN', message: 'the journal is full' });
  const performer: Performer = {
    ...aPerformer(world),
    clearTrial: async (one) => void cleared.push(`${one} after ${events.length} events`),
    ...world.performer,
  };
  const execution = {
    recorder: {
      state: { ...finished, ...world.state },
      append(body: RunEventBody) {
        if (body.type === world.unwritable) throw error;
        events.push(body);
      },
      emitLive: (body: LiveEventBody) => void live.push(body),
    },
    policy: fixedPolicy,
    performer,
    capacity: { jobs: 1, l2Jobs: 1, memoryMib: 1000 },
    durations: {
      expect: () => null,
      learn: (one: TrialResult) => void learnt.push(one),
      save: async () => {},
    },
    clock: stillClock,
    signal: new AbortController().signal,
  };
  const signal = world.signal ?? new AbortController().signal;
  const fault = await performTrial(id, execution, signal).then(
    () => null,
    (reason: unknown) => reason,
  );
  const last = events.at(-1);
  const result = last?.type === 'trialEnded' ? last.result : null;
  return { events, live, learnt, cleared, fault, result, error };
}

t.test('a trial is cleared, recorded, run, and its length learnt', async (t) => {
  const { events, learnt, cleared, result, fault } = await perform();
  t.equal(fault, null);
  t.strictSame(cleared, [`${ID} after 0 events`]);
  t.match(events, [
    { type: 'trialStarted', trial: ID, scenario: 's', arm: 'patched', kernel: 'kernel-patched' },
    { type: 'machineBooted', trial: ID },
    { type: 'trialEnded', trial: ID },
  ]);
  t.equal(events.length, 3);
  t.match(result, { id: ID, outcome: 'passed' });
  t.strictSame(learnt, [result]);
});

t.test('a runner gets the trial as a value', async (t) => {
  let spec: TrialSpec | null = null;
  const delay = async (one: TrialSpec) => {
    spec = one;
  };
  await perform({ delay });
  const [planned] = finished.plan.trials.filter((one) => one.id === ID);
  t.strictSame(spec, {
    ...planned,
    format: 1,
    kernel: finished.arms[1]?.kernel,
    image: finished.image,
    settled: { name: 's' },
    l2: { tiny: finished.l2.tiny },
  });
  await perform({ delay }, 'other.base.1');
  t.match(spec, {
    scenario: 'other',
    arm: 'base',
    kernel: { digest: 'kernel-base' },
    settled: { name: 'other' },
  });
  t.strictSame((spec as unknown as TrialSpec).l2, {});
});

t.test('the first attempt counts what ran of the changed code, and no other', async (t) => {
  const counted = { functions: [], total: 0, notMeasured: null };
  const arms = finished.arms.map((arm) => ({
    ...arm,
    build: arm.build && { ...arm.build, coverage: counted },
  }));
  const specOf = async (id: string, part: Partial<TrialSpec> = {}) => {
    let spec: TrialSpec | null = null;
    const trials = finished.trials.map((one) => (one.id === id ? { ...one, ...part } : one));
    const delay = async (one: TrialSpec) => {
      spec = one;
    };
    await perform({ delay, state: { arms, trials } }, id);
    return spec as unknown as TrialSpec;
  };
  t.strictSame((await specOf(ID)).coverage, []);
  t.notOk('coverage' in (await specOf(ID, { attempt: 2 })));
  t.notOk('coverage' in (await specOf(ID, { control: true })));
});

t.test('a trial that cannot start is a bug in ktrial, and leaves no event', async (t) => {
  const arms = finished.arms.map((arm) => ({ ...arm, kernel: null }));
  const { plan } = finished;
  const notReady = {
    blame: 'harness',
    code: 'CAMPAIGN_NOT_READY',
    message: `${ID} cannot start: its kernel, scenario or image is missing`,
  };
  const cases: [Partial<CampaignState>, object][] = [
    [
      { trials: [] },
      { blame: 'harness', code: 'CAMPAIGN_NO_TRIAL', message: `got trial ${ID}, expected one of the plan` },
    ],
    [{ arms }, notReady],
    [{ arms: [] }, notReady],
    [{ image: null }, notReady],
    [{ plan: { ...plan, scenarios: [] } }, notReady],
    [
      { l2: {} },
      {
        blame: 'harness',
        code: 'CAMPAIGN_NOT_READY',
        message: 'the kernel tiny for a VM inside the guest was not built',
      },
    ],
  ];
  for (const [state, wanted] of cases) {
    const { fault, events } = await perform({ state });
    t.match(fault, wanted, Object.keys(state).join());
    t.strictSame(events, []);
  }
  const name = 'constructor';
  const scenarios = plan.scenarios.map((one) => ({ ...one, l2: { x: { kernel: name, image: 'l2' } } }));
  t.match((await perform({ state: { plan: { ...plan, scenarios } } })).fault, {
    message: `the kernel ${name} for a VM inside the guest was not built`,
  });
});

t.test('only what is lasting is in the journal', async (t) => {
  const runTrial: Performer['runTrial'] = async (spec, emit) => {
    emit({ type: 'stageProgress', stage: 'x', text: 'half' });
    emit({ type: 'queueChanged', done: 0, running: 1, waiting: 0, remainingMs: null });
    emit({ type: 'splatSeen', trial: spec.id, title: 'WARNING' });
    return aTrial(spec.id);
  };
  const { events, live } = await perform({ performer: { runTrial } });
  t.strictSame(
    live.map((event) => event.type),
    ['stageProgress', 'queueChanged'],
  );
  t.strictSame(
    events.map((event) => event.type),
    ['trialStarted', 'splatSeen', 'trialEnded'],
  );
});

t.test(
  'a journal that fails while the trial runs ends it; the machine’s callback does not throw',
  async (t) => {
    let went: unknown;
    const runTrial: Performer['runTrial'] = async (spec, emit, signal) => {
      emit({ type: 'splatSeen', trial: spec.id, title: 'WARNING' });
      went = signal.reason;
      return aTrial(spec.id);
    };
    const { result, error, learnt } = await perform({ performer: { runTrial }, unwritable: 'splatSeen' });
    t.equal(went, error, 'the runner is told why');
    t.match(result, {
      outcome: 'failed',
      blame: 'lab',
      fault: 'JOURNAL_NOT_WRITTEN',
      reason: 'the journal is full',
      startedAt: '2026-01-01T00:00:00.000Z',
    });
    t.equal(learnt.length, 1);
    const ended = await perform({ unwritable: 'trialEnded' });
    t.equal(ended.fault, ended.error, 'only a journal rejects');
  },
);

t.test('an interruption reaches the runner', async (t) => {
  const signal = AbortSignal.abort(new Error('stopped'));
  let went: unknown;
  const delay: FakeWorld['delay'] = async (_, given) => {
    went = given.reason;
  };
  await perform({ signal, delay });
  t.equal(went, signal.reason);
});

t.test('what a runner throws is the trial’s result, with its blame', async (t) => {
  const cases = [
    [new Fault({ blame: 'lab', code: 'TRIAL_INTERRUPTED', message: 'stopped' }), 'notRun', null],
    [new Fault({ blame: 'lab', code: 'HOST_DISK_FULL', message: 'stopped' }), 'failed', 'lab'],
    [new Fault({ blame: 'request', code: 'X', message: 'stopped' }), 'failed', 'lab'],
    [new Fault({ blame: 'harness', code: 'Y', message: 'stopped' }), 'failed', 'harness'],
  ] as const;
  for (const [fault, outcome, blame] of cases) {
    const { result } = await perform({ performer: { runTrial: () => Promise.reject(fault) } });
    t.match(result, { id: ID, outcome, blame, fault: fault.code, reason: 'stopped' });
    t.equal(result?.blame, blame);
  }
});

t.test('source lines are named in the result', async (t) => {
  let known: CampaignState | null = null;
  const nameLines: Performer['nameLines'] = async (result, state) => {
    known = state;
    return { ...result, notes: ['named'] };
  };
  const { result } = await perform({ performer: { nameLines } });
  t.strictSame(result?.notes, ['named']);
  t.match(known, { base: finished.base });
});

t.test('a campaign that boots nothing needs no image, and asks for no machine', async (t) => {
  for (const kind of ['fixed', 'sequential'] as const) {
    const plan = aCampaignPlan({ scenarios: ['s'], patches: 1, arms: 'pair', repeat: 1 });
    const trials = plan.trials.filter((trial) => !trial.control);
    const policy = kind === 'fixed' ? { kind } : { kind, detect: 0.1, budgetMs: null };
    const scenarios = plan.scenarios.map((one) => ({ ...one, static: true as const }));
    const performer = aPerformer({ result: ({ arm }) => (arm === 'base' ? STATIC_FINDING : {}) });
    const state = await runFast({ ...plan, trials, scenarios, policy }, performer, {
      policy: policyOf({ policy }),
    });
    t.strictSame(performer.asked, [
      'apply',
      'build base',
      'build patched',
      'static s.base.1',
      'static s.patched.1',
    ]);
    t.match(state.verdict, { comparison: 'fixed', exitCode: 0 });
  }
});
