// SPDX-License-Identifier: MIT
import type { DaemonEnd } from '../host/index.ts';
import type { MachineEnd } from './spec.ts';

/** What was seen of a machine before QEMU was gone. */
export interface LastSigns {
  /** Its kernel said so on the console, or through the pvpanic device. */
  readonly panicked: boolean;
  /** QEMU stopped the machine because it could not go on. */
  readonly internalError: boolean;
  /** We were about to end it. */
  readonly stopping: boolean;
  /** The reason in QEMU's SHUTDOWN event, or null when none came. */
  readonly shutdownReason: string | null;
  /** The last words on QEMU's standard error. */
  readonly words: string;
}

/** Why a machine ended, from what was seen. The cause wins over its consequence: we kill the QEMU of a panicked kernel. Pure. */
export function explainEnd(end: DaemonEnd, signs: LastSigns): MachineEnd {
  return { ...findReason(end, signs), exitCode: end.exitCode, signal: end.signal };
}

function findReason(end: DaemonEnd, signs: LastSigns): Pick<MachineEnd, 'reason' | 'detail'> {
  const said = signs.words === '' ? '' : `: ${signs.words}`;
  if (signs.panicked) return { reason: 'panic', detail: "the guest's kernel panicked" };
  if (signs.internalError)
    return { reason: 'internalError', detail: `QEMU could not go on (internal-error)${said}` };
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
    return { reason: 'qemuKilled', detail: `QEMU was told to end by a signal${said}` };
  if (end.signal !== null) return { reason: 'qemuKilled', detail: `QEMU was killed by ${end.signal}${said}` };
  return { reason: 'qemuExited', detail: `QEMU ended with exit code ${end.exitCode}${said}` };
}
