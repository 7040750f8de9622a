// SPDX-License-Identifier: MIT
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { Fault } from '../model/index.ts';
import { GUEST_AGENT_SOCKET, SSH_SOCKET } from './argv.ts';
import { GuestAgent } from './guest-agent.ts';
import { connectSocket, type QmpClient } from './qmp.ts';
import type { GuestWay } from './ssh.ts';

/** What an SSH server in a frozen machine had said before the freeze: its name and its first packet. */
export interface Greeting {
  readonly socket: Socket;
  readonly said: Uint8Array;
}

/** How long a socket of QEMU's may take to be there, in milliseconds. */
const SOCKET_MS = 10_000;

/**
 * The ways into a machine: to its SSH servers a forwarded TCP port, and a serial port where the kernel has its driver;
 * to its guest agent a second serial port.
 */
export class GuestLine {
  readonly #sockets: string;
  readonly #monitor: () => QmpClient;
  #greeting: Greeting | null = null;
  #visit: Socket | null = null;
  #guestAgent: GuestAgent | null = null;
  #port: number | null = null;

  constructor(sockets: string, monitor: () => QmpClient) {
    this.#sockets = sockets;
    this.#monitor = monitor;
  }

  /** Takes over a server that has greeted already: the next session is its own. */
  expect(greeting: Greeting): void {
    this.#greeting = greeting;
  }

  /** A way for one session. */
  async open(kind: 'port' | 'serial'): Promise<GuestWay> {
    if (kind === 'port') return { port: await this.port() };
    const greeting = this.#greeting;
    this.#greeting = null;
    if (!greeting) return { serial: await this.serial() };
    greeting.socket.unshift(greeting.said);
    return { serial: greeting.socket };
  }

  /** The other end of the serial port at which an SSH server waits. One at a time may hold it. */
  async serial(): Promise<Socket> {
    this.#visit?.destroy();
    this.#visit = await this.#connect(SSH_SOCKET);
    return this.#visit;
  }

  /** The guest's end of a serial port was opened or closed. A server that has died ends its session. */
  hear(port: string, open: boolean): void {
    if (open) return;
    if (port === SSH_SOCKET) this.#visit?.destroy();
    if (port === GUEST_AGENT_SOCKET) this.#guestAgent?.close();
  }

  /** The machine's guest agent, the same one until it is gone. */
  async guestAgent(): Promise<GuestAgent> {
    if (!this.#guestAgent?.isThere)
      this.#guestAgent = new GuestAgent(await this.#connect(GUEST_AGENT_SOCKET));
    return this.#guestAgent;
  }

  async #connect(name: string): Promise<Socket> {
    const socket = await connectSocket(join(this.#sockets, name), SOCKET_MS, () => false);
    socket.on('error', () => {}); // a close follows
    return socket;
  }

  /** The port on the loopback address that leads to the guest's SSH server; QEMU picked it. */
  async port(): Promise<number> {
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

  close(): void {
    this.#guestAgent?.close();
    this.#greeting?.socket.destroy();
    this.#greeting = null;
  }
}
