// SPDX-License-Identifier: MIT
import type { Guest } from '../model/index.ts';
import type { KeptMachine } from './keep.ts';
import type { MachineEnd } from './spec.ts';
import type { SshProbe } from './ssh.ts';

/**
 * A running machine, as trials see it. `qemu-machine.ts` is the real one, `testing/machine.ts` a scripted one. Disposing it
 * ends the machine at once and removes what it left on this computer, except for its logs.
 */
export interface Machine extends AsyncDisposable {
  /** A shell command that boots the same machine by hand, with its console on the terminal. */
  readonly command: string;
  /** The console's log on disk; complete once `ended` has settled. */
  readonly consolePath: string;
  /** What holds QEMU, for people: its user, its namespaces, its network card. */
  readonly confinement: string;
  /** Whether it has namespaces of its own, which this computer may forbid. */
  readonly isolated: boolean;
  /** Settles when the machine is gone, whatever the reason; every byte of its console has been passed on by then. */
  readonly ended: Promise<MachineEnd>;
  /** How it ended, or null while it runs. */
  hasEnded(): MachineEnd | null;
  /** Passes the console's bytes on as they come, from the first one ever written. */
  onConsole(listener: (chunk: Uint8Array) => void): void;
  /**
   * Waits for the guest's SSH server and opens a session. Rejects with `GUEST_UNREACHABLE` (lab) only when nothing answered
   * in time, with `MACHINE_ENDED` (lab) when the machine ended first, with `HOST_INTERRUPTED` when the signal aborted, and with
   * its own Fault for everything else, such as `GUEST_WRONG_KEY` or `MACHINE_NO_PORT` (both lab).
   */
  connect(deadlineMs: number, signal?: AbortSignal): Promise<Guest>;
  /** Asks whether the guest's SSH server still accepts connections. */
  probeGuest(deadlineMs: number): Promise<SshProbe>;
  /** Sends a non-maskable interrupt to every CPU: the kernel prints where each one is. */
  injectNmi(): Promise<void>;
  /** Whether the emulator answers and reports that the machine's CPUs run. A hung kernel still runs. */
  isRunning(): Promise<boolean>;
  /** Powers off through the guest's kernel; false when that took longer than the deadline. `GUEST_UNREACHABLE`: nobody could be asked. */
  powerOff(guest: Guest, deadlineMs: number): Promise<boolean>;
  /** Resolves when the guest's agent, which powers it off, has died. */
  whenAgentGone(): Promise<void>;
  /** The records of the guest's /dev/kmsg, `level,sequence,microseconds,flags;text`; null without a guest agent that answers. */
  readLog(timeoutMs: number): Promise<string | null>;
  /** Resident memory on this computer, in MiB, shared pages counted by their share; null where that is unknown. */
  measureMemoryMib(): Promise<number | null>;
  /**
   * Leaves the machine running for good, also when ktrial ends, and returns how to reach it: disposing it does nothing from then
   * on. Null where it was not started for that, or QEMU has ended.
   */
  release(): Promise<KeptMachine | null>;
  /** Ends the machine at once. */
  stop(): Promise<MachineEnd>;
}
