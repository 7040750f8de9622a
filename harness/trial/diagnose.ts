// SPDX-License-Identifier: MIT
import { delay } from '../host/index.ts';
import type { Fault, Guest, Timeouts } from '../model/index.ts';
import type { MachineState } from '../verdict/index.ts';
import type { Machine, MachineEnd } from '../vm/index.ts';

/** Faults after which nobody knows yet whether the guest, its session or the emulator is gone. */
const SILENCES: readonly string[] = ['GUEST_CONNECTION_LOST', 'GUEST_UNREACHABLE', 'GUEST_SILENT'];

/** Finds the state of the machine after the steps. A guest that no longer answers is asked again before it is called hung. */
export async function diagnoseMachine(
  machine: Machine,
  fault: Fault | null,
  timeouts: Timeouts,
): Promise<MachineState> {
  if (fault) await waitForEnd(machine, timeouts.lastWordsMs);
  const end = machine.hasEnded();
  if (end) return stateOf(end);
  if (!fault || !SILENCES.includes(fault.code)) return { kind: 'running' };
  if (!(await isEmulated(machine, timeouts.reconnectMs)))
    return { kind: 'labDeath', detail: "QEMU does not answer, or has stopped the machine's CPUs" };
  const answer = await machine.probeGuest(timeouts.reconnectMs).catch(() => 'refused' as const);
  const later = machine.hasEnded();
  if (later) return stateOf(later);
  if (answer !== 'silent') return { kind: 'running' };
  await provokeLastWords(machine, timeouts);
  const last = machine.hasEnded();
  if (last) return stateOf(last);
  return {
    kind: 'hung',
    detail: `no answer to a new connection within ${Math.round(timeouts.reconnectMs / 1000)} s`,
  };
}

/**
 * Turns the machine off through its kernel, since some splats only come when devices are shut down. After a finding the
 * wait is shorter, because that explains a kernel that cannot, and shorter still when the guest's agent has died of it: the agent's
 * own system call is the power-off. `finding` settles with the first finding.
 */
export async function powerOffMachine(
  machine: Machine,
  guest: Guest,
  timeouts: Timeouts,
  finding: Promise<void>,
): Promise<MachineState> {
  const { powerOffMs, powerOffAfterSplatMs, lastWordsMs } = timeouts;
  const over = new AbortController();
  const askedAt = performance.now();
  const impatience = finding
    .then(() =>
      Promise.race([
        delay(powerOffAfterSplatMs, over.signal),
        machine.whenAgentGone().then(() => delay(lastWordsMs, over.signal)),
      ]),
    )
    .then(() => false);
  let off: boolean;
  try {
    off = await Promise.race([machine.powerOff(guest, powerOffMs), impatience]);
  } finally {
    over.abort();
  }
  if (!off) await provokeLastWords(machine, timeouts);
  const end = machine.hasEnded();
  if (!end) return { kind: 'stuck', detail: `waited ${Math.round((performance.now() - askedAt) / 1000)} s` };
  // Powered off is as it should be here.
  return end.reason === 'poweroff' ? { kind: 'running' } : stateOf(end);
}

/** A kernel that hangs prints where each CPU is when it gets a non-maskable interrupt. */
async function provokeLastWords(machine: Machine, { lastWordsMs }: Timeouts): Promise<void> {
  await machine.injectNmi().catch(() => {});
  await waitForEnd(machine, lastWordsMs);
}

async function isEmulated(machine: Machine, limitMs: number): Promise<boolean> {
  const over = new AbortController();
  const answer = await Promise.race([
    machine.isRunning().catch(() => false),
    delay(limitMs, over.signal).then(() => false),
  ]);
  over.abort();
  return answer;
}

async function waitForEnd(machine: Machine, limitMs: number): Promise<void> {
  const over = new AbortController();
  await Promise.race([machine.ended, delay(limitMs, over.signal)]);
  over.abort();
}

function stateOf(end: MachineEnd): MachineState {
  switch (end.reason) {
    case 'panic':
      return { kind: 'panicked' };
    case 'reset':
      return { kind: 'reset' };
    case 'poweroff':
      return { kind: 'poweredOff' };
    default:
      return { kind: 'labDeath', detail: end.detail };
  }
}
