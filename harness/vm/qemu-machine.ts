// SPDX-License-Identifier: MIT
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Daemon, type DaemonEnd, tail } from '../host/index.ts';
import { Fault, type Guest, PANIC_BEGINS, PANIC_ENDS } from '../model/index.ts';
import { buildReproductionCommand, CONSOLE_FILE, QMP_SOCKET } from './argv.ts';
import { ConsoleReader } from './console.ts';
import { explainEnd } from './end.ts';
import type { GuestAgent } from './guest-agent.ts';
import { GuestLine } from './line.ts';
import type { Machine } from './machine.ts';
import { measureMemoryMib } from './memory.ts';
import { powerOffBySession } from './poweroff.ts';
import { QmpClient, type QmpEvent } from './qmp.ts';
import type { MachineEnd, MachineSpec } from './spec.ts';
import { connectGuest, probeSshPort, type SshProbe } from './ssh.ts';

/** What the guest's init writes to the kernel's log when its SSH server listens. */
export const READY_LINE = 'ktrial: guest ready';
/** What it writes when one waits at the serial port, too, and a guest agent at another; before that it listens. */
const SERIAL_LINE = /ktrial: an SSH server waits at the serial port/;
export const QEMU_LOG = 'qemu.log';

/** How long a panicked kernel may take from the first word to the last, in milliseconds: it prints its registers and stacks. */
const PANIC_MS = 20_000;
/** How long QEMU's last event may take to arrive once QEMU is gone, in milliseconds. */
const LAST_EVENT_MS = 2_000;
/** One try to open a session, in milliseconds; a debug kernel under emulation needs seconds for the key exchange. */
const HANDSHAKE_MS = 60_000;

/** A machine that QEMU runs. */
export class QemuMachine implements Machine {
  readonly command: string;
  readonly consolePath: string;
  /** Settles when QEMU is gone, whatever the reason; the console has been read to its end by then. */
  readonly ended: Promise<MachineEnd>;
  readonly #spec: MachineSpec;
  readonly #daemon: Daemon;
  readonly #console: ConsoleReader;
  /** Directory of its sockets; gone with it. */
  readonly sockets: string;
  /** The ways to its SSH servers. */
  readonly line: GuestLine;
  readonly #ready: Promise<void>;
  readonly #awaited: {
    readonly pick: (event: QmpEvent) => boolean;
    readonly resolve: (event: QmpEvent) => void;
  }[] = [];
  #qmp: QmpClient | null = null;
  #end: MachineEnd | null = null;
  #shutdownReason: string | null = null;
  #serial = false;
  #panicked = false;
  #internalError = false;
  #stopping = false;

  /** Made by `bootMachine` and `thawMachine`; one that was thawed is ready at once. */
  constructor(spec: MachineSpec, daemon: Daemon, sockets: string) {
    this.#spec = spec;
    this.command = buildReproductionCommand(spec);
    this.consolePath = join(spec.directory, CONSOLE_FILE);
    this.#daemon = daemon;
    this.sockets = sockets;
    this.line = new GuestLine(sockets, () => this.monitor());
    this.#console = new ConsoleReader(this.consolePath);
    void this.#console.until(SERIAL_LINE).then(() => this.useSerial());
    this.#ready =
      spec.ram?.use === 'private' ? Promise.resolve() : this.#console.until(new RegExp(READY_LINE));
    void this.#console.until(PANIC_BEGINS).then(() => this.#panic(PANIC_MS));
    void this.#console.until(PANIC_ENDS).then(() => this.#panic(0));
    this.ended = daemon.ended.then((end) => this.#bury(end));
  }

  /** Opens QEMU's monitor. Called once, by `bootMachine`. */
  async open(): Promise<void> {
    this.#qmp = await QmpClient.connect(
      join(this.sockets, QMP_SOCKET),
      (event) => this.#hear(event),
      30_000,
      () => this.#end !== null,
    );
  }

  /** The guest has a server at its serial port: sessions go over that. */
  useSerial(): void {
    this.#serial = true;
  }

  get hasSerial(): boolean {
    return this.#serial;
  }

  get spec(): MachineSpec {
    return this.#spec;
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
    this.#requireRunning(signal);
    if (!ready) throw unreachable('the guest did not become ready', deadlineMs);
    for (let attempt = 0; ; attempt += 1) {
      const left = endsAt - performance.now();
      if (left <= 0) throw unreachable('no SSH session could be opened', deadlineMs);
      const guest = await this.#try(attempt, Math.min(left, HANDSHAKE_MS)).catch(async (error: unknown) => {
        if (isUnreachable(error)) return null;
        // QEMU's monitor closes before QEMU is known to be gone: then the machine's end is the reason.
        await Promise.race([this.ended, pause(LAST_EVENT_MS, signal)]);
        this.#requireRunning(signal);
        throw error;
      });
      this.#requireRunning(signal);
      if (guest) return guest;
      await pause(250, signal);
    }
  }

  /** One try: over the serial port where a server waits there, and over TCP every other time and where none does. */
  async #try(attempt: number, deadlineMs: number): Promise<Guest> {
    const way = await this.line.open(this.#serial && attempt % 2 === 0 ? 'serial' : 'port');
    return connectGuest({ way, keys: this.#spec.keys, deadlineMs });
  }

  /** Asks whether the guest still answers on its SSH port. */
  async probeGuest(deadlineMs: number): Promise<SshProbe> {
    return probeSshPort(await this.sshPort(), deadlineMs);
  }

  /** The port on the loopback address that leads to the guest's SSH server; QEMU picked it. */
  sshPort(): Promise<number> {
    return this.line.port();
  }

  /** A non-maskable interrupt to every CPU: a kernel prints that it came, one with a watchdog where each CPU is. */
  async injectNmi(): Promise<void> {
    await this.monitor().execute('inject-nmi');
  }

  /** Whether QEMU answers and says that the machine's CPUs run. */
  async isRunning(): Promise<boolean> {
    if (this.#end) return false;
    const status = (await this.monitor()
      .execute('query-status')
      .catch(() => null)) as { readonly running?: boolean } | null;
    return status?.running === true;
  }

  /**
   * Powers off through the guest's kernel; false when that took longer than the deadline. A session that is lost is
   * opened anew. Rejects with `GUEST_UNREACHABLE` when nobody can be asked, which says nothing about the kernel.
   */
  async powerOff(guest: Guest, deadlineMs: number): Promise<boolean> {
    const deadline = pause(deadlineMs);
    const told = await this.#askGuestAgent((guestAgent) =>
      guestAgent.powerOff(deadlineMs / 3).then(() => true),
    );
    if (!told && !this.#end) await powerOffBySession(this, guest, deadlineMs, deadline);
    await Promise.race([this.ended, deadline]);
    return this.#end !== null;
  }

  /** The kernel's own copy of its log, each line with its level in front; null where there is no guest agent to ask. */
  async readLog(timeoutMs: number): Promise<string | null> {
    const log = await this.#askGuestAgent((guestAgent) => guestAgent.readLog(timeoutMs));
    return log?.toString() ?? null;
  }

  /** Null when there is no guest agent, or it does not do what it is told. */
  async #askGuestAgent<Answer>(tell: (guestAgent: GuestAgent) => Promise<Answer>): Promise<Answer | null> {
    if (!this.#serial) return null;
    return this.line
      .guestAgent()
      .then(tell)
      .catch(() => null);
  }

  measureMemoryMib(): Promise<number | null> {
    return measureMemoryMib(this.pid);
  }

  /** Ends QEMU at once. */
  async stop(): Promise<MachineEnd> {
    this.#stopping = true;
    this.#daemon.kill('SIGKILL');
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.line.close();
    await rm(this.sockets, { recursive: true, force: true });
  }

  /** QEMU's monitor. Fault `QMP_LOST` when it is not open. */
  monitor(): QmpClient {
    if (this.#qmp) return this.#qmp;
    throw new Fault({ blame: 'lab', code: 'QMP_LOST', message: "QEMU's monitor is not open" });
  }

  #requireRunning(signal?: AbortSignal): void {
    if (signal?.aborted)
      throw new Fault({
        blame: 'request',
        code: 'HOST_INTERRUPTED',
        message: 'interrupted while the machine was booting',
      });
    if (this.#end) throw new Fault({ blame: 'lab', code: 'MACHINE_ENDED', message: this.#end.detail });
  }

  /** Settles with the first event that `pick` takes. */
  awaitEvent(pick: (event: QmpEvent) => boolean): Promise<QmpEvent> {
    return new Promise((resolve) => this.#awaited.push({ pick, resolve }));
  }

  #hear(event: QmpEvent): void {
    for (const one of [...this.#awaited]) {
      if (!one.pick(event)) continue;
      this.#awaited.splice(this.#awaited.indexOf(one), 1);
      one.resolve(event);
    }
    if (event.event === 'VSERPORT_CHANGE') this.line.hear(String(event.data.id), event.data.open === true);
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

function isUnreachable(error: unknown): boolean {
  return error instanceof Fault && ['GUEST_UNREACHABLE', 'GUEST_CONNECTION_LOST'].includes(error.code);
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
