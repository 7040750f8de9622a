// SPDX-License-Identifier: MIT

/** How a command in the guest ended. Exactly one of `exitCode` and `signal` is set, unless it timed out. */
export interface GuestResult {
  readonly exitCode: number | null;
  /** Signal name without SIG, such as `SEGV`. */
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
  /** The deadline passed and the command was killed (or could not be: then it is still in the guest). */
  readonly timedOut: boolean;
}

export interface GuestRunOptions {
  readonly timeoutMs: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** A command that goes on in the guest while we do other things. */
export interface GuestJob {
  /** The process id in the guest of the command's own shell, which leads its process group. */
  readonly pid: number;
  /** Waits for the end; returns null when `timeoutMs` passed first, and then the job goes on. */
  wait(timeoutMs: number): Promise<GuestResult | null>;
  /** What it wrote so far. */
  output(): { readonly stdout: string; readonly stderr: string };
  /** Sends a signal (name without SIG) to the whole process group. */
  kill(signal: string): Promise<void>;
}

/**
 * Our SSH session inside a machine. Every method rejects with a Fault `GUEST_CONNECTION_LOST` (blame lab) when the
 * connection dies: a command whose exit status never came has not succeeded.
 */
export interface Guest {
  /** Runs a shell command and waits. A non-zero exit code is a value; the deadline passing is a value too. */
  run(command: string, options: GuestRunOptions): Promise<GuestResult>;
  /** Starts a shell command in its own process group and returns once it has a pid. */
  start(command: string, options?: { readonly env?: Readonly<Record<string, string>> }): Promise<GuestJob>;
  /** Writes a file in the guest, with its directories. `mode` is octal text, such as `0755`. */
  upload(content: string | Uint8Array, path: string, mode?: string): Promise<void>;
  /** An interactive shell on a terminal of this size, where the connection has one; resolves with its exit code. */
  openShell?(
    input: NodeJS.ReadableStream,
    output: NodeJS.WritableStream,
    size: { readonly rows: number; readonly cols: number },
  ): Promise<number>;
  close(): Promise<void>;
}
