// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { TimeoutsRequest } from '../model/index.ts';
import { aScenario, FAKE_TIMEOUTS, runFakeTrial } from '../testing/fake-lab.ts';
import { type FakeMachine, KASAN_LINES, type MachineScript, stampLines } from '../testing/index.ts';
import { collectEvidence } from './evidence.ts';

const KASAN = stampLines(30, KASAN_LINES);
const ALLOWED = 'expect: {allow: [{matches: otter_release, why: a test}]}\n';

/** A guest whose command `work` does something to its machine. */
const onWork = (
  act: (machine: FakeMachine) => unknown,
  answer: 'ends' | 'hangs' = 'ends',
): MachineScript => ({
  replies(command, machine) {
    if (command === 'work') act(machine);
    return command === 'work' && answer === 'hangs' ? null : {};
  },
});

t.test('texts of the guest are files of the trial, with names that stay in its directory', async (t) => {
  const directory = t.testdir();
  const notes: string[] = [];
  await using evidence = collectEvidence({
    directory,
    consolePath: join(directory, 'console.log'),
    settled: aScenario('steps: [{run: work}]\n'),
    quietMs: () => 10,
    onSplat: () => {},
    notes,
  });
  await evidence.keep({ 'vm1.console': 'one', '../a b': 'two' });
  t.equal(readFileSync(join(directory, 'vm1.console'), 'utf8'), 'one');
  t.equal(readFileSync(join(directory, '.._a_b'), 'utf8'), 'two');
  t.strictSame(notes, []);
  t.equal(evidence.countFindings(), 0);
});

t.test('an allowed splat does not cut the steps short, one that is not allowed does', async (t) => {
  const steps = `steps:\n${['work', 'more', 'most']
    .map((name) => `  - run: {command: ${name}, timeout: 10m}\n`)
    .join('')}`;
  const script = { ...onWork((machine) => machine.say(KASAN)), commandMs: 400 };
  const lab = {
    timeouts: (request: TimeoutsRequest) => ({
      ...FAKE_TIMEOUTS(request),
      graceMs: 40,
      bootMs: 10_000,
      aliveMs: 5_000,
    }),
  };
  const allowed = await runFakeTrial(t.testdir(), aScenario(steps + ALLOWED), script, { lab });
  t.match(allowed.result, { outcome: 'passed', splatCount: 1, steps: { length: 3 } });
  const cut = await runFakeTrial(t.testdir(), aScenario(steps), script, { lab });
  t.match(cut.result, { outcome: 'failed', blame: 'kernel' });
  t.notOk(cut.result.steps.some((step) => step.label === 'run most' && step.outcome === 'passed'));
});

t.test('a step that waits for the kernel sees the lines of the console', async (t) => {
  const scenario = aScenario(
    'steps: [{run: work}, {waitForDmesg: {matches: ^pond is full$, timeout: 100s}}]\n',
  );
  const says = await runFakeTrial(
    t.testdir(),
    scenario,
    onWork((machine) => setTimeout(() => machine.say('pond is full\n'), 20)),
  );
  t.equal(says.result.outcome, 'passed', says.result.reason);
  const silent = await runFakeTrial(t.testdir(), scenario);
  t.match(silent.result, { outcome: 'failed', blame: 'kernel', findings: [{ kind: 'expectation' }] });
});

t.test('a kernel that died before its machine was stopped has died', async (t) => {
  for (const [die, signature] of [
    [(machine: FakeMachine) => machine.panic(''), 'death:panic'],
    [(machine: FakeMachine) => machine.reset(), 'death:reset'],
  ] as const) {
    const interrupt = new AbortController();
    const script = onWork((machine) => {
      die(machine);
      interrupt.abort();
    }, 'hangs');
    const { result } = await runFakeTrial(t.testdir(), aScenario('steps: [{run: work}]\n'), script, {
      signal: interrupt.signal,
    });
    t.match(result, { blame: 'kernel', findings: [{ signature }] });
  }
});

t.test('the limits of a trial are made of its scenario’s, and once more of the measured boot', async (t) => {
  const requests: TimeoutsRequest[] = [];
  const lab = {
    timeouts(request: TimeoutsRequest) {
      requests.push(request);
      return FAKE_TIMEOUTS(request);
    },
  };
  const scenario = aScenario('timeout: 7m\ngrace: 3s\nsteps: [{run: work}]\n');
  const { result } = await runFakeTrial(t.testdir(), scenario, {}, { lab });
  t.match(requests[0], { accelerator: 'tcg', measuredBootMs: null, scenarioMs: 420_000, graceMs: 3_000 });
  t.match(requests.at(-1), { measuredBootMs: result.bootMs, scenarioMs: 420_000, graceMs: 3_000 });
});
