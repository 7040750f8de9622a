// SPDX-License-Identifier: MIT
import type { Guest } from '../model/index.ts';
import type { MachineEnd } from './spec.ts';
import type { SshProbe } from './ssh.ts';

/**
 * A running machine, as trials see it. QEMU's is `qemu-machine.ts`; a test stands another one in its place. Closing it ends it at
 * once and removes what it left on this computer.
 */
export interface Machine extends AsyncDisposable {
  /** The command line that it runs with. */
  readonly argv: readonly string[];
  /** The command that boots the same machine by hand. */
  readonly command: string;
  readonly consolePath: string;
  /** Process id of the emulator. */
  readonly pid: number;
  /** Settles when the machine is gone, whatever the reason; its console has been read to the end by then. */
  readonly ended: Promise<MachineEnd>;
  /** How it ended, or null while it runs. */
  hasEnded(): MachineEnd | null;
  /** Passes the console's bytes on as they come, from the first. */
  onConsole(listener: (chunk: Uint8Array) => void): void;
  /** Waits for the guest's SSH server and opens a session. Faults: `GUEST_UNREACHABLE`, `GUEST_WRONG_KEY`, `MACHINE_ENDED`. */
  connect(deadlineMs: number, signal?: AbortSignal): Promise<Guest>;
  /** Asks whether the guest still answers on its SSH port. */
  probeGuest(deadlineMs: number): Promise<SshProbe>;
  /** Sends a non-maskable interrupt to every CPU. */
  injectNmi(): Promise<void>;
  /** Whether the emulator answers and says that the machine's CPUs run. */
  isRunning(): Promise<boolean>;
  /** Powers off through the guest's kernel; false when that took longer than the deadline. */
  powerOff(guest: Guest, deadlineMs: number): Promise<boolean>;
  /** The kernel's own copy of its log; null where nobody can be asked. */
  readLog(timeoutMs: number): Promise<string | null>;
  /** Ends it at once. */
  stop(): Promise<MachineEnd>;
}
