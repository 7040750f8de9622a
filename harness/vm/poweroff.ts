// SPDX-License-Identifier: MIT
import type { Guest } from '../model/index.ts';
import type { Machine } from './machine.ts';

/**
 * Makes a guest power itself off by a command over SSH. Resolves when the command was given, the machine has ended, or the
 * deadline has passed. Opens another session when this one is lost; rejects as `Machine.connect` does.
 */
export async function powerOffBySession(
  machine: Pick<Machine, 'ended' | 'hasEnded' | 'connect'>,
  guest: Guest,
  deadlineMs: number,
  deadline: Promise<void>,
): Promise<void> {
  const command = 'sleep 0.2; poweroff -f';
  // The network may be shut down before the answer is out: it is not awaited for longer than the end itself.
  const given = await Promise.race([
    guest.start(command).then(
      () => true,
      () => false,
    ),
    machine.ended.then(() => true),
    deadline.then(() => true),
  ]);
  if (given || machine.hasEnded()) return;
  const again = await machine.connect(deadlineMs);
  await Promise.race([again.start(command).catch(() => null), machine.ended, deadline]);
}
