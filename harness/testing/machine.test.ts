// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Fault } from '../model/index.ts';
import { CLEAN_BOOT, FakeMachine, type MachineScript } from './machine.ts';
import { aMachineStarter, aTemplateSource } from './starter.ts';

async function aMachine(t: { testdir(): string }, script: MachineScript = {}) {
  const machine = new FakeMachine(t.testdir(), script);
  let heard = '';
  machine.onConsole((chunk) => {
    heard += Buffer.from(chunk).toString();
  });
  return { machine, heard: () => heard };
}

t.test('without a script a fake machine boots, obeys, and powers off', async (t) => {
  const { machine, heard } = await aMachine(t);
  const guest = await machine.connect(100);
  t.match(await guest.run('true', { timeoutMs: 100 }), { exitCode: 0, timedOut: false });
  t.match(await machine.readLog(100), /^6,0,0,-;Linux version .*\n6,1,1000000,-;ktrial: guest ready\n$/);
  t.equal(await machine.powerOff(guest, 100), true);
  t.match(machine.hasEnded(), { reason: 'poweroff', exitCode: 0 });
  t.match(heard(), /guest ready[\s\S]*Power down/);
  t.equal(readFileSync(machine.consolePath, 'utf8'), heard(), 'the console is on disk as well');
  await t.rejects(machine.connect(100), { code: 'MACHINE_ENDED' });
});

t.test('a command that is running is lost when the machine ends, however it ends', async (t) => {
  const ends: [string, (machine: FakeMachine) => void][] = [
    ['panic', (machine) => machine.panic()],
    ['reset', (machine) => machine.reset()],
    ['poweroff', (machine) => machine.powerDown()],
    ['qemuKilled', (machine) => machine.killQemu()],
    ['qemuExited', (machine) => machine.exitQemu()],
    ['internalError', (machine) => machine.failInternally()],
    ['stoppedByUs', (machine) => void machine.stop()],
  ];
  for (const [reason, end] of ends) {
    const { machine } = await aMachine(t, {
      replies: (_, machine) => {
        setTimeout(() => end(machine), 5);
        return null;
      },
    });
    const guest = await machine.connect(100);
    await t.rejects(guest.run('x', { timeoutMs: 60_000 }), { code: 'GUEST_CONNECTION_LOST' }, reason);
    t.equal((await machine.ended).reason, reason);
    t.equal(await machine.isRunning(), false);
  }
});

t.test(
  'a lost session rejects what is pending, and the server says whether there can be another',
  async (t) => {
    for (const server of ['answered', 'refused', 'silent'] as const) {
      const { machine } = await aMachine(t, {
        replies: (command, machine) => {
          if (command === 'lose') setTimeout(() => machine.loseSession(server), 5);
          return command === 'lose' ? null : {};
        },
      });
      const guest = await machine.connect(100);
      await t.rejects(guest.run('lose', { timeoutMs: 60_000 }), { code: 'GUEST_CONNECTION_LOST' });
      t.equal(await machine.probeGuest(5), server);
      t.equal(machine.hasEnded(), null, 'the machine runs on');
      if (server === 'answered')
        t.match(await (await machine.connect(100)).run('true', { timeoutMs: 100 }), { exitCode: 0 });
      else await t.rejects(machine.connect(10), { code: 'GUEST_UNREACHABLE', blame: 'lab' });
    }
  },
);

t.test('a hung guest answers nothing while its machine runs, and does not power off', async (t) => {
  const { machine } = await aMachine(t);
  machine.hang();
  machine.wake();
  const guest = await machine.connect(100);
  machine.hang();
  await t.rejects(guest.run('x', { timeoutMs: 10 }), { code: 'GUEST_CONNECTION_LOST' });
  t.equal(await machine.probeGuest(5), 'silent');
  t.equal(await machine.readLog(5), null);
  t.equal(await machine.powerOff(guest, 10), false);
  t.equal(await machine.isRunning(), true);
});

t.test('a slow guest runs into time limits, and a job goes on until a test ends it', async (t) => {
  const { machine } = await aMachine(t, {
    commandMs: 20,
    replies: (command) => (command === 'job' ? null : {}),
  });
  const guest = await machine.connect(100);
  t.match(await guest.run('x', { timeoutMs: 5 }), { timedOut: true, exitCode: null });
  t.match(await guest.run('x', { timeoutMs: 100 }), { timedOut: false, exitCode: 0 });
  const job = await guest.start('job');
  t.equal(await job.wait(5), null);
  machine.guest?.end('job', { exitCode: 3 });
  t.match(await job.wait(100), { exitCode: 3 });
});

t.test(
  'a starter starts machines by their specs and remembers them; a template may be refused',
  async (t) => {
    const fault = new Fault({ blame: 'lab', code: 'TEMPLATE_NOT_FROZEN', message: 'no' });
    await t.rejects(
      aTemplateSource(fault).open('k', () => t.fail() as never, { bootLimitMs: 1 }),
      fault,
    );
    const template = await aTemplateSource().open('k', () => t.fail() as never, { bootLimitMs: 1 });
    const starter = aMachineStarter((_, how) => ({ console: how === 'thaw' ? CLEAN_BOOT : '' }));
    const stop = new AbortController();
    const directory = join(t.testdir(), 'a');
    await starter.boot({ ...template.spec, directory }, { signal: stop.signal });
    const { machine } = await starter.thaw(template, { name: 'b', directory: join(t.testdir(), 'b') });
    t.equal(starter.machines.length, 2);
    stop.abort();
    t.match(await starter.machines[0]?.ended, { reason: 'stoppedByUs' });
    t.equal(machine.hasEnded(), null);
  },
);
