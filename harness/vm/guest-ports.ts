// SPDX-License-Identifier: MIT
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { pause } from '../host/index.ts';
import { Fault } from '../model/index.ts';
import { GUEST_AGENT_SOCKET, SSH_SOCKET } from './argv.ts';
import { GuestAgent } from './guest-agent.ts';
import { connectSocket, type QmpClient } from './qmp.ts';
import type { SshProbe, SshTransport } from './ssh.ts';

/** The serial port of a frozen machine, and what its SSH server had sent before the freeze: its name and first packet. */
export interface Greeting {
  readonly socket: Socket;
  readonly received: Uint8Array;
}

/** How long one of QEMU's sockets may take to accept us, in milliseconds. Not scaled: the guest has no part in it. */
const SOCKET_MS = 10_000;

/**
 * Connects to the guest's servers: to SSH through a forwarded TCP port, or through a serial port where the guest's kernel has
 * the driver; to the guest agent through a second serial port.
 */
export class GuestPorts {
  readonly #sockets: string;
  readonly #monitor: () => QmpClient;
  #greeting: Greeting | null = null;
  #ssh: Socket | null = null;
  #guestAgent: GuestAgent | null = null;
  /** Ports that the guest has closed and not opened again. */
  readonly #closed = new Set<string>();
  /** Told of each port that the guest closes. */
  readonly #onClose = new Set<(port: string) => void>();
  #tcpPort: number | null = null;

  constructor(sockets: string, monitor: () => QmpClient) {
    this.#sockets = sockets;
    this.#monitor = monitor;
  }

  /** Hands over a server that has sent its greeting already: the next session over the serial port uses it. */
  takeOver(greeting: Greeting): void {
    this.#greeting = greeting;
  }

  /** A connection for one session. */
  async openSsh(kind: 'tcp' | 'serial'): Promise<SshTransport> {
    if (kind === 'tcp') return { port: await this.tcpPort() };
    const greeting = this.#greeting;
    this.#greeting = null;
    if (!greeting) return { serial: await this.openSerial() };
    greeting.socket.unshift(greeting.received);
    return { serial: greeting.socket };
  }

  /** Opens the serial port of the SSH server. It has one user at a time: the one before is cut off. */
  async openSerial(): Promise<Socket> {
    this.#ssh?.destroy();
    this.#ssh = await this.#connect(SSH_SOCKET);
    return this.#ssh;
  }

  /**
   * Asks whether an SSH server waits at the serial port: one that does sends its greeting when the port is opened. Cuts the
   * port's user off. Where the server has died its port is closed, and a guest agent that answers shows that the guest lives.
   */
  async probeSerial(deadlineMs: number): Promise<SshProbe> {
    const over = new AbortController();
    const wasClosed = this.#closed.has(SSH_SOCKET);
    const socket = await this.openSerial();
    try {
      return await new Promise<SshProbe>((resolve) => {
        const see = (port: string) => port === SSH_SOCKET && resolve('refused');
        this.#onClose.add(see);
        over.signal.addEventListener('abort', () => this.#onClose.delete(see), { once: true });
        if (wasClosed) void this.#lives(deadlineMs).then((lives) => lives && resolve('refused'));
        socket.once('data', () => resolve('answered'));
        // A server that is still in its former session takes this for a broken packet, and exits: that is an answer too.
        socket.write('SSH-2.0-ktrial_is_anybody_there\r\n');
        socket.once('close', () => resolve('refused'));
        void pause(deadlineMs, over.signal).then(() => resolve('silent'));
      });
    } finally {
      over.abort();
      socket.destroy();
    }
  }

  /** Whether the guest agent answers, or has closed its port. */
  async #lives(deadlineMs: number): Promise<boolean> {
    if (this.#closed.has(GUEST_AGENT_SOCKET)) return true;
    const agent = await this.guestAgent().catch(() => null);
    return (await agent?.isAlive(deadlineMs).catch(() => false)) ?? false;
  }

  /** Takes note that the guest has opened or closed its end of a serial port: a server that has died ends its session. */
  onPortChange(port: string, open: boolean): void {
    if (open) this.#closed.delete(port);
    if (open) return;
    this.#closed.add(port);
    for (const see of this.#onClose) see(port);
    if (port === SSH_SOCKET) this.#ssh?.destroy();
    if (port === GUEST_AGENT_SOCKET) this.#guestAgent?.close();
  }

  /** Resolves when the guest has closed the agent's port: the agent has died, and nobody goes on with what it was asked for. */
  async whenAgentGone(): Promise<void> {
    if (this.#closed.has(GUEST_AGENT_SOCKET)) return;
    await new Promise<void>((resolve) => {
      this.#onClose.add((port) => port === GUEST_AGENT_SOCKET && resolve());
    });
  }

  /** The machine's guest agent; the same one until its connection has closed. */
  async guestAgent(): Promise<GuestAgent> {
    if (!this.#guestAgent?.isOpen) this.#guestAgent = new GuestAgent(await this.#connect(GUEST_AGENT_SOCKET));
    return this.#guestAgent;
  }

  async #connect(name: string): Promise<Socket> {
    const socket = await connectSocket(join(this.#sockets, name), SOCKET_MS, () => false);
    socket.on('error', () => {}); // `close` follows
    return socket;
  }

  /** The port on the loopback address that leads to the guest's SSH server; QEMU picked it. Fault: `MACHINE_NO_PORT` (lab). */
  async tcpPort(): Promise<number> {
    if (this.#tcpPort !== null) return this.#tcpPort;
    const command = { 'command-line': 'info usernet' };
    const text = String(await this.#monitor().execute('human-monitor-command', command));
    const port = parseForward(text);
    if (port === null)
      throw new Fault({
        blame: 'lab',
        code: 'MACHINE_NO_PORT',
        message: 'QEMU forwards no TCP port to the guest',
        details: text.slice(0, 2_000).split('\n'),
      });
    this.#tcpPort = port;
    return this.#tcpPort;
  }

  close(): void {
    this.#guestAgent?.close();
    this.#greeting?.socket.destroy();
    this.#greeting = null;
  }
}

/** The port in QEMU's answer to `info usernet`; null where it names none. Pure. */
export function parseForward(text: string): number | null {
  const digits = /TCP\[HOST_FORWARD\]\s+\S+\s+127\.0\.0\.1\s+(\d{1,5})\s/.exec(text.slice(0, 65_536))?.[1];
  const port = Number(digits);
  return port > 0 && port < 65_536 ? port : null;
}
