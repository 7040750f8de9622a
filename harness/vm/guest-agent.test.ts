// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t from 'tap';
import { GuestAgent } from './guest-agent.ts';
import { connectSocket } from './qmp.ts';

/** A guest agent, and the other end of its port, where the guest would be. */
async function meet(t: {
  teardown(undo: () => void | Promise<void>): void;
}): Promise<{ guestAgent: GuestAgent; guest: Socket }> {
  const path = join(mkdtempSync(join(tmpdir(), 'ktrial-agent-')), 'port');
  const server = createServer();
  const came = new Promise<Socket>((resolve) => server.once('connection', resolve));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const guestAgent = new GuestAgent(await connectSocket(path, 1000, () => false));
  t.teardown(() => {
    guestAgent.close();
    server.close();
    rmSync(dirname(path), { recursive: true });
  });
  return { guestAgent, guest: await came };
}

t.test(
  'a log that arrives in pieces is put together, and the second order waits for the first answer',
  async (t) => {
    const { guestAgent, guest } = await meet(t);
    const orders: string[] = [];
    guest.on('data', (chunk) => {
      orders.push(chunk.toString('latin1'));
      if (orders.at(-1) === 'o') return guest.write('k');
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(7n);
      guest.write('k');
      guest.write(length.subarray(0, 3));
      setTimeout(() => guest.write(Buffer.concat([length.subarray(3), Buffer.from('<6>a')])), 20);
      return setTimeout(() => guest.write('\n<4'), 40);
    });
    const [log] = await Promise.all([guestAgent.readLog(5_000), guestAgent.powerOff(5_000)]);
    t.equal(log.toString(), '<6>a\n<4');
    t.strictSame(orders, ['l', 'o'], 'the second order was given after the first one was answered');
  },
);

t.test(
  'a guest agent that does not answer is cut off, so that a late answer is not taken for the next one',
  async (t) => {
    const { guestAgent, guest } = await meet(t);
    guest.resume();
    await t.rejects(guestAgent.readLog(50), { code: 'GUEST_AGENT_SILENT', blame: 'lab' });
    await t.rejects(guestAgent.powerOff(5_000), { code: 'GUEST_AGENT_SILENT' });
    t.equal(guestAgent.isOpen, false);
  },
);

t.test('a guest agent that dies, refuses, or reports an impossible length is a lab fault', async (t) => {
  const dying = await meet(t);
  dying.guest.once('data', () => dying.guest.destroy());
  await t.rejects(dying.guestAgent.powerOff(5_000), { message: /closed/ });
  const refusing = await meet(t);
  refusing.guest.once('data', () => refusing.guest.write('e'));
  await t.rejects(refusing.guestAgent.revive(Buffer.alloc(88), 5_000), {
    code: 'CLONE_NOT_REVIVED',
    message: /"e"/,
  });
  const boasting = await meet(t);
  boasting.guest.once('data', () =>
    boasting.guest.write(Buffer.from('k\xff\xff\xff\xff\xff\xff\xff\x7f', 'latin1')),
  );
  await t.rejects(boasting.guestAgent.readLog(5_000), { code: 'GUEST_AGENT_SILENT', message: /bytes/ });
});
