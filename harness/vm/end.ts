// SPDX-License-Identifier: MIT
import type { DaemonEnd } from '../host/index.ts';
import type { MachineEnd } from './spec.ts';

/** What was observed of a machine before QEMU was gone. */
export interface LastSigns {
  /** Its kernel reported a panic on the console or through the pvpanic device. */
  readonly panicked: boolean;
  /** QEMU stopped the machine with `internal-error`. */
  readonly internalError: boolean;
  /** The console's log reached this size, in MiB; null when it did not. */
  readonly consoleFullMib: number | null;
  /** ktrial was stopping it. */
  readonly stopping: boolean;
  /** The reason in QEMU's SHUTDOWN event, or null when none came. */
  readonly shutdownReason: string | null;
  /** The last lines of QEMU's standard error. */
  readonly lastLines: string;
}

/** Why a machine ended. A cause wins over its consequence: ktrial kills the QEMU of a panicked kernel. Pure. */
export function explainEnd(end: DaemonEnd, signs: LastSigns): MachineEnd {
  return { ...findReason(end, signs), exitCode: end.exitCode, signal: end.signal };
}

function findReason(end: DaemonEnd, signs: LastSigns): Pick<MachineEnd, 'reason' | 'detail'> {
  const output = signs.lastLines === '' ? '' : `: ${signs.lastLines}`;
  if (signs.panicked) return { reason: 'panic', detail: "the guest's kernel panicked" };
  if (signs.internalError)
    return { reason: 'internalError', detail: `QEMU could not go on (internal-error)${output}` };
  if (signs.consoleFullMib !== null)
    return {
      reason: 'consoleFull',
      detail: `the console was cut after ${signs.consoleFullMib} MiB, which is its limit (--limit console-mib=${2 * signs.consoleFullMib} raises it)`,
    };
  switch (signs.shutdownReason) {
    case 'guest-shutdown':
      return { reason: 'poweroff', detail: 'the guest powered off' };
    case 'guest-reset':
      return { reason: 'reset', detail: 'the guest reset the machine' };
    case 'guest-panic':
      return { reason: 'panic', detail: "the guest's kernel panicked" };
  }
  if (signs.stopping) return { reason: 'stoppedByUs', detail: 'stopped by ktrial' };
  if (signs.shutdownReason === 'host-signal')
    return { reason: 'qemuKilled', detail: `QEMU exited on a signal${output}` };
  if (end.signal !== null)
    return { reason: 'qemuKilled', detail: `QEMU was killed by ${end.signal}${output}` };
  return { reason: 'qemuExited', detail: `QEMU exited with code ${end.exitCode}${output}` };
}
