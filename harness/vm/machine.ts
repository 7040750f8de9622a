// SPDX-License-Identifier: MIT
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Daemon, type DaemonEnd, exists, quoteArgv, startDaemon, tail } from '../host/index.ts';
import { Fault, type Guest } from '../model/index.ts';
import { buildArgv, CONSOLE_FILE } from './argv.ts';
import { ConsoleReader } from './console.ts';
import { QmpClient, type QmpEvent } from './qmp.ts';
import type { MachineEnd, MachineSpec } from './spec.ts';
import { connectGuest, probeSshPort, type SshProbe } from './ssh.ts';

/** What the guest's init prints when its SSH server listens. */
export const READY_LINE = 'ktrial: guest ready';
const QEMU_LOG = 'qemu.log';

/** A running QEMU machine. */
export class Machine {
  readonly argv: readonly string[];
  /** The line that starts the same machine by hand. */
  readonly command: string;
  readonly consolePath: string;
  /** Settles when QEMU is gone, whatever the reason. */
  readonly ended: Promise<MachineEnd>;
  readonly #spec: MachineSpec;
  readonly #daemon: Daemon;
  readonly #console: ConsoleReader;
  readonly #scratch: string;
  #qmp: QmpClient | null = null;
  #end: MachineEnd | null = null;
  #shutdownReason: string | null = null;
  #internalError = false;
  #stopping = false;
  #port: number | null = null;

  constructor(spec: MachineSpec, argv: readonly string[], daemon: Daemon, scratch: string) {
    this.#spec = spec;
    this.argv = argv;
    this.command = quoteArgv(argv);
    this.consolePath = join(spec.directory, CONSOLE_FILE);
    this.#daemon = daemon;
    this.#scratch = scratch;
    this.#console = new ConsoleReader(this.consolePath);
    this.ended = daemon.ended.then((end) => this.#bury(end));
  }

  /** Opens QEMU's monitor. Called once by `bootMachine`. */
  async open(qmpPath: string): Promise<void> {
    this.#qmp = await QmpClient.connect(
      qmpPath,
      (event) => this.#hear(event),
      30_000,
      () => this.#end !== null,
    );
  }

  hasEnded(): MachineEnd | null {
    return this.#end;
  }

  /** Hands on the console's bytes as they come, from the first. */
  onConsole(listener: (chunk: Uint8Array) => void): void {
    this.#console.listen(listener);
  }

  /** Waits for the guest's SSH server and opens a session. Faults: `GUEST_UNREACHABLE`, `MACHINE_ENDED`. */
  async connect(deadlineMs: number, signal?: AbortSignal): Promise<Guest> {
    const endsAt = performance.now() + deadlineMs;
    while (!this.#console.has(READY_LINE)) {
      this.#mustRun(signal);
      if (performance.now() > endsAt)
        throw unreachable(`the guest did not become ready within ${Math.round(deadlineMs / 1000)} s`);
      await pause(50);
    }
    const port = await this.sshPort();
    for (;;) {
      this.#mustRun(signal);
      const left = endsAt - performance.now();
      if (left <= 0)
        throw unreachable(`no SSH session could be opened within ${Math.round(deadlineMs / 1000)} s`);
      const guest = await connectGuest({
        port,
        keys: this.#spec.keys,
        deadlineMs: Math.min(left, 60_000),
      }).catch((error: unknown) => {
        if (error instanceof Fault && error.code === 'GUEST_WRONG_KEY') throw error;
        return null;
      });
      if (guest) return guest;
      await pause(250);
    }
  }

  /** Asks whether the guest still answers on its SSH port. */
  async probeGuest(deadlineMs: number): Promise<SshProbe> {
    return probeSshPort(await this.sshPort(), deadlineMs);
  }

  /** The port on the loopback address that leads to the guest's SSH server; QEMU picked it. */
  async sshPort(): Promise<number> {
    if (this.#port !== null) return this.#port;
    const text = String(
      await this.#monitor().execute('human-monitor-command', { 'command-line': 'info usernet' }),
    );
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

  /** A non-maskable interrupt to every CPU: a kernel with a watchdog prints where each one is. */
  async injectNmi(): Promise<void> {
    await this.#monitor().execute('inject-nmi');
  }

  /** Whether QEMU says that the machine's CPUs run. */
  async isRunning(): Promise<boolean> {
    if (this.#end) return false;
    const status = (await this.#monitor().execute('query-status')) as { readonly running?: boolean };
    return status.running === true;
  }

  /** Powers off through the guest's kernel; false when that took longer than the deadline. */
  async powerOff(guest: Guest, deadlineMs: number): Promise<boolean> {
    await guest.start('sleep 0.2; poweroff -f').catch(() => null);
    await Promise.race([this.ended, pause(deadlineMs)]);
    return this.#end !== null;
  }

  /** Ends QEMU at once. */
  async stop(): Promise<MachineEnd> {
    this.#stopping = this.#end === null;
    this.#daemon.kill('SIGKILL');
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.#scratch, { recursive: true, force: true });
  }

  #monitor(): QmpClient {
    if (!this.#qmp)
      throw new Fault({ blame: 'lab', code: 'QMP_LOST', message: "QEMU's monitor is not open" });
    return this.#qmp;
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
    if (event.event === 'STOP' && !this.#stopping) void this.#lookAtStop();
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
    this.#qmp?.close();
    const words = tail(await readFile(join(this.#spec.directory, QEMU_LOG), 'utf8').catch(() => ''), 3).join(
      ' / ',
    );
    this.#end = { ...this.#explain(end, words), exitCode: end.exitCode, signal: end.signal };
    return this.#end;
  }

  #explain(end: DaemonEnd, words: string): Pick<MachineEnd, 'reason' | 'detail'> {
    const said = words === '' ? '' : `: ${words}`;
    if (this.#internalError)
      return { reason: 'internalError', detail: `QEMU could not go on (internal-error)${said}` };
    if (this.#stopping) return { reason: 'stoppedByUs', detail: 'stopped by ktrial' };
    if (this.#shutdownReason === 'guest-shutdown')
      return { reason: 'poweroff', detail: 'the guest powered off' };
    if (this.#shutdownReason === 'guest-reset')
      return { reason: 'reset', detail: 'the guest reset the machine' };
    if (this.#shutdownReason === 'guest-panic')
      return { reason: 'panic', detail: "the guest's kernel panicked" };
    if (end.signal !== null)
      return { reason: 'qemuKilled', detail: `QEMU was killed by ${end.signal}${said}` };
    return { reason: 'qemuExited', detail: `QEMU ended with exit code ${end.exitCode}${said}` };
  }
}

/** Starts a machine. Faults: `MACHINE_FILE_MISSING`, `HOST_PROGRAM_MISSING`, `MACHINE_NOT_STARTED` (all lab). */
export async function bootMachine(
  spec: MachineSpec,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Machine> {
  for (const [what, path] of [
    ['boot image', spec.bootImage],
    ['image', spec.rootPath],
    ['overlay', spec.overlayPath],
  ] as const) {
    if (await exists(path)) continue;
    throw new Fault({
      blame: 'lab',
      code: 'MACHINE_FILE_MISSING',
      message: `the machine's ${what} is not there: ${path}`,
      next: 'run the same command again: it is made anew; when it stays, look at the disk with ktrial doctor',
    });
  }
  const scratch = await mkdtemp(join(tmpdir(), 'ktrial-'));
  const qmpPath = join(scratch, 'qmp');
  const argv = buildArgv(spec, qmpPath);
  const daemon = await startDaemon(argv, join(spec.directory, QEMU_LOG)).catch(async (error: unknown) => {
    await rm(scratch, { recursive: true, force: true });
    throw error;
  });
  const machine = new Machine(spec, argv, daemon, scratch);
  const onAbort = () => void machine.stop();
  options.signal?.addEventListener('abort', onAbort, { once: true });
  void machine.ended.then(() => options.signal?.removeEventListener('abort', onAbort));
  try {
    await machine.open(qmpPath);
    return machine;
  } catch (cause) {
    await machine[Symbol.asyncDispose]();
    const words = tail(await readFile(join(spec.directory, QEMU_LOG), 'utf8').catch(() => ''), 10);
    throw new Fault({
      blame: 'lab',
      code: 'MACHINE_NOT_STARTED',
      message: `QEMU did not start${words[0] ? `: ${words[0]}` : ''}`,
      details: [machine.command, ...words],
      cause,
    });
  }
}

function unreachable(message: string): Fault {
  return new Fault({ blame: 'lab', code: 'GUEST_UNREACHABLE', message });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
