// SPDX-License-Identifier: MIT
import type { Guest } from '../model/index.ts';
import type { QemuMachine } from './qemu-machine.ts';

/**
 * Has a guest power itself off by a command over SSH; settles when it was told to, has ended, or the deadline is over. A
 * session that is lost is opened anew. Rejects as `Machine.connect` does.
 */
export async function powerOffBySession(
  machine: QemuMachine,
  guest: Guest,
  deadlineMs: number,
  deadline: Promise<void>,
): Promise<void> {
  const command = 'sleep 0.2; poweroff -f';
  // The network may be shut down before the answer is out: it is not waited for longer than for the end itself.
  const asked = await Promise.race([
    guest.start(command).then(
      () => true,
      () => false,
    ),
    machine.ended.then(() => true),
    deadline.then(() => true),
  ]);
  if (asked || machine.hasEnded()) return;
  const again = await machine.connect(deadlineMs);
  await Promise.race([again.start(command).catch(() => null), machine.ended, deadline]);
}
