// SPDX-License-Identifier: MIT
import t from 'tap';
import { aScenario, runFakeTrial } from '../testing/fake-lab.ts';
import type { MachineScript } from '../testing/index.ts';
import type { Keeper } from './finish.ts';

/** Takes every machine that it is offered, and remembers whose. */
function aKeeper(wants = true): Keeper & { readonly taken: string[] } {
  const taken: string[] = [];
  return { taken, wants: () => wants, take: (trial, kept) => void taken.push(`${trial} ${kept.pid}`) };
}

const PLAIN = aScenario('steps: [{run: work}]\n');
const FAILS: MachineScript = { replies: (command) => (command === 'work' ? { exitCode: 1 } : {}) };

t.test('the machine of a failed trial is left running, with its log read and a note', async (t) => {
  const keeper = aKeeper();
  const { result, machines, read } = await runFakeTrial(t.testdir(), PLAIN, FAILS, { lab: { keeper } });
  t.match(result, {
    outcome: 'failed',
    blame: 'kernel',
    notes: ['the machine was left running: process 1234'],
  });
  t.strictSame(keeper.taken, [`${result.id} 1234`]);
  t.ok(machines[0]?.log.includes('release'));
  t.notOk(machines[0]?.log.includes('powerOff'));
  t.notOk(machines[0]?.log.includes('stop'));
  t.match(read('dmesg.txt'), /Linux version/);
});

t.test('a machine whose trial passed, and one that nobody wants, is powered off', async (t) => {
  const keeper = aKeeper();
  const passed = await runFakeTrial(t.testdir({ a: {} }), PLAIN, {}, { lab: { keeper } });
  t.match(passed.result, { outcome: 'passed', notes: [] });
  t.ok(passed.machines[0]?.log.includes('powerOff'));
  const unwanted = await runFakeTrial(t.testdir({ b: {} }), PLAIN, FAILS, {
    lab: { keeper: aKeeper(false) },
  });
  t.ok(unwanted.machines[0]?.log.includes('powerOff'));
  t.strictSame(keeper.taken, []);
});

t.test('a machine that reset itself cannot be kept, and the trial says so', async (t) => {
  const keeper = aKeeper();
  const script: MachineScript = {
    replies(command, machine) {
      if (command === 'work') machine.reset();
      return command === 'work' ? null : {};
    },
  };
  const { result } = await runFakeTrial(t.testdir(), PLAIN, script, { lab: { keeper } });
  t.match(result, { outcome: 'failed', notes: ['the machine could not be left running: it has ended'] });
  t.strictSame(keeper.taken, []);
});

t.test('a machine that is expected to panic is not kept for that', async (t) => {
  const keeper = aKeeper();
  const settled = aScenario(
    'steps: [{run: {command: work, exit: any}}]\nexpect: {machine: panicked, dmesg: {splats: [{matches: fake, why: it is what the scenario does}]}}\n',
  );
  const script: MachineScript = {
    replies(command, machine) {
      if (command === 'work') machine.panic();
      return command === 'work' ? null : {};
    },
  };
  await runFakeTrial(t.testdir(), settled, script, { lab: { keeper } });
  t.strictSame(keeper.taken, []);
});
