// SPDX-License-Identifier: MIT
import t from 'tap';
import { type Blame, Fault } from '../model/index.ts';
import { aScenario, FAKE_TIMEOUTS, type FakeTrialOptions, runFakeTrial } from '../testing/fake-lab.ts';
import {
  type FakeMachine,
  KASAN_LINES,
  type MachineScript,
  stampLines,
  WARNING_LINES,
} from '../testing/index.ts';

t.jobs = 8;

/** Each row of the table of blames as a whole trial: the real runner, the real scenario, a scripted machine. */

const PLAIN = 'setup: [{run: prepare}]\nsteps: [{run: work}]\ncleanup: [{run: tidy}]\n';
const KASAN = stampLines(20, KASAN_LINES);
const WARNING = stampLines(30, WARNING_LINES);
const NO_INIT =
  '[    0.000000] Linux version 5.10.0 (fake)\n[    2.000000] Kernel panic - not syncing: Requested init /nowhere failed (error -2).\n[    2.000001] CPU: 0 PID: 1 Comm: swapper/0 Not tainted 5.10.0 #1\n[    2.000002] ---[ end Kernel panic - not syncing: Requested init /nowhere failed (error -2). ]---\n';

/** A guest whose command `work` does something to its machine. */
const onWork = (
  act: (machine: FakeMachine) => unknown,
  answer: 'ends' | 'hangs' = 'hangs',
): MachineScript => ({
  replies(command, machine) {
    if (command !== 'work') return {};
    act(machine);
    return answer === 'ends' ? {} : null;
  },
});

const later = (act: (machine: FakeMachine) => void) => (machine: FakeMachine) =>
  setTimeout(() => act(machine), 5);

function aFault(code: string, blame: 'lab' | 'harness' = 'lab'): Fault {
  return new Fault({ blame, code, message: `${code} happened` });
}

interface Row {
  readonly name: string;
  readonly script: MachineScript;
  readonly scenario?: string;
  readonly options?: FakeTrialOptions;
  readonly blame: Blame | null;
  readonly fault?: string | null;
  readonly reason?: RegExp;
  readonly findings?: readonly RegExp[];
}

const ROWS: readonly Row[] = [
  { name: 'a scenario that goes well', script: {}, blame: null, findings: [] },

  // The kernel.
  {
    name: 'a splat that the scenario does not allow',
    script: onWork((machine) => machine.say(KASAN), 'ends'),
    blame: 'kernel',
    reason: /^KASAN: /,
    findings: [/KASAN/],
  },
  {
    name: 'a missed expectation in the steps',
    script: { replies: (command) => (command === 'work' ? { exitCode: 3 } : {}) },
    blame: 'kernel',
    reason: /^run work: /,
    findings: [/^expectation:s:run work:exit code$/],
  },
  {
    name: 'a panic',
    script: onWork(later((machine) => machine.panic())),
    blame: 'kernel',
    reason: /kernel panic: fake/,
    findings: [/kernel panic: fake/],
  },
  {
    name: 'a reset',
    script: onWork(later((machine) => machine.reset())),
    blame: 'kernel',
    fault: 'MACHINE_ENDED',
    reason: /^the machine reset itself$/,
    findings: [/^death:reset$/],
  },
  {
    name: 'a guest that hangs',
    script: onWork((machine) => machine.hang()),
    blame: 'kernel',
    reason: /^the guest hung: no answer/,
    findings: [/^death:hang$/],
  },
  {
    name: 'a guest that hangs in a step with a deadline',
    script: onWork((machine) => machine.hang()),
    scenario: 'steps: [{run: {command: work, timeout: 10s}}]\n',
    blame: 'kernel',
    reason: /^the guest hung: no answer/,
  },
  {
    name: 'a kernel that does not power off',
    script: { onPowerOff: () => {} },
    blame: 'kernel',
    reason: /^the machine did not power off/,
    findings: [/^death:poweroff$/],
  },
  {
    name: 'a scenario that does not finish in time while the guest answers',
    script: onWork(() => {}),
    scenario: 'timeout: 2s\nsteps: [{run: {command: work, timeout: 10m}}]\n',
    blame: 'kernel',
    reason: /finish/,
    findings: [/^expectation:s:/],
  },
  {
    name: 'a splat during a boot that does not finish',
    script: {
      console: `[    0.000000] Linux version 5.10.0 (fake)\n${KASAN}`,
      bootMs: Number.POSITIVE_INFINITY,
    },
    blame: 'kernel',
    reason: /^the guest did not become ready: KASAN/,
    findings: [/KASAN/],
  },

  // The lab, because nothing speaks against the kernel.
  {
    name: 'a guest that never becomes reachable',
    script: { bootMs: Number.POSITIVE_INFINITY },
    blame: 'lab',
    fault: 'GUEST_UNREACHABLE',
    reason: /did not become ready/,
    findings: [],
  },
  {
    name: 'a guest that never becomes reachable, and a console without a word',
    script: { console: 'SeaBIOS (version 1.16.2)\n', bootMs: Number.POSITIVE_INFINITY },
    blame: 'lab',
    fault: 'CONSOLE_SILENT',
    findings: [],
  },
  ...(['GUEST_WRONG_KEY', 'MACHINE_NO_PORT', 'HOST_LIMIT'] as const).map(
    (code): Row => ({
      name: `a session that cannot be opened: ${code}`,
      script: { connectFault: aFault(code) },
      blame: 'lab',
      fault: code,
      reason: new RegExp(`^${code} happened$`),
      findings: [],
    }),
  ),
  {
    name: 'a guest that cannot run a command',
    script: { replies: () => ({ exitCode: 126, stderr: 'no shell\n' }) },
    blame: 'lab',
    fault: 'TRIAL_NO_SHELL',
    findings: [],
  },
  {
    name: 'QEMU that is killed',
    script: onWork(later((machine) => machine.killQemu())),
    blame: 'lab',
    fault: 'MACHINE_ENDED',
    reason: /^QEMU was killed by SIGKILL$/,
    findings: [],
  },
  {
    name: 'QEMU that exits',
    script: onWork(later((machine) => machine.exitQemu())),
    blame: 'lab',
    reason: /^QEMU exited with code 1$/,
    findings: [],
  },
  {
    name: 'QEMU that cannot go on',
    script: onWork(later((machine) => machine.failInternally())),
    blame: 'lab',
    findings: [],
  },
  {
    name: 'SSH that dies while the machine lives',
    script: onWork(later((machine) => machine.loseSession('refused'))),
    blame: 'lab',
    fault: 'GUEST_CONNECTION_LOST',
    findings: [],
  },
  {
    name: 'a disk that runs full',
    script: onWork(() => {}),
    scenario: 'steps: [{run: {command: work, timeout: 10m}}]\n',
    options: { lab: { space: { measureMib: async () => 1, everyMs: 50 } } },
    blame: 'lab',
    fault: 'HOST_DISK_FULL',
    findings: [],
  },
  {
    name: 'a disk that is full only at the end',
    script: {},
    options: { lab: { space: { measureMib: async () => 1, everyMs: 60_000 } } },
    blame: 'lab',
    fault: 'HOST_DISK_FULL',
    findings: [],
  },
  {
    name: 'a kernel that is not on this computer',
    script: {},
    options: { lab: { artifacts: { kernel: async () => null, image: async () => null } } },
    blame: 'lab',
    fault: 'TRIAL_NO_ARTIFACT',
    findings: [],
  },
  {
    name: 'a panic because there is no init to run',
    script: { console: NO_INIT, bootMs: Number.POSITIVE_INFINITY },
    options: { onEvent: (_, machine) => machine?.panic('') },
    blame: 'lab',
    fault: 'GUEST_UNREACHABLE',
    reason: /Requested init \/nowhere failed/,
  },

  // The scenario.
  {
    name: 'a setup that fails',
    script: { replies: (command) => (command === 'prepare' ? { exitCode: 1 } : {}) },
    blame: 'scenario',
    fault: 'SCENARIO_SETUP_FAILED',
    findings: [],
  },
  {
    name: 'an impossible step',
    script: { replies: (command) => (command === 'work' ? { exitCode: 127 } : {}) },
    blame: 'scenario',
    fault: 'SCENARIO_NO_COMMAND',
    findings: [],
  },
  {
    name: 'a setup that does not finish in time',
    script: { replies: (command) => (command === 'prepare' ? null : {}) },
    scenario: 'timeout: 2s\nsetup: [{run: {command: prepare, timeout: 10m}}]\nsteps: [{run: work}]\n',
    blame: 'scenario',
    fault: 'SCENARIO_TIMEOUT',
    reason: /time limit of 2 s/,
    findings: [],
  },
  {
    name: 'a guest that powers off early',
    script: onWork(later((machine) => machine.powerDown())),
    blame: 'scenario',
    reason: /^the guest powered off before the scenario was over$/,
    findings: [],
  },

  // ktrial.
  {
    name: 'what nobody foresaw',
    script: {
      replies(command) {
        if (command === 'work') throw new TypeError('undefined is not a function');
        return {};
      },
    },
    blame: 'harness',
    findings: [],
  },
  {
    name: 'a trial that takes longer than all its limits together',
    script: onWork(() => {}),
    options: {
      lab: {
        timeouts: (request) => ({ ...FAKE_TIMEOUTS(request), trialMs: 60 }),
      },
    },
    blame: 'harness',
    fault: 'TRIAL_OVERDUE',
    findings: [],
  },

  // Two things at once: the first, and what speaks against the kernel.
  {
    name: 'a splat, and then QEMU is killed',
    script: onWork((machine) => {
      machine.say(KASAN);
      later((one) => one.killQemu())(machine);
    }),
    blame: 'kernel',
    reason: /^QEMU was killed by SIGKILL: KASAN/,
    findings: [/KASAN/],
  },
  {
    name: 'a missed expectation, and then SSH dies in the cleanup',
    script: {
      replies(command, machine) {
        if (command === 'tidy') later((one) => one.loseSession('refused'))(machine);
        return command === 'tidy' ? null : { exitCode: command === 'work' ? 3 : 0 };
      },
    },
    blame: 'kernel',
    findings: [/^expectation:s:run work/],
  },
  {
    name: 'SSH that dies in the cleanup of a scenario that went well',
    script: {
      replies(command, machine) {
        if (command === 'tidy') later((one) => one.loseSession('refused'))(machine);
        return command === 'tidy' ? null : {};
      },
    },
    blame: 'lab',
    fault: 'GUEST_CONNECTION_LOST',
    findings: [],
  },
  {
    name: 'an allowed splat, and then a kernel that does not power off',
    script: { ...onWork((machine) => machine.say(WARNING), 'ends'), onPowerOff: () => {} },
    scenario: `${PLAIN}expect: {allow: [{matches: badger_put, why: a test}]}\n`,
    blame: 'kernel',
    reason: /^the machine did not power off/,
    findings: [/^death:poweroff$/],
  },
  {
    name: 'a splat, and then a kernel that does not power off',
    script: { ...onWork((machine) => machine.say(WARNING), 'ends'), onPowerOff: () => {} },
    blame: 'kernel',
    reason: /^the machine did not power off: waited \d+ s: WARNING in badger_put$/,
    findings: [/badger_put/],
  },
  {
    name: 'a panic while the machine powers off',
    script: { onPowerOff: (machine) => machine.panic() },
    blame: 'kernel',
    findings: [/kernel panic: fake/],
  },
  {
    name: 'QEMU that is killed while the machine powers off',
    script: { onPowerOff: (machine) => machine.killQemu() },
    blame: 'lab',
    reason: /^QEMU was killed/,
    findings: [],
  },
  {
    name: 'a panic that the scenario expects',
    script: onWork(later((machine) => machine.panic())),
    scenario: `${PLAIN}expect: {machine: panicked, dmesg: {splats: [{matches: fake, why: a test}]}}\n`,
    blame: null,
    findings: [],
  },
];

for (const { name, script, scenario = PLAIN, options = {}, blame, fault, reason, findings } of ROWS)
  t.test(`${name}: ${blame ?? 'passed'}`, { buffered: true }, async (t) => {
    const trial = await runFakeTrial(t.testdir(), aScenario(scenario), script, options);
    const { result } = trial;
    t.strictSame(
      [result.outcome, result.blame],
      [blame === null ? 'passed' : 'failed', blame],
      result.reason,
    );
    if (fault !== undefined) t.equal(result.fault, fault);
    t.match(result.reason, reason ?? /\w/);
    if (findings) {
      t.equal(result.findings.length, findings.length, JSON.stringify(result.findings));
      for (const [index, signature] of findings.entries())
        t.match(result.findings[index]?.signature, signature);
    }
    for (const machine of trial.machines) t.not(machine.hasEnded(), null, 'no machine is left running');
  });
