// SPDX-License-Identifier: MIT
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault, type Guest, type GuestJob } from '../model/index.ts';
import type { KeptMachine, Machine, MachineEnd, SshProbe } from '../vm/index.ts';
import { type Answer, aGuest, awaitJob, type FakeGuest } from './guest.ts';
import { recordsOf } from './kmsg.ts';

/** What a fake machine does. Everything is optional: without a script it boots at once, obeys, and is clean. */
export interface MachineScript {
  /** What its console shows before the guest is up. */
  readonly console?: string;
  /** From power-on to the guest's SSH server, in milliseconds; `Infinity`: it never comes up. */
  readonly bootMs?: number;
  /** Rejects every attempt to open a session. */
  readonly connectFault?: Fault;
  /** False: the computer forbids namespaces. */
  readonly isolated?: boolean;
  /**
   * Answers a guest command; it may act on the machine first. Null: the command never ends by itself. May throw, as a guest
   * does whose connection dies. A command that is running when the machine ends, or its session is lost, rejects.
   */
  readonly replies?: (command: string, machine: FakeMachine) => Answer | null;
  /** How long each guest command takes, in milliseconds. */
  readonly commandMs?: number;
  /** What the kernel does when it is told to power off; without it, it powers off. */
  readonly onPowerOff?: (machine: FakeMachine) => void;
  /** Settles when the guest's agent dies; without it, it lives. */
  readonly agentGone?: Promise<void>;
  readonly onNmi?: (machine: FakeMachine) => void;
  /** The kernel's own log (`Machine.readLog`), given what the console showed; without it, the same lines. Null: no guest agent. */
  readonly log?: (console: string) => string | null;
}

/** The console of a boot without a complaint. */
export const CLEAN_BOOT = '[    0.000000] Linux version 5.10.0 (fake)\n[    1.000000] ktrial: guest ready\n';

/** A machine without an emulator. A test, or the script's `replies`, makes things happen to it. */
export class FakeMachine implements Machine {
  readonly command = 'qemu-system-x86_64 -nographic';
  readonly confinement = 'nothing, for it is a fake';
  readonly isolated: boolean;
  readonly consolePath: string;
  readonly ended: Promise<MachineEnd>;
  /** What was asked of the machine, in order: `connect`, `probe`, `nmi`, `powerOff`, `readLog`, `release`, `stop`. */
  readonly log: string[] = [];
  /** The guest of the last session, with its own log. */
  guest: FakeGuest | null = null;
  readonly #script: MachineScript;
  readonly #listeners: ((chunk: Uint8Array) => void)[] = [];
  readonly #poweredOnAt = performance.now();
  /** Rejects what the current session has pending. */
  #session = new AbortController();
  #server: SshProbe = 'answered';
  #hung = false;
  #console = '';
  #end: MachineEnd | null = null;
  #settle: (end: MachineEnd) => void = () => {};

  constructor(directory: string, script: MachineScript = {}) {
    this.#script = script;
    this.isolated = script.isolated ?? true;
    this.consolePath = join(directory, 'console.log');
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
    mkdirSync(directory, { recursive: true });
    appendFileSync(join(directory, 'qemu.log'), '');
    this.say(script.console ?? CLEAN_BOOT);
  }

  /** Writes to the console, and to its file. */
  say(text: string): void {
    this.#console += text;
    appendFileSync(this.consolePath, text);
    for (const listener of this.#listeners) listener(Buffer.from(text));
  }

  /** The kernel panics: the console shows `text`, or a short panic, and the machine ends. */
  panic(
    text = '[    9.000000] Kernel panic - not syncing: fake\n[    9.000001] ---[ end Kernel panic - not syncing: fake ]---\n',
  ): void {
    this.say(text);
    this.#finish('panic', "the guest's kernel panicked", null, 'SIGKILL');
  }

  /** The guest resets the machine, as a triple fault does. */
  reset(): void {
    this.#finish('reset', 'the guest reset the machine', 0, null);
  }

  /** The guest powers itself off. */
  powerDown(): void {
    this.say('[    9.000000] reboot: Power down\n');
    this.#finish('poweroff', 'the guest powered off', 0, null);
  }

  /** Somebody kills QEMU. */
  killQemu(signal = 'SIGKILL'): void {
    this.#finish('qemuKilled', `QEMU was killed by ${signal}`, null, signal);
  }

  /** QEMU exits by itself. */
  exitQemu(exitCode = 1): void {
    this.#finish('qemuExited', `QEMU exited with code ${exitCode}`, exitCode, null);
  }

  /** The console reaches its limit. */
  fillConsole(): void {
    this.#finish('consoleFull', 'the console was cut after 64 MiB, which is its limit', null, 'SIGKILL');
  }

  /** QEMU cannot emulate what the CPU does. */
  failInternally(): void {
    this.#finish('internalError', 'QEMU could not go on (internal-error)', null, 'SIGKILL');
  }

  /** The session dies. The server then accepts another (`answered`), refuses one, or does not answer. */
  loseSession(server: SshProbe = 'answered'): void {
    this.#server = server;
    this.#session.abort();
  }

  /** The guest hangs: nothing answers any more, and the session is not lost. QEMU runs on. */
  hang(): void {
    this.#hung = true;
    this.#server = 'silent';
  }

  /** The guest goes on after `hang`. */
  wake(): void {
    this.#hung = false;
    this.#server = 'answered';
  }

  hasEnded(): MachineEnd | null {
    return this.#end;
  }

  onConsole(listener: (chunk: Uint8Array) => void): void {
    if (this.#console !== '') listener(Buffer.from(this.#console));
    this.#listeners.push(listener);
  }

  async connect(deadlineMs: number, signal?: AbortSignal): Promise<Guest> {
    this.log.push('connect');
    const { bootMs = 0, connectFault } = this.#script;
    const endsAt = performance.now() + deadlineMs;
    const isUp = () => performance.now() >= this.#poweredOnAt + bootMs && this.#server === 'answered';
    for (;;) {
      if (signal?.aborted) throw interrupted();
      if (this.#end) throw labFault('MACHINE_ENDED', this.#end.detail);
      if (isUp()) break;
      if (performance.now() >= endsAt)
        throw labFault('GUEST_UNREACHABLE', `the guest did not become ready within ${deadlineMs} ms`);
      await sleep(1);
    }
    if (connectFault) throw connectFault;
    this.#session = new AbortController();
    this.guest = aGuest(
      (command) => this.#script.replies?.(command, this) ?? (this.#script.replies ? null : {}),
    );
    return this.#attach(this.guest, this.#session.signal);
  }

  async probeGuest(deadlineMs: number): Promise<SshProbe> {
    this.log.push('probe');
    const answer = this.#end ? 'refused' : this.#server;
    if (answer === 'silent') await this.#wait(deadlineMs);
    return answer;
  }

  async injectNmi(): Promise<void> {
    this.log.push('nmi');
    this.#script.onNmi?.(this);
  }

  async isRunning(): Promise<boolean> {
    return this.#end === null;
  }

  async powerOff(_guest: Guest, deadlineMs: number): Promise<boolean> {
    this.log.push('powerOff');
    if (!this.#end && !this.#hung) {
      if (this.#server !== 'answered') throw labFault('GUEST_UNREACHABLE', 'no SSH session could be opened');
      if (this.#script.onPowerOff) this.#script.onPowerOff(this);
      else this.powerDown();
    }
    if (!this.#end) await this.#wait(deadlineMs);
    return this.#end !== null;
  }

  whenAgentGone(): Promise<void> {
    return this.#script.agentGone ?? new Promise(() => {});
  }

  async readLog(timeoutMs: number): Promise<string | null> {
    this.log.push('readLog');
    if (this.#hung) await this.#wait(timeoutMs);
    if (this.#hung || this.#end) return null;
    return this.#script.log ? this.#script.log(this.#console) : recordsOf(this.#console);
  }

  async measureMemoryMib(): Promise<number | null> {
    return this.#end ? null : 42;
  }

  async release(): Promise<KeptMachine | null> {
    this.log.push('release');
    if (this.#end) return null;
    this.#finish('stoppedByUs', 'left running', null, null);
    return { pid: 1234, ssh: 'ssh guest', monitor: 'monitor', gdb: 'gdb', end: 'kill 1234' };
  }

  async stop(): Promise<MachineEnd> {
    this.log.push('stop');
    this.#finish('stoppedByUs', 'stopped by ktrial', null, 'SIGKILL');
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#end) await this.stop();
  }

  #finish(
    reason: MachineEnd['reason'],
    detail: string,
    exitCode: number | null,
    signal: string | null,
  ): void {
    if (this.#end) return;
    this.#end = { reason, detail, exitCode, signal };
    this.#settle(this.#end);
    this.#session.abort();
  }

  /** Waits, but not beyond the machine's end. */
  async #wait(ms: number): Promise<void> {
    const over = new AbortController();
    await Promise.race([this.ended, sleep(ms, undefined, { signal: over.signal }).catch(() => {})]);
    over.abort();
  }

  /** A guest whose commands take time, never end while it hangs, and are lost with the session. */
  #attach(inner: FakeGuest, session: AbortSignal): Guest {
    const { commandMs = 0 } = this.#script;
    const pass = async (ms: number): Promise<void> => {
      await sleep(ms, undefined, { signal: session }).catch(() => {});
      if (session.aborted) throw lost();
    };
    const reach = async (limitMs: number): Promise<void> => {
      if (session.aborted) throw lost();
      if (!this.#hung) return;
      await pass(limitMs);
      throw lost();
    };
    return {
      run: async (command, options) => {
        await reach(options.timeoutMs);
        const result = await inner.run(command, options);
        const takesMs = result.timedOut ? options.timeoutMs : Math.min(commandMs, options.timeoutMs);
        if (this.#hung) await reach(options.timeoutMs);
        else if (takesMs > 0 || session.aborted) await pass(takesMs);
        if (commandMs <= options.timeoutMs) return result;
        return { ...result, exitCode: null, signal: null, timedOut: true, durationMs: options.timeoutMs };
      },
      start: async (command, options) => {
        await reach(120_000);
        const job = await inner.start(command, options);
        if (session.aborted) throw lost();
        return { ...job, wait: (timeoutMs) => awaitJob(job, timeoutMs, pass) } satisfies GuestJob;
      },
      upload: async (content, path, mode) => {
        await reach(120_000);
        await inner.upload(content, path, mode);
      },
      close: () => inner.close(),
    };
  }
}

function labFault(code: string, message: string): Fault {
  return new Fault({ blame: 'lab', code, message });
}

function lost(): Fault {
  return labFault('GUEST_CONNECTION_LOST', 'the SSH connection to the guest was lost');
}

function interrupted(): Fault {
  return new Fault({ blame: 'request', code: 'HOST_INTERRUPTED', message: 'interrupted' });
}
