// SPDX-License-Identifier: MIT
import t from 'tap';
import { Fault, type Timeouts } from '../model/index.ts';
import { FAKE_TIMEOUTS } from '../testing/fake-lab.ts';
import { FakeMachine, type MachineScript } from '../testing/index.ts';
import { diagnoseMachine, powerOffMachine } from './diagnose.ts';

const real = FAKE_TIMEOUTS({ accelerator: 'tcg', measuredBootMs: null, scenarioMs: 600_000 });
const timeouts = { ...real, reconnectMs: 40, lastWordsMs: 40, powerOffMs: 200, powerOffAfterSplatMs: 60 };
const NEVER = new Promise<void>(() => {});

const aFault = (code: string) => new Fault({ blame: 'lab', code, message: code });
const LOST = aFault('GUEST_CONNECTION_LOST');

const aMachine = (t: { testdir(): string }, script: MachineScript = {}) =>
  new FakeMachine(t.testdir(), script);

t.test('a machine whose steps ended without a fault runs, and is not disturbed', async (t) => {
  const machine = aMachine(t);
  t.strictSame(await diagnoseMachine(machine, null, timeouts), { kind: 'running' });
  t.strictSame(machine.log, []);
});

t.test('a machine that ended says how', async (t) => {
  const ends: readonly [(machine: FakeMachine) => void, string][] = [
    [(machine) => machine.panic(), 'panicked'],
    [(machine) => machine.reset(), 'reset'],
    [(machine) => machine.powerDown(), 'poweredOff'],
    [(machine) => machine.killQemu(), 'labDeath'],
    [(machine) => machine.exitQemu(), 'labDeath'],
    [(machine) => machine.failInternally(), 'labDeath'],
  ];
  for (const [end, kind] of ends) {
    const machine = aMachine(t);
    end(machine);
    t.match(await diagnoseMachine(machine, null, timeouts), { kind });
  }
});

t.test('a lost session is often the first sign of a machine that is about to end', async (t) => {
  const machine = aMachine(t);
  setTimeout(() => machine.panic(), 15);
  t.strictSame(await diagnoseMachine(machine, LOST, timeouts), { kind: 'panicked' });
  t.notOk(machine.log.includes('probe'));
});

t.test('only a fault that leaves the guest in doubt has it asked again', async (t) => {
  for (const [code, probed] of [
    ['GUEST_CONNECTION_LOST', true],
    ['GUEST_UNREACHABLE', true],
    ['GUEST_SILENT', true],
    ['SCENARIO_NO_COMMAND', false],
    ['SCENARIO_TIMEOUT', false],
  ] as const) {
    const machine = aMachine(t);
    machine.hang();
    const { kind } = await diagnoseMachine(machine, aFault(code), timeouts);
    t.equal(machine.log.includes('probe'), probed, code);
    t.equal(kind, probed ? 'hung' : 'running', code);
  }
});

t.test('a server that answers or refuses shows that the guest lives', async (t) => {
  for (const server of ['answered', 'refused'] as const) {
    const machine = aMachine(t);
    machine.loseSession(server);
    t.strictSame(await diagnoseMachine(machine, LOST, timeouts), { kind: 'running' }, server);
    t.notOk(machine.log.includes('nmi'), 'a guest that lives gets no interrupt');
  }
  const machine = aMachine(t);
  machine.probeGuest = () => Promise.reject(aFault('MACHINE_NO_PORT'));
  t.strictSame(await diagnoseMachine(machine, LOST, timeouts), { kind: 'running' }, 'nobody could ask');
});

t.test('a guest that hangs gets an interrupt, and time for its last words', async (t) => {
  const machine = aMachine(t);
  machine.hang();
  t.strictSame(await diagnoseMachine(machine, LOST, timeouts), {
    kind: 'hung',
    detail: 'no answer to a new connection within 0 s',
  });
  t.strictSame(machine.log, ['probe', 'nmi']);
  const panics = aMachine(t, { onNmi: (one) => setTimeout(() => one.panic(), 10) });
  panics.hang();
  t.strictSame(await diagnoseMachine(panics, LOST, timeouts), { kind: 'panicked' });
});

t.test('a machine that ends while it is asked has ended', async (t) => {
  const machine = aMachine(t);
  machine.probeGuest = async () => {
    machine.reset();
    return 'silent';
  };
  t.strictSame(await diagnoseMachine(machine, LOST, timeouts), { kind: 'reset' });
});

t.test('an emulator that does not answer, or has stopped the CPUs, is the lab’s', async (t) => {
  for (const isRunning of [
    async () => false,
    () => Promise.reject(aFault('QMP_LOST')),
    () => new Promise<boolean>(() => {}),
  ]) {
    const machine = aMachine(t);
    machine.hang();
    machine.isRunning = isRunning;
    t.match(await diagnoseMachine(machine, LOST, timeouts), {
      kind: 'labDeath',
      detail: /QEMU does not answer/,
    });
    t.notOk(machine.log.includes('probe'));
  }
});

async function powerOff(
  t: { testdir(): string },
  script: MachineScript,
  finding: Promise<void> = NEVER,
  limits: Partial<Timeouts> = {},
) {
  const machine = aMachine(t, script);
  const guest = await machine.connect(100);
  const begun = performance.now();
  const state = await powerOffMachine(machine, guest, { ...timeouts, ...limits }, finding);
  const tookMs = performance.now() - begun;
  const asked = [...machine.log];
  await machine.stop();
  return { state, asked, tookMs };
}

t.test('a machine that powers off is as it should be', async (t) => {
  const { state, asked } = await powerOff(t, {});
  t.strictSame(state, { kind: 'running' });
  t.strictSame(asked, ['connect', 'powerOff']);
});

t.test('one that does not is stuck, after its full time, and gets an interrupt', async (t) => {
  const { state, asked, tookMs } = await powerOff(t, { onPowerOff: () => {} });
  t.match(state, { kind: 'stuck', detail: /^waited \d+ s$/ });
  t.strictSame(asked, ['connect', 'powerOff', 'nmi']);
  t.ok(tookMs >= 200, `${tookMs} ms`);
});

t.test('after a finding it is waited for less', async (t) => {
  const { state, tookMs } = await powerOff(t, { onPowerOff: () => {} }, Promise.resolve(), {
    powerOffMs: 20_000,
  });
  t.match(state, { kind: 'stuck' });
  t.ok(tookMs >= 60 && tookMs < 10_000, `${tookMs} ms`);
  const slow = await powerOff(
    t,
    { onPowerOff: (one) => setTimeout(() => one.powerDown(), 20) },
    Promise.resolve(),
  );
  t.strictSame(slow.state, { kind: 'running' });
});

t.test('when the agent that powers it off has died of a finding, nobody waits for it', async (t) => {
  const limits = { powerOffMs: 20_000, powerOffAfterSplatMs: 20_000 };
  const script = { onPowerOff: () => {}, agentGone: Promise.resolve() };
  const { state, asked, tookMs } = await powerOff(t, script, Promise.resolve(), limits);
  t.match(state, { kind: 'stuck' });
  t.strictSame(asked, ['connect', 'powerOff', 'nmi']);
  t.ok(tookMs < 10_000, `${tookMs} ms`);
  const late = { ...script, onPowerOff: (one: FakeMachine) => setTimeout(() => one.powerDown(), 10) };
  t.strictSame((await powerOff(t, late, Promise.resolve(), limits)).state, { kind: 'running' });
});

t.test('a kernel that dies while it powers off has died', async (t) => {
  t.match(await powerOff(t, { onPowerOff: (one) => one.panic() }), { state: { kind: 'panicked' } });
  t.match(await powerOff(t, { onPowerOff: (one) => one.reset() }), { state: { kind: 'reset' } });
  t.match(await powerOff(t, { onPowerOff: (one) => one.killQemu() }), { state: { kind: 'labDeath' } });
  t.match(await powerOff(t, { onPowerOff: () => {}, onNmi: (one) => one.panic() }), {
    state: { kind: 'panicked' },
  });
});
