// SPDX-License-Identifier: MIT
import { setTimeout as sleep } from 'node:timers/promises';
import { pause } from '../host/index.ts';
import { Fault, type Guest, type Limits } from '../model/index.ts';
import type { GuestPorts } from './guest-ports.ts';
import { chooseWay, isUnreachable, unreachable } from './reach.ts';
import type { MachineEnd, MachineSpec } from './spec.ts';
import { connectGuest } from './ssh.ts';

// Times in milliseconds that are not scaled, because the caller's deadline decides.

/** One attempt to open a session; a debug kernel under emulation needs seconds for the key exchange. */
const HANDSHAKE_MS = 60_000;
/** Between two attempts. */
const RETRY_MS = 250;
/** From the end of QEMU to the moment when it is known. */
const END_MS = 2_000;

/** How a machine's guest is reached. */
export interface SessionAddress extends Pick<MachineSpec, 'network' | 'keys'> {
  readonly limits: Limits;
  readonly ports: GuestPorts;
}

/** What becomes of the machine meanwhile. */
export interface SessionState {
  /** Settles when the guest's SSH server listens. */
  readonly ready: Promise<void>;
  readonly ended: Promise<MachineEnd>;
  readonly machine: { readonly hasSerial: boolean; hasEnded(): MachineEnd | null };
}

/** Waits for the guest's SSH server and opens a session, as `Machine.connect` promises. */
export async function openSession(
  address: SessionAddress,
  state: SessionState,
  deadlineMs: number,
  signal?: AbortSignal,
): Promise<Guest> {
  const endsAt = performance.now() + deadlineMs;
  const ready = await Promise.race([
    state.ready.then(() => true),
    state.ended.then(() => false),
    pause(deadlineMs, signal).then(() => false),
  ]);
  requireRunning(state, signal);
  if (!ready) throw unreachable('the guest did not become ready', deadlineMs);
  for (let attempt = 0; ; attempt += 1) {
    const leftMs = endsAt - performance.now();
    if (leftMs <= 0) throw unreachable('no SSH session could be opened', deadlineMs);
    const guest = await tryOnce(address, state, attempt, Math.min(leftMs, HANDSHAKE_MS), signal);
    requireRunning(state, signal);
    if (guest) return guest;
    await sleep(RETRY_MS); // not a pause: QEMU, which keeps the process alive, may be gone
  }
}

/** One attempt. Null: no answer. */
async function tryOnce(
  { network, keys, limits, ports }: SessionAddress,
  state: SessionState,
  attempt: number,
  deadlineMs: number,
  signal?: AbortSignal,
): Promise<Guest | null> {
  try {
    const transport = await ports.openSsh(chooseWay(network, state.machine.hasSerial, attempt));
    return await connectGuest({ transport, keys, deadlineMs, limits });
  } catch (error) {
    if (isUnreachable(error)) return null;
    // QEMU's monitor closes before its exit is known: then that is the reason.
    await Promise.race([state.ended, pause(END_MS, signal)]);
    requireRunning(state, signal);
    throw error;
  }
}

function requireRunning({ machine }: SessionState, signal?: AbortSignal): void {
  if (signal?.aborted)
    throw new Fault({
      blame: 'request',
      code: 'HOST_INTERRUPTED',
      message: 'interrupted while waiting for the guest',
    });
  const end = machine.hasEnded();
  if (end) throw new Fault({ blame: 'lab', code: 'MACHINE_ENDED', message: end.detail });
}
