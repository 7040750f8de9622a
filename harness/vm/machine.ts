// SPDX-License-Identifier: MIT
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Daemon, type DaemonEnd, quoteArgv, tail } from '../host/index.ts';
import { Fault, type Guest } from '../model/index.ts';
import { CONSOLE_FILE } from './argv.ts';
import { ConsoleReader } from './console.ts';
import { explainEnd } from './end.ts';
import { QmpClient, type QmpEvent } from './qmp.ts';
import type { MachineEnd, MachineSpec } from './spec.ts';
import { connectGuest, probeSshPort, type SshProbe } from './ssh.ts';

/** What the guest's init writes to the kernel's log when its SSH server listens. */
export const READY_LINE = 'ktrial: guest ready';
export const QEMU_LOG = 'qemu.log';

/** The first and the last line of a panic, as the kernel itself writes them. */
const PANIC_BEGINS = /^\[ *\d+\.\d+\][^\n]{0,40} Kernel panic - not syncing/m;
const PANIC_ENDS = /^\[ *\d+\.\d+\][^\n]{0,40} ---\[ end Kernel panic/m;
/** How long a panicked kernel may take from the first word to the last, in milliseconds: it prints its registers and stacks. */
const PANIC_MS = 20_000;
/** How long QEMU's last event may take to arrive once QEMU is gone, in milliseconds. */
const LAST_EVENT_MS = 2_000;
/** One try to open a session, in milliseconds; a debug kernel under emulation needs seconds for the key exchange. */
const HANDSHAKE_MS = 60_000;

/** A running QEMU machine. */
export class Machine {
  readonly argv: readonly string[];
  /** The line that starts the same machine by hand. */
  readonly command: string;
  readonly consolePath: string;
  /** Settles when QEMU is gone, whatever the reason; the console has been read to its end by then. */
  readonly ended: Promise<MachineEnd>;
  readonly #spec: MachineSpec;
  readonly #daemon: Daemon;
  readonly #console: ConsoleReader;
  readonly #scratch: string;
  readonly #ready: Promise<void>;
  #qmp: QmpClient | null = null;
  #end: MachineEnd | null = null;
  #shutdownReason: string | null = null;
  #panicked = false;
  #internalError = false;
  #stopping = false;
  #port: number | null = null;

  /** Made by `bootMachine`. */
  constructor(spec: MachineSpec, argv: readonly string[], daemon: Daemon, scratch: string) {
    this.#spec = spec;
    this.argv = argv;
    this.command = quoteArgv(argv);
    this.consolePath = join(spec.directory, CONSOLE_FILE);
    this.#daemon = daemon;
    this.#scratch = scratch;
    this.#console = new ConsoleReader(this.consolePath);
    this.#ready = this.#console.until(new RegExp(READY_LINE));
    void this.#console.until(PANIC_BEGINS).then(() => this.#panic(PANIC_MS));
    void this.#console.until(PANIC_ENDS).then(() => this.#panic(0));
    this.ended = daemon.ended.then((end) => this.#bury(end));
  }

  /** Opens QEMU's monitor. Called once, by `bootMachine`. */
  async open(qmpPath: string): Promise<void> {
    this.#qmp = await QmpClient.connect(
      qmpPath,
      (event) => this.#hear(event),
      30_000,
      () => this.#end !== null,
    );
  }

  /** QEMU's process id. */
  get pid(): number {
    return this.#daemon.pid;
  }

  /** How it ended, or null while it runs. */
  hasEnded(): MachineEnd | null {
    return this.#end;
  }

  /** Hands on the console's bytes as they come, from the first. */
  onConsole(listener: (chunk: Uint8Array) => void): void {
    this.#console.listen(listener);
  }

  /** Waits for the guest's SSH server and opens a session. Faults: `GUEST_UNREACHABLE`, `GUEST_WRONG_KEY`, `MACHINE_ENDED`. */
  async connect(deadlineMs: number, signal?: AbortSignal): Promise<Guest> {
    const endsAt = performance.now() + deadlineMs;
    const ready = await Promise.race([
      this.#ready.then(() => true),
      this.ended.then(() => false),
      pause(deadlineMs, signal).then(() => false),
    ]);
    this.#mustRun(signal);
    if (!ready) throw unreachable('the guest did not become ready', deadlineMs);
    const port = await this.sshPort();
    for (;;) {
      const left = endsAt - performance.now();
      if (left <= 0) throw unreachable('no SSH session could be opened', deadlineMs);
      const attempt = connectGuest({ port, keys: this.#spec.keys, deadlineMs: Math.min(left, HANDSHAKE_MS) });
      const guest = await attempt.catch((error: unknown) => {
        if (error instanceof Fault && error.code === 'GUEST_WRONG_KEY') throw error;
        return null;
      });
      this.#mustRun(signal);
      if (guest) return guest;
      await pause(250, signal);
    }
  }

  /** Asks whether the guest still answers on its SSH port. */
  async probeGuest(deadlineMs: number): Promise<SshProbe> {
    return probeSshPort(await this.sshPort(), deadlineMs);
  }

  /** The port on the loopback address that leads to the guest's SSH server; QEMU picked it. */
  async sshPort(): Promise<number> {
    if (this.#port !== null) return this.#port;
    const words = { 'command-line': 'info usernet' };
    const text = String(await this.#monitor().execute('human-monitor-command', words));
    const port = /TCP\[HOST_FORWARD\]\s+\S+\s+127\.0\.0\.1\s+(\d+)/.exec(text)?.[1];
    if (port === undefined)
      throw new Fault({
        blame: 'lab',
        code: 'MACHINE_NO_PORT',
        message: 'QEMU tells no forwarded port',
        details: text.split('\n'),
      });
    this.#port = Number(port);
    return this.#port;
  }

  /** A non-maskable interrupt to every CPU: a kernel prints that it came, one with a watchdog where each CPU is. */
  async injectNmi(): Promise<void> {
    await this.#monitor().execute('inject-nmi');
  }

  /** Whether QEMU answers and says that the machine's CPUs run. */
  async isRunning(): Promise<boolean> {
    if (this.#end) return false;
    const status = (await this.#monitor()
      .execute('query-status')
      .catch(() => null)) as { readonly running?: boolean } | null;
    return status?.running === true;
  }

  /**
   * Powers off through the guest's kernel; false when that took longer than the deadline. A session that is lost is
   * opened anew. Rejects with `GUEST_UNREACHABLE` when nobody can be asked, which says nothing about the kernel.
   */
  async powerOff(guest: Guest, deadlineMs: number): Promise<boolean> {
    const command = 'sleep 0.2; poweroff -f';
    const deadline = pause(deadlineMs);
    // The network may be shut down before the answer is out: it is not waited for longer than for the end itself.
    const asked = await Promise.race([
      guest.start(command).then(
        () => true,
        () => false,
      ),
      this.ended.then(() => true),
      deadline.then(() => true),
    ]);
    if (!asked && !this.#end) {
      const again = await this.connect(deadlineMs);
      await Promise.race([again.start(command).catch(() => null), this.ended, deadline]);
    }
    await Promise.race([this.ended, deadline]);
    return this.#end !== null;
  }

  /** Ends QEMU at once. */
  async stop(): Promise<MachineEnd> {
    this.#stopping = true;
    this.#daemon.kill('SIGKILL');
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.#scratch, { recursive: true, force: true });
  }

  #monitor(): QmpClient {
    if (this.#qmp) return this.#qmp;
    throw new Fault({ blame: 'lab', code: 'QMP_LOST', message: "QEMU's monitor is not open" });
  }

  #mustRun(signal?: AbortSignal): void {
    if (signal?.aborted)
      throw new Fault({
        blame: 'request',
        code: 'HOST_INTERRUPTED',
        message: 'interrupted while the machine was booting',
      });
    if (this.#end) throw new Fault({ blame: 'lab', code: 'MACHINE_ENDED', message: this.#end.detail });
  }

  #hear(event: QmpEvent): void {
    if (event.event === 'SHUTDOWN') this.#shutdownReason = String(event.data.reason ?? 'unknown');
    if (event.event === 'GUEST_PANICKED') void this.#panic(PANIC_MS);
    if (event.event === 'STOP' && !this.#stopping) void this.#lookAtStop();
  }

  /** A panicked kernel stands still for ever. It gets time for its last words, and then QEMU is ended. */
  async #panic(waitMs: number): Promise<void> {
    this.#panicked = true;
    await Promise.race([this.ended, pause(waitMs)]);
    this.#daemon.kill('SIGKILL');
  }

  /** A machine that stops of its own accord: QEMU could not emulate what its CPU does. */
  async #lookAtStop(): Promise<void> {
    const status = (await this.#qmp?.execute('query-status').catch(() => null)) as {
      readonly status?: string;
    } | null;
    if (status?.status !== 'internal-error') return;
    this.#internalError = true;
    this.#daemon.kill('SIGKILL');
  }

  async #bury(end: DaemonEnd): Promise<MachineEnd> {
    await this.#console.close();
    if (this.#qmp) await Promise.race([this.#qmp.closed, pause(LAST_EVENT_MS)]);
    this.#qmp?.close();
    const log = await readFile(join(this.#spec.directory, QEMU_LOG), 'utf8').catch(() => '');
    this.#end = explainEnd(end, {
      panicked: this.#panicked,
      internalError: this.#internalError,
      stopping: this.#stopping,
      shutdownReason: this.#shutdownReason,
      words: tail(log, 3).join(' / '),
    });
    return this.#end;
  }
}

function unreachable(what: string, deadlineMs: number): Fault {
  const message = `${what} within ${Math.round(deadlineMs / 1000)} s`;
  return new Fault({ blame: 'lab', code: 'GUEST_UNREACHABLE', message });
}

/** Waits, or until the signal aborts. */
function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    timer.unref();
    signal?.addEventListener('abort', finish, { once: true });
    if (signal?.aborted) finish();
  });
}
