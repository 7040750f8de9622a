// SPDX-License-Identifier: MIT
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { QmpClient } from './qmp.ts';
import type { QmpEvent } from './qmp-line.ts';

const GREETING = '{"QMP": {"version": {"qemu": {"major": 7}}, "capabilities": []}}\r\n';

interface Question {
  readonly execute: string;
  readonly arguments?: Record<string, unknown>;
  readonly id: number;
}

/** A server at a unix socket that speaks QMP's side of QEMU: greets, agrees on capabilities, and leaves the rest to `answer`. */
async function serve(
  t: { teardown(undo: () => Promise<void>): void },
  answer: (socket: Socket, question: Question) => void,
  greeting = GREETING,
): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'ktrial-qmp-'));
  const path = join(directory, 'qmp');
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.setEncoding('utf8');
    socket.on('error', () => {});
    socket.write(greeting);
    socket.on('data', (text: string) => {
      for (const line of text.trim().split('\n')) {
        const question = JSON.parse(line) as Question;
        if (question.execute === 'qmp_capabilities') socket.write(`{"return": {}, "id": ${question.id}}\r\n`);
        else answer(socket, question);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    await rm(directory, { recursive: true, force: true });
  });
  return path;
}

t.test('each answer is matched with its command, in whatever order they arrive', async (t) => {
  const held: Question[] = [];
  const path = await serve(t, (socket, question) => {
    held.push(question);
    if (held.length < 2) return;
    for (const one of held.reverse())
      socket.write(`${JSON.stringify({ return: { to: one.execute }, id: one.id })}\r\n`);
  });
  const client = await QmpClient.connect(path, () => {}, 5_000);
  t.strictSame(await Promise.all([client.execute('query-status'), client.execute('query-cpus-fast')]), [
    { to: 'query-status' },
    { to: 'query-cpus-fast' },
  ]);
  client.close();
});

t.test('events between answers are passed on, also when a line arrives in pieces', async (t) => {
  const path = await serve(t, (socket, question) => {
    socket.write('{"event": "STOP", "timestamp": {"seconds": 1}}\r\n{"event": "SHUT');
    setTimeout(() => {
      socket.write('DOWN", "data": {"guest": true, "reason": "guest-shutdown"}}\r\n');
      socket.write(`{"return": {}, "id": ${question.id}}\r\n`);
    }, 20);
  });
  const heard: QmpEvent[] = [];
  const client = await QmpClient.connect(path, (event) => heard.push(event), 5_000);
  await client.execute('stop');
  t.strictSame(heard, [
    { event: 'STOP', data: {} },
    { event: 'SHUTDOWN', data: { guest: true, reason: 'guest-shutdown' } },
  ]);
  client.close();
});

t.test('an error of QEMU is a lab fault with QEMU’s own message', async (t) => {
  const path = await serve(t, (socket, question) => {
    socket.write(
      `{"error": {"class": "CommandNotFound", "desc": "no such command"}, "id": ${question.id}}\r\n`,
    );
  });
  const client = await QmpClient.connect(path, () => {}, 5_000);
  await t.rejects(client.execute('query-nothing'), {
    code: 'QMP_REFUSED',
    blame: 'lab',
    message: 'QEMU refused query-nothing: no such command',
  });
  client.close();
});

t.test('a command rejects when the connection closes before its answer', async (t) => {
  const path = await serve(t, (socket) => socket.destroy());
  const client = await QmpClient.connect(path, () => {}, 5_000);
  await t.rejects(client.execute('query-status'), { code: 'QMP_LOST' });
  await client.closed;
  await t.rejects(client.execute('query-status'), { code: 'QMP_LOST' }, 'and so is every one after it');
});

t.test(
  'a command without an answer rejects at its deadline, and a late answer goes to no other command',
  async (t) => {
    const path = await serve(t, (socket, question) => {
      const delayMs = question.execute === 'slow' ? 100 : 150;
      setTimeout(() => socket.write(`{"return": "${question.execute}", "id": ${question.id}}\r\n`), delayMs);
    });
    const client = await QmpClient.connect(path, () => {}, 5_000);
    await t.rejects(client.execute('slow', undefined, 20), { code: 'QMP_LOST', message: /slow.*20 ms/ });
    t.equal(await client.execute('quick'), 'quick');
    client.close();
  },
);

t.test('no socket, no greeting and a closed connection are errors', async (t) => {
  await t.rejects(
    QmpClient.connect('/nonexistent/qmp', () => {}, 60),
    { code: 'QMP_LOST' },
  );
  await t.rejects(
    QmpClient.connect(
      '/nonexistent/qmp',
      () => {},
      60_000,
      () => true,
    ),
    { code: 'QMP_LOST' },
    'nor is there a wait for a QEMU that has ended',
  );
  const silent = await serve(t, () => {}, '\r\n');
  await t.rejects(
    QmpClient.connect(silent, () => {}, 60),
    { code: 'QMP_LOST', message: /no greeting/ },
  );
});
