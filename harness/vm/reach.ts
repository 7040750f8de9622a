// SPDX-License-Identifier: MIT
import { Fault } from '../model/index.ts';

/**
 * How an attempt to open a session is made: over the serial port where a server waits, with TCP every other time and where
 * none does. Without a network card there is the serial port alone. Pure.
 */
export function chooseWay(network: boolean, serial: boolean, attempt: number): 'serial' | 'tcp' {
  if (!network) return 'serial';
  return serial && attempt % 2 === 0 ? 'serial' : 'tcp';
}

/** Whether an error says that nothing answered, so that another attempt may. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof Fault && ['GUEST_UNREACHABLE', 'GUEST_CONNECTION_LOST'].includes(error.code);
}

/** The Fault of a guest that did not answer in time. */
export function unreachable(what: string, deadlineMs: number): Fault {
  const message = `${what} within ${Math.round(deadlineMs / 1000)} s`;
  return new Fault({ blame: 'lab', code: 'GUEST_UNREACHABLE', message });
}
