// SPDX-License-Identifier: MIT
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';
import t from 'tap';
import { makeKeys } from '../image/index.ts';
import type { MachineKeys } from './spec.ts';
import { connectGuest, probeSshPort } from './ssh.ts';

const HOST = ssh2.utils.generateKeyPairSync('ed25519');
const WIRE_HOST = HOST.public.split(' ')[1] ?? '';

interface Far {
  readonly transport: { readonly port: number };
  readonly keys: MachineKeys;
  /** Command lines that were received. */
  readonly asked: string[];
  /** Cuts every connection. */
  cut(): void;
}

/** A server on the loopback address that accepts one key and leaves commands to `perform`. */
async function serve(
  t: { teardown(undo: () => Promise<void>): void },
  perform: (channel: ServerChannel, command: string) => void,
  packing: 'as it comes' | 'in one piece' = 'as it comes',
): Promise<Far> {
  const keys = makeKeys();
  const asked: string[] = [];
  const open = new Set<Connection>();
  const socketOf = (connection: Connection) => (connection as unknown as { _sock: Socket })._sock;
  const server = new ssh2.Server({ hostKeys: [HOST.private] }, (connection) => {
    open.add(connection);
    connection.on('error', () => {});
    connection.on('authentication', (context) => {
      const line = `ssh-ed25519 ${context.method === 'publickey' ? context.key.data.toString('base64') : ''} ktrial`;
      if (context.username === 'root' && line === keys.clientPublicLine) context.accept();
      else context.reject();
    });
    connection.on('session', (accept) => {
      const session = accept();
      session.on('exec', (acceptExec, _reject, { command }) => {
        asked.push(command);
        // A busy server's answers come in one piece: the channel, its output, its exit status and its end.
        if (packing === 'in one piece') socketOf(connection).cork();
        const channel = acceptExec();
        channel.on('error', () => {});
        perform(channel, command);
        setImmediate(() => socketOf(connection).uncork());
      });
      session.on('pty', (acceptPty) => acceptPty?.());
      session.on('shell', (acceptShell) => {
        if (packing === 'in one piece') socketOf(connection).cork();
        perform(acceptShell(), 'a shell');
        setImmediate(() => socketOf(connection).uncork());
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const connection of open) socketOf(connection).destroy();
  };
  t.teardown(async () => {
    cut();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return {
    transport: { port: (server.address() as AddressInfo).port },
    keys: { clientPrivateKey: keys.clientPrivateKey, hostPublicKey: WIRE_HOST },
    asked,
    cut,
  };
}

t.test(
  'a command runs with its variables, quoted, and its process id is not part of the output',
  async (t) => {
    const far = await serve(t, (channel) => {
      channel.write('99\nfine\n');
      channel.stderr.write('hm\n');
      channel.exit(3);
      channel.end();
    });
    const guest = await connectGuest({ ...far, deadlineMs: 10_000 });
    const result = await guest.run("echo 'a b'", { timeoutMs: 5_000, env: { WHO: "it's me" } });
    t.match(result, { exitCode: 3, signal: null, stdout: 'fine\n', stderr: 'hm\n', timedOut: false });
    t.strictSame(far.asked, [`export WHO='it'\\''s me'; echo 'a b'`]);
    await guest.close();
  },
);

t.test('a command whose end arrives together with its start has ended', async (t) => {
  const far = await serve(
    t,
    (channel, command) => {
      channel.write(command === 'a shell' ? '# ' : '99\nquick\n');
      channel.exit(4);
      channel.end();
    },
    'in one piece',
  );
  const guest = await connectGuest({ ...far, deadlineMs: 10_000 });
  for (let round = 0; round < 3; round += 1)
    t.match(await guest.run('quick', { timeoutMs: 5_000 }), { exitCode: 4, stdout: 'quick\n' });
  t.equal(await guest.openShell?.(new PassThrough(), new PassThrough(), { rows: 24, cols: 80 }), 4);
  await guest.close();
});

t.test('a host key that is not the machine’s own is rejected', async (t) => {
  const far = await serve(t, () => {});
  const keys = { ...far.keys, hostPublicKey: makeKeys().hostPublicKey };
  await t.rejects(connectGuest({ ...far, keys, deadlineMs: 10_000 }), {
    code: 'GUEST_WRONG_KEY',
    blame: 'lab',
  });
});

t.test('a guest that refuses our key is told from a guest that nobody can reach', async (t) => {
  const far = await serve(t, () => {});
  const stranger = { ...far.keys, clientPrivateKey: makeKeys().clientPrivateKey };
  await t.rejects(connectGuest({ ...far, keys: stranger, deadlineMs: 10_000 }), {
    code: 'GUEST_WRONG_KEY',
    message: /refused our key/,
  });
  await t.rejects(connectGuest({ transport: { port: 1 }, keys: far.keys, deadlineMs: 10_000 }), {
    code: 'GUEST_UNREACHABLE',
  });
});

t.test('when the connection dies, the running command and every later one reject', async (t) => {
  const far = await serve(t, (channel) => channel.write('99\nhalf'));
  const guest = await connectGuest({ ...far, deadlineMs: 10_000 });
  const job = await guest.start('sleep 100');
  far.cut();
  await t.rejects(job.wait(5_000), { code: 'GUEST_CONNECTION_LOST', blame: 'lab' });
  t.equal(job.output().stdout, 'half', 'what came before is kept');
  await t.rejects(guest.run('true', { timeoutMs: 5_000 }), { code: 'GUEST_CONNECTION_LOST' });
});

t.test(
  'a command that takes too long is killed with its process group, and its output is kept',
  async (t) => {
    let held: ServerChannel | null = null;
    const far = await serve(t, (channel, command) => {
      if (command.startsWith('kill')) {
        channel.exit(0);
        channel.end();
        held?.exit('KILL' as never, false, '');
        held?.end();
        return;
      }
      held = channel;
      channel.write('99\nhalf');
    });
    const guest = await connectGuest({ ...far, deadlineMs: 10_000 });
    const result = await guest.run('sleep 100', { timeoutMs: 50 });
    t.match(result, { exitCode: null, signal: null, stdout: 'half', timedOut: true });
    t.equal(far.asked[1], 'kill -KILL -- -99');
    await guest.close();
  },
);

t.test('an upload is the command’s standard input; a failed one has the scenario’s blame', async (t) => {
  const received: Buffer[] = [];
  const far = await serve(t, (channel, command) => {
    channel.write('99\n');
    channel.on('data', (chunk: Buffer) => received.push(chunk));
    channel.on('end', () => {
      if (command.includes('/proc/')) channel.stderr.write("can't create\n");
      channel.exit(command.includes('/proc/') ? 1 : 0);
      channel.end();
    });
    channel.resume();
  });
  const guest = await connectGuest({ ...far, deadlineMs: 10_000 });
  await guest.upload(new Uint8Array([0, 255, 10]), '/tmp/x y', '0755');
  t.strictSame(Buffer.concat(received), Buffer.from([0, 255, 10]));
  await t.rejects(guest.upload('x', '/proc/no'), {
    code: 'GUEST_UPLOAD_FAILED',
    blame: 'scenario',
    message: /can't create/,
  });
  await guest.close();
});

t.test('a shell returns its exit code, and rejects when the connection is lost first', async (t) => {
  let goes: 'well' | 'away' = 'well';
  const far: Far = await serve(t, (channel) => {
    channel.write('# ');
    if (goes === 'away') return far.cut();
    channel.exit(5);
    channel.end();
  });
  const guest = await connectGuest({ ...far, deadlineMs: 10_000 });
  const size = { rows: 24, cols: 80 };
  const output = new PassThrough();
  t.equal(await guest.openShell?.(new PassThrough(), output, size), 5);
  t.equal(String(output.read()), '# ');
  goes = 'away';
  await t.rejects(async () => guest.openShell?.(new PassThrough(), output, size), {
    code: 'GUEST_CONNECTION_LOST',
  });
});

t.test('a probe tells a server that answers from a closed port and from a silent one', async (t) => {
  const far = await serve(t, () => {});
  t.equal(await probeSshPort(far.transport.port, 5_000), 'answered');
  t.equal(await probeSshPort(1, 5_000), 'refused');
  const mute = createServer();
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  t.teardown(async () => void mute.close());
  t.equal(await probeSshPort((mute.address() as AddressInfo).port, 50), 'silent');
});
