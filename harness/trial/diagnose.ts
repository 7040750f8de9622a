// SPDX-License-Identifier: MIT
import type { Fault, Finding, Guest, Timeouts } from '../model/index.ts';
import type { MachineState } from '../verdict/index.ts';
import type { Machine, MachineEnd } from '../vm/index.ts';

/** How the machine stands after the steps; a guest that no longer answers is asked again before it is called hung. */
export async function diagnoseMachine(
  machine: Machine,
  fault: Fault | null,
  timeouts: Timeouts,
): Promise<MachineState> {
  if (fault) await Promise.race([machine.ended, wait(timeouts.lastWordsMs)]);
  const end = machine.hasEnded();
  if (end) return stateOf(end);
  const lost = ['GUEST_CONNECTION_LOST', 'GUEST_UNREACHABLE', 'GUEST_SILENT'];
  if (!fault || !lost.includes(fault.code)) return { kind: 'running' };
  const answer = await machine.probeGuest(timeouts.reconnectMs);
  const later = machine.hasEnded();
  if (later) return stateOf(later);
  if (answer === 'answered' || answer === 'refused') return { kind: 'running' };
  await machine.injectNmi().catch(() => {});
  await Promise.race([machine.ended, wait(timeouts.lastWordsMs)]);
  const last = machine.hasEnded();
  if (last) return stateOf(last);
  return {
    kind: 'hung',
    detail: `no answer to a new connection within ${Math.round(timeouts.reconnectMs / 1000)} s`,
  };
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

/**
 * Turns the machine off through its kernel, since some complaints only come when devices are shut down.
 * A kernel that cannot power off is a finding, unless it has complained, before or now: then that complaint explains it,
 * and it is not waited for so long. `complaint` settles with the first one.
 */
export async function powerOffMachine(
  machine: Machine,
  guest: Guest,
  timeouts: Timeouts,
  complaint: Promise<void>,
): Promise<Finding[]> {
  const limitMs = timeouts.powerOffMs;
  const patience = complaint
    .then(() => wait(timeouts.powerOffAfterSplatMs))
    .then(() => 'complained' as const);
  const end = await Promise.race([machine.powerOff(guest, limitMs), patience]);
  if (end !== false) return [];
  await machine.injectNmi().catch(() => {});
  await wait(timeouts.lastWordsMs);
  return [
    {
      kind: 'death',
      signature: 'death:poweroff',
      title: 'the machine did not power off',
      step: null,
      details: [`waited ${Math.round(limitMs / 1000)} s`],
      splat: null,
    },
  ];
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
