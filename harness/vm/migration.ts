// SPDX-License-Identifier: MIT
import { createReadStream, createWriteStream } from 'node:fs';
import { lchown, stat } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { withDeadline } from '../host/index.ts';
import type { QemuMachine } from './qemu-machine.ts';
import { connectSocket } from './qmp.ts';
import type { QmpEvent } from './qmp-line.ts';

/** How long QEMU may take for a state, in milliseconds. Not scaled: it is this computer that writes a megabyte, not the guest. */
const SAVE_MS = 120_000;
const LOAD_MS = 60_000;

/** The longest state that is accepted, in bytes; that of our devices takes a megabyte. */
const LONGEST_STATE = 256 * 1024 * 1024;

/** The socket over which a state goes: QEMU starts no program for it, which a sandbox would forbid. */
const STATE_SOCKET = 'state';

/** RAM in files is left where it is; QEMU sends an event when it is done. */
const CAPABILITIES = [
  { capability: 'x-ignore-shared', state: true },
  { capability: 'events', state: true },
];

/** Writes the state of a stopped machine's devices to a file; its RAM is in a file already. Returns why that failed, or null. */
export async function saveState(machine: QemuMachine, path: string): Promise<string | null> {
  const monitor = machine.monitor();
  await monitor.execute('migrate-set-capabilities', { capabilities: CAPABILITIES });
  const socketPath = join(machine.sockets, STATE_SOCKET);
  const server = createServer();
  const connected = new Promise<Socket>((resolve) => server.once('connection', resolve));
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  // QEMU may be another user, to whom the directory belongs: what it may have put there in the meantime is not followed.
  const { uid, gid } = await stat(machine.sockets);
  await lchown(socketPath, uid, gid);
  try {
    const written = connected.then((socket) => pipeline(socket, boundState, createWriteStream(path)));
    written.catch(() => {}); // looked at below, unless QEMU fails first
    const end = machine.awaitEvent(isMigrationEnd);
    await monitor.execute('migrate', { uri: `unix:${socketPath}` });
    const gone = machine.ended.then(() => null);
    const event = await withDeadline(Promise.race([end, gone]), SAVE_MS, () => null);
    if (event?.data.status !== 'completed')
      return machine.hasEnded()?.detail ?? 'QEMU did not write its state';
    return await withDeadline(
      written.then(() => null),
      SAVE_MS,
      () => 'QEMU did not close its state',
    );
  } finally {
    server.close();
    void connected.then((socket) => socket.destroy());
  }
}

/** Reads a state into a machine that waits for one. Returns why that failed, or null. */
export async function loadState(machine: QemuMachine, path: string): Promise<string | null> {
  const monitor = machine.monitor();
  await monitor.execute('migrate-set-capabilities', { capabilities: CAPABILITIES });
  // No announcement of the move: the guest would make it, over its network card.
  await monitor.execute('migrate-set-parameters', { 'announce-rounds': 0 });
  const end = machine.awaitEvent(isMigrationEnd);
  const gone = machine.ended.then(() => null);
  const socketPath = join(machine.sockets, STATE_SOCKET);
  await monitor.execute('migrate-incoming', { uri: `unix:${socketPath}` });
  const socket = await connectSocket(socketPath, LOAD_MS, () => machine.hasEnded() !== null);
  // A QEMU that rejects the state closes the socket; the event, or its end, says so.
  void pipeline(createReadStream(path), socket).catch(() => {});
  const event = await withDeadline(Promise.race([end, gone]), LOAD_MS, () => null);
  if (event?.data.status === 'completed') return null;
  return machine.hasEnded()?.detail ?? 'QEMU could not read the state';
}

/** Passes a state on, and fails where QEMU writes more than a state has: one that its guest has taken over may never end. */
async function* boundState(state: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of state) {
    bytes += chunk.length;
    if (bytes > LONGEST_STATE) throw new Error(`got a state of more than ${LONGEST_STATE} bytes`);
    yield chunk;
  }
}

function isMigrationEnd({ event, data }: QmpEvent): boolean {
  return event === 'MIGRATION' && (data.status === 'completed' || data.status === 'failed');
}
