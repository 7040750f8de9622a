// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { type Daemon, type DaemonEnd, pause, readTail, type Scratch, tail } from '../host/index.ts';
import { Fault, type Guest, type Limits, PANIC_BEGINS, PANIC_ENDS } from '../model/index.ts';
import { buildReproductionCommand, CONSOLE_FILE, QMP_SOCKET } from './argv.ts';
import { ConsoleReader } from './console.ts';
import { explainEnd } from './end.ts';
import type { GuestAgent } from './guest-agent.ts';
import { GuestPorts } from './guest-ports.ts';
import { type KeptMachine, writeAttachment } from './keep.ts';
import type { Machine } from './machine.ts';
import { measureMemoryMib } from './memory.ts';
import { powerOffBySession } from './poweroff.ts';
import { QmpClient } from './qmp.ts';
import type { QmpEvent } from './qmp-line.ts';
import { openSession } from './session.ts';
import type { MachineBounds, MachineEnd, MachineSpec } from './spec.ts';
import { probeSshPort, type SshProbe } from './ssh.ts';

/** What the guest's init (images/guest/init) writes to the kernel log when its SSH server listens. */
const GUEST_READY = /ktrial: guest ready/;
/** What it writes before that when an SSH server and a guest agent wait at the serial ports. */
const SERIAL_READY = /ktrial: an SSH server waits at the serial port/;
export const QEMU_LOG = 'qemu.log';
/** Directory of a machine's sockets, in its scratch directory. */
export const SOCKETS = 's';

// Times in milliseconds that are not scaled, because no scenario waits for them to pass: each one ends early as a rule.

/** From the first line of a panic to the last: registers and stacks. It ends with the last line. */
const PANIC_MS = 20_000;
/** From the end of QEMU to its last event on the monitor's socket, which this computer delivers. */
const LAST_EVENT_MS = 2_000;
/** QEMU's monitor, from its start to its greeting. */
const MONITOR_MS = 30_000;

/** QEMU has not ended, but nobody waits for that any more. */
const ALIVE: DaemonEnd = { exitCode: null, signal: null };

interface AwaitedEvent {
  readonly matches: (event: QmpEvent) => boolean;
  readonly resolve: (event: QmpEvent) => void;
}

/** A machine that QEMU runs. */
export class QemuMachine implements Machine {
  readonly command: string;
  readonly consolePath: string;
  readonly confinement: string;
  readonly isolated: boolean;
  readonly ended: Promise<MachineEnd>;
  readonly ports: GuestPorts;
  readonly #spec: MachineSpec;
  readonly #daemon: Daemon;
  readonly #sockets: Scratch;
  readonly #limits: Limits;
  readonly #console: ConsoleReader;
  readonly #ready: Promise<void>;
  readonly #awaited = new Set<AwaitedEvent>();
  #qmp: QmpClient | null = null;
  #end: MachineEnd | null = null;
  #shutdownReason: string | null = null;
  #serial = false;
  #panicked = false;
  #internalError = false;
  #consoleFull = false;
  #stopping = false;
  #kept = false;
  readonly #keepable: boolean;
  /** Ends the machine's life as trials see it, while QEMU stays. */
  #abandon: (end: DaemonEnd) => void = () => {};

  /** Made by `bootMachine`. A clone's guest was ready before the freeze. */
  constructor(spec: MachineSpec, daemon: Daemon, sockets: Scratch, { limits, keepable }: MachineBounds) {
    this.#keepable = keepable;
    this.#spec = spec;
    this.command = buildReproductionCommand(spec);
    this.consolePath = join(spec.directory, CONSOLE_FILE);
    this.#daemon = daemon;
    this.#sockets = sockets;
    this.ports = new GuestPorts(sockets.path, () => this.monitor());
    this.confinement = `${daemon.confinement}; ${spec.network ? 'a' : 'no'} network card`;
    this.isolated = daemon.isolated;
    this.#limits = limits;
    this.#console = new ConsoleReader(this.consolePath, limits['console-mib'] * 1024 * 1024);
    void this.#console.full.then(() => this.#onConsoleFull());
    void this.#console.waitFor(SERIAL_READY).then(() => this.useSerial());
    this.#ready = spec.ram?.use === 'private' ? Promise.resolve() : this.#console.waitFor(GUEST_READY);
    void this.#console.waitFor(PANIC_BEGINS).then(() => this.#onPanic(PANIC_MS));
    void this.#console.waitFor(PANIC_ENDS).then(() => this.#onPanic(0));
    const abandoned = new Promise<DaemonEnd>((resolve) => {
      this.#abandon = resolve;
    });
    this.ended = Promise.race([daemon.ended, abandoned]).then((end) => this.#onExit(end));
  }

  /** Connects to QEMU's monitor. Called once, by `bootMachine`. */
  async open(): Promise<void> {
    this.#qmp = await QmpClient.connect(
      join(this.sockets, QMP_SOCKET),
      (event) => this.#onEvent(event),
      MONITOR_MS,
      () => this.#end !== null,
    );
  }

  /** The directory of its sockets. */
  get sockets(): string {
    return this.#sockets.path;
  }

  /** QEMU's process id. */
  get pid(): number {
    return this.#daemon.pid;
  }

  /** Whether servers wait at the guest's serial ports. */
  get hasSerial(): boolean {
    return this.#serial;
  }

  /** Makes sessions go over the serial port, where a server waits. */
  useSerial(): void {
    this.#serial = true;
  }

  readonly whenAgentGone = (): Promise<void> => this.ports.whenAgentGone();

  hasEnded(): MachineEnd | null {
    return this.#end;
  }

  onConsole(listener: (chunk: Uint8Array) => void): void {
    this.#console.onData(listener);
  }

  connect(deadlineMs: number, signal?: AbortSignal): Promise<Guest> {
    const { network, keys } = this.#spec;
    const address = { network, keys, limits: this.#limits, ports: this.ports };
    const state = { ready: this.#ready, ended: this.ended, machine: this };
    return openSession(address, state, deadlineMs, signal);
  }

  async probeGuest(deadlineMs: number): Promise<SshProbe> {
    if (!this.#spec.network) return this.ports.probeSerial(deadlineMs);
    return probeSshPort(await this.ports.tcpPort(), deadlineMs);
  }

  async injectNmi(): Promise<void> {
    await this.monitor().execute('inject-nmi');
  }

  async isRunning(): Promise<boolean> {
    if (this.#end) return false;
    const status = (await this.monitor()
      .execute('query-status')
      .catch(() => null)) as { readonly running?: boolean } | null;
    return status?.running === true;
  }

  async powerOff(guest: Guest, deadlineMs: number): Promise<boolean> {
    const deadline = pause(deadlineMs);
    const given = await this.#askGuestAgent((agent) => agent.powerOff(deadlineMs / 3).then(() => true));
    if (!given && !this.#end) await powerOffBySession(this, guest, deadlineMs, deadline);
    await Promise.race([this.ended, deadline]);
    return this.#end !== null;
  }

  async readLog(timeoutMs: number): Promise<string | null> {
    return (await this.#askGuestAgent((agent) => agent.readLog(timeoutMs)))?.toString() ?? null;
  }

  /** Null when there is no guest agent, or it does not answer. */
  async #askGuestAgent<Answer>(ask: (agent: GuestAgent) => Promise<Answer>): Promise<Answer | null> {
    if (!this.#serial) return null;
    return this.ports
      .guestAgent()
      .then(ask)
      .catch(() => null);
  }

  measureMemoryMib(): Promise<number | null> {
    return measureMemoryMib(this.pid);
  }

  async release(): Promise<KeptMachine | null> {
    if (!this.#keepable || this.#kept || (this.#end && !this.#panicked)) return null;
    const hasGuest = this.#end === null;
    const kept = await writeAttachment({
      pid: this.pid,
      sockets: this.sockets,
      keys: this.#spec.keys,
      port: this.#serial || !hasGuest ? null : await this.ports.tcpPort(),
      hasGuest,
    });
    this.#kept = true;
    this.#daemon.release();
    this.ports.close();
    this.#stopping = true;
    this.#qmp?.close();
    this.#abandon(ALIVE);
    await this.ended;
    return kept;
  }

  async stop(): Promise<MachineEnd> {
    if (this.#kept) return this.ended;
    this.#stopping = true;
    this.#daemon.kill('SIGKILL');
    await this.#daemon.ended;
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.ports.close();
    if (this.#kept) return;
    await this.#sockets[Symbol.asyncDispose]();
  }

  /** QEMU's monitor. Fault `QMP_LOST` when it is not open. */
  monitor(): QmpClient {
    if (this.#qmp) return this.#qmp;
    throw new Fault({ blame: 'lab', code: 'QMP_LOST', message: "QEMU's monitor is not open" });
  }

  /** Settles with the first event that matches. */
  awaitEvent(matches: (event: QmpEvent) => boolean): Promise<QmpEvent> {
    return new Promise((resolve) => this.#awaited.add({ matches, resolve }));
  }

  #onEvent(event: QmpEvent): void {
    for (const awaited of this.#awaited) {
      if (!awaited.matches(event)) continue;
      this.#awaited.delete(awaited);
      awaited.resolve(event);
    }
    if (event.event === 'VSERPORT_CHANGE')
      this.ports.onPortChange(String(event.data.id), event.data.open === true);
    if (event.event === 'SHUTDOWN') this.#shutdownReason = String(event.data.reason ?? 'unknown');
    if (event.event === 'GUEST_PANICKED') void this.#onPanic(PANIC_MS);
    if (event.event === 'STOP' && !this.#stopping) void this.#onStop();
  }

  /** A panicked kernel stands still for ever. It gets time for its last lines, and then QEMU is killed, or left as it is. */
  async #onPanic(waitMs: number): Promise<void> {
    this.#panicked = true;
    await Promise.race([this.ended, pause(waitMs)]);
    if (this.#keepable) this.#abandon(ALIVE);
    else this.#daemon.kill('SIGKILL');
  }

  /** Nothing that the machine does now would be evidence. */
  #onConsoleFull(): void {
    this.#consoleFull = true;
    this.#daemon.kill('SIGKILL');
  }

  /** A machine that nobody stopped: QEMU could not emulate what its CPU does. */
  async #onStop(): Promise<void> {
    const status = (await this.#qmp?.execute('query-status').catch(() => null)) as {
      readonly status?: string;
    } | null;
    if (status?.status !== 'internal-error') return;
    this.#internalError = true;
    this.#daemon.kill('SIGKILL');
  }

  async #onExit(end: DaemonEnd): Promise<MachineEnd> {
    await this.#console.close();
    if (this.#qmp) await Promise.race([this.#qmp.closed, pause(LAST_EVENT_MS)]);
    this.#qmp?.close();
    const log = await readTail(join(this.#spec.directory, QEMU_LOG));
    this.#end = explainEnd(end, {
      panicked: this.#panicked,
      internalError: this.#internalError,
      consoleFullMib: this.#consoleFull ? this.#limits['console-mib'] : null,
      stopping: this.#stopping,
      shutdownReason: this.#shutdownReason,
      lastLines: tail(log, 3).join(' / '),
    });
    return this.#end;
  }
}
