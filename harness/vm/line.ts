// SPDX-License-Identifier: MIT
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { Fault } from '../model/index.ts';
import { SSH_SOCKET, THAW_SOCKET } from './argv.ts';
import { connectSocket, type QmpClient } from './qmp.ts';
import type { GuestWay } from './ssh.ts';

/** What an SSH server in a frozen machine had said before the freeze: its name and its first packet. */
export interface Greeting {
  readonly socket: Socket;
  readonly said: Uint8Array;
}

/** How long a socket of QEMU's may take to be there, in milliseconds. */
const SOCKET_MS = 10_000;

/** The two ways to the SSH servers of a machine: a forwarded TCP port, and a serial port where the kernel has its driver. */
export class GuestLine {
  readonly #sockets: string;
  readonly #monitor: () => QmpClient;
  #greeting: Greeting | null = null;
  #visit: Socket | null = null;
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
    const socket = await connectSocket(join(this.#sockets, SSH_SOCKET), SOCKET_MS, () => false);
    socket.on('error', () => {}); // a close follows
    this.#visit = socket;
    return socket;
  }

  /** The guest's end of a serial port was opened or closed. A server that has died ends its session. */
  hear(port: string, open: boolean): void {
    if (port === SSH_SOCKET && !open) this.#visit?.destroy();
  }

  /** The other end of the port over which a thawed machine is told the time. */
  async thaw(): Promise<Socket> {
    const socket = await connectSocket(join(this.#sockets, THAW_SOCKET), SOCKET_MS, () => false);
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
    this.#greeting?.socket.destroy();
    this.#greeting = null;
  }
}
