// SPDX-License-Identifier: MIT
// A guest may say anything, and QEMU too once its guest has taken it over. Each input here goes through the client that
// ktrial uses, over a real socket: it must end as a lab fault, in time, and without filling the memory.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import ssh2, { type ServerChannel } from 'ssh2';
import t from 'tap';
import { makeKeys } from '../image/index.ts';
import { DEFAULT_LIMITS } from '../model/index.ts';
import { parseGreeting } from './greeting.ts';
import { GuestAgent, parseLogAnswer } from './guest-agent.ts';
import { parseForward } from './guest-ports.ts';
import { parsePid } from './job.ts';
import { connectSocket, QmpClient } from './qmp.ts';
import { parseQmpLine, type QmpEvent } from './qmp-line.ts';
import { connectGuest } from './ssh.ts';

t.setTimeout(300_000);

/** What a peer may take to be found out, in milliseconds. */
const PATIENCE_MS = 1_500;
/** What no input may cost, in bytes: the longest log is 64 MiB, received and put together. */
const MEMORY = 400 * 1024 * 1024;
const MIB = 1024 * 1024;

interface Undo {
  teardown(undo: () => void | Promise<void>): void;
}

type Behaviour = (socket: Socket) => void | Promise<void>;

/** The path of a socket at which a peer waits that behaves so. */
async function wait(t: Undo, behave: Behaviour): Promise<string> {
  const path = join(mkdtempSync(join(tmpdir(), 'ktrial-hostile-')), 'peer');
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.resume();
    void behave(socket);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.teardown(async () => {
    for (const socket of open) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    rmSync(dirname(path), { recursive: true });
  });
  return path;
}

/** Sends a piece for ever, as fast as it is taken. */
function flood(piece: string | Uint8Array): Behaviour {
  return async (socket) => {
    while (!socket.destroyed)
      if (!socket.write(piece))
        await new Promise<void>((resolve) => {
          socket.once('drain', resolve);
          socket.once('close', () => resolve());
        });
      else await sleep(0);
  };
}

const send =
  (...pieces: (string | Uint8Array)[]): Behaviour =>
  (socket) => {
    for (const piece of pieces) socket.write(piece);
  };

const sendAndLeave =
  (piece: string | Uint8Array): Behaviour =>
  (socket) =>
    void socket.end(piece);

/** Runs something and fails when it needs much memory. */
async function frugally<Value>(what: string, run: () => Promise<Value>): Promise<Value> {
  const before = process.memoryUsage().rss;
  try {
    return await run();
  } finally {
    const taken = process.memoryUsage().rss - before;
    t.ok(taken < MEMORY, `${what} took ${Math.round(taken / MIB)} MiB`);
  }
}

const GREETING = '{"QMP": {"version": {}, "capabilities": []}}\r\n';

t.test('whatever comes from a monitor that is none is a lost monitor, within the deadline', async (t) => {
  const rows: [string, Behaviour, RegExp][] = [
    ['nothing', () => {}, /no greeting/],
    ['an end', (socket) => void socket.end(), /no greeting/],
    [
      'binary junk',
      send(new Uint8Array(4096).map((_, index) => (index * 37) % 256)),
      /no greeting|no message/,
    ],
    ['a line of junk', send('\u0000\u0001\u0002 hello\n'), /no message/],
    ['a line without an end', flood('x'.repeat(65_536)), /line of more than/],
    ['a JSON text without an end', flood('{"QMP": "'.padEnd(65_536, 'y')), /line of more than/],
    ['a cut greeting', sendAndLeave('{"QMP": {"ver'), /no greeting/],
    ['null', send('null\n'), /no message/],
    ['a list', send('[{"QMP": {}}]\n'), /no message/],
    ['a text', send('"QMP"\n'), /no message/],
    ['a number', send('1e999\n'), /no message/],
    ['lists in lists', send(`${'['.repeat(500_000)}\n`), /no message/],
    ['a greeting by inheritance', send('{"__proto__": {"QMP": {}}}\n'), /no greeting/],
    ['half UTF-8', send(Buffer.from([0xe2, 0x82, 0x0a])), /no message/],
    ['another protocol', send('SSH-2.0-dropbear\r\n'), /no message/],
    ['a greeting and no answer', send(GREETING), /not answered/],
    ['a greeting and an end', sendAndLeave(GREETING), /closed/],
    [
      'answers to others',
      send(GREETING, '{"return": {}, "id": "1"}\n{"return": {}, "id": [1]}\n'),
      /not answered/,
    ],
    ['an answer without a number', send(GREETING, '{"return": {}}\n'), /not answered/],
    ['a greeting and junk', send(GREETING, 'Bail out!\n'), /no message/],
    [
      'events without an end',
      flood(`${GREETING}${'{"event": "RTC_CHANGE"}\n'.repeat(4_000)}`),
      /sent more than|not answered/,
    ],
  ];
  for (const [what, behave, message] of rows) {
    const path = await wait(t, behave);
    const connecting = () => QmpClient.connect(path, () => {}, PATIENCE_MS);
    await frugally(what, () => t.rejects(connecting(), { blame: 'lab', code: 'QMP_LOST', message }, what));
  }
  const refusing = await wait(t, (socket) => {
    socket.write(GREETING);
    socket.once('data', () => socket.write('{"error": null, "id": 1}\n'));
  });
  await t.rejects(
    QmpClient.connect(refusing, () => {}, PATIENCE_MS),
    {
      code: 'QMP_REFUSED',
      message: /no reason given/,
    },
  );
});

t.test('a monitor that goes mad later rejects what is pending and everything after it', async (t) => {
  const asked = async (later: Behaviour) => {
    const path = await wait(t, (socket) => {
      socket.write(GREETING);
      socket.once('data', () => {
        socket.write('{"return": {}, "id": 1}\n');
        socket.once('data', () => void later(socket));
      });
    });
    const events: QmpEvent[] = [];
    const client = await QmpClient.connect(path, (event) => events.push(event), PATIENCE_MS);
    return { client, events };
  };
  const odd = await asked(
    send(
      '{"event": "SHUTDOWN", "data": null}\n{"event": "SHUTDOWN", "data": "guest-panic"}\n{"event": {"a": 1}}\n',
      '{"event": "NEVER_HEARD_OF", "data": {"constructor": 1}}\n{"id": 2, "error": {"desc": ["x"]}}\n',
    ),
  );
  await t.rejects(odd.client.execute('stop', undefined, PATIENCE_MS), { code: 'QMP_REFUSED' });
  t.strictSame(
    odd.events.map((one) => [one.event, Object.keys(one.data)]),
    [
      ['SHUTDOWN', []],
      ['SHUTDOWN', []],
      ['NEVER_HEARD_OF', ['constructor']],
    ],
  );
  const flooding = await asked(flood('{"event": "X"}\n'.repeat(4_000)));
  await t.rejects(flooding.client.execute('stop', undefined, 30_000), {
    code: 'QMP_LOST',
    message: /more than/,
  });
  await t.rejects(flooding.client.execute('stop'), { code: 'QMP_LOST', message: /more than/ });
  const long = await asked(send(`{"id": 2, "error": {"desc": "${'a'.repeat(500_000)}"}}\n`));
  const error = await long.client.execute('stop', undefined, PATIENCE_MS).catch((one: Error) => one);
  t.ok(error instanceof Error && error.message.length < 1_000, 'QEMU’s words are cut in a message');
});

const length = (bytes: bigint) => {
  const head = Buffer.from('k????????');
  head.writeBigUInt64LE(bytes, 1);
  return head;
};

t.test('whatever a guest agent answers, it costs a bounded time and memory', async (t) => {
  const answer =
    (behave: Behaviour): Behaviour =>
    (socket) =>
      void socket.once('data', () => void behave(socket));
  const rows: [string, Behaviour, RegExp][] = [
    ['nothing', () => {}, /no answer within/],
    ['an end', answer((socket) => void socket.end()), /closed/],
    ['a refusal', answer(send('e')), /could not read/],
    ['a letter that is none', answer(send('\u0000')), /could not read/],
    ['text', answer(send('Bail out!\n')), /could not read/],
    ['an impossible length', answer(send(length(2n ** 63n))), /got a log of/],
    ['a length that is just too much', answer(send(length(BigInt(64 * MIB + 8193)))), /got a log of/],
    ['half a length', answer(send('k\u0001\u0001')), /no answer within/],
    ['a log that never comes', answer(send(length(1000n), 'x'.repeat(999))), /no answer within/],
    ['a log that is cut', answer(sendAndLeave(Buffer.concat([length(1000n), Buffer.from('x')]))), /closed/],
    [
      'more than it said',
      answer(send(Buffer.concat([length(1n), Buffer.from('xy')]))),
      /more than its answer/,
    ],
    [
      'data without an end',
      answer(flood(Buffer.concat([length(64n * BigInt(MIB)), Buffer.alloc(MIB)]))),
      /more than its answer|no answer within/,
    ],
    ['data without an order', flood(Buffer.alloc(65_536)), /closed|more than/],
  ];
  for (const [what, behave, message] of rows) {
    const agent = new GuestAgent(await connectSocket(await wait(t, behave), 1_000, () => false));
    if (what === 'data without an order') await sleep(100);
    await frugally(what, () =>
      t.rejects(agent.readLog(PATIENCE_MS), { blame: 'lab', code: 'GUEST_AGENT_SILENT', message }, what),
    );
    t.equal(agent.isOpen, false, `${what}: the port is closed`);
  }
  const early = new GuestAgent(await connectSocket(await wait(t, send('kk')), 1_000, () => false));
  await sleep(50);
  await t.rejects(
    early.powerOff(PATIENCE_MS),
    { code: 'GUEST_AGENT_SILENT' },
    'an answer before its question',
  );
  const eager = new GuestAgent(await connectSocket(await wait(t, answer(send('kk'))), 1_000, () => false));
  await t.rejects(eager.revive(Buffer.alloc(88), PATIENCE_MS), { code: 'CLONE_NOT_REVIVED' }, 'two answers');
});

const IDENT = 'SSH-2.0-dropbear_2025.89\r\n';

t.test('whatever comes from an SSH server that is none, no session is opened', async (t) => {
  const packet = (bytes: number, rest: Uint8Array) => {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(bytes);
    return Buffer.concat([Buffer.from(IDENT), head, rest]);
  };
  const rows: [string, Behaviour][] = [
    ['nothing', () => {}],
    ['an end', (socket) => void socket.end()],
    ['a name without an end', flood('S'.repeat(65_536))],
    ['lines without an end', flood('welcome\r\n'.repeat(7_000))],
    ['NULs', flood(Buffer.alloc(65_536))],
    ['another protocol', send('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['an old version', send('SSH-1.5-x\r\n')],
    ['a name and an end', sendAndLeave(IDENT)],
    ['a name and nothing', send(IDENT)],
    ['an endless packet', send(packet(0xffffffff, Buffer.alloc(4096, 255)))],
    ['a packet of 100 MB', send(packet(100_000_000, Buffer.alloc(4096)))],
    ['empty packets', send(packet(0, Buffer.alloc(4096)))],
    ['a packet of one byte', send(packet(1, Buffer.alloc(16, 1)))],
    ['no algorithms', send(packet(28, Buffer.concat([Buffer.from([10, 20]), Buffer.alloc(26)])))],
    [
      'algorithms that lie about their length',
      send(packet(28, Buffer.concat([Buffer.from([4, 20]), Buffer.alloc(26, 255)]))),
    ],
    ['a packet that comes too early', send(packet(12, Buffer.from([10, 94, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])))],
    ['junk after the name', flood(Buffer.concat([Buffer.from(IDENT), Buffer.alloc(65_536, 0x5a)]))],
    ...[1, 2, 3, 4, 5].map((seed): [string, Behaviour] => [
      `random bytes (${seed})`,
      send(
        IDENT,
        new Uint8Array(2_000).map((_, index) => (index * index * seed + 7 * index) % 251),
      ),
    ]),
  ];
  for (const [what, behave] of rows) {
    const serial = await connectSocket(await wait(t, behave), 1_000, () => false);
    await frugally(what, () =>
      t.rejects(
        connectGuest({ transport: { serial }, keys: KEYS, deadlineMs: PATIENCE_MS }),
        { blame: 'lab', code: 'GUEST_UNREACHABLE' },
        what,
      ),
    );
    await sleep(20);
    t.equal(serial.destroyed, true, `${what}: the port is closed`);
  }
});

const HOST = ssh2.utils.generateKeyPairSync('ed25519');
const KEYS = {
  clientPrivateKey: makeKeys().clientPrivateKey,
  hostPublicKey: HOST.public.split(' ')[1] ?? '',
};

/** A session with a real SSH server, the one of a guest that has been taken over: it performs each command as it likes. */
async function openHostileGuest(t: Undo, perform: (channel: ServerChannel) => void, outputMib?: number) {
  const server = new ssh2.Server({ hostKeys: [HOST.private] }, (connection) => {
    connection.on('error', () => {});
    t.teardown(() => void connection.end());
    connection.on('authentication', (context) => context.accept());
    connection.on('session', (accept) =>
      accept().on('exec', (acceptExec) => {
        const channel = acceptExec();
        channel.on('error', () => {});
        perform(channel);
      }),
    );
  });
  const path = await wait(t, (socket) => void server.injectSocket(socket));
  const serial = await connectSocket(path, 1_000, () => false);
  const limits = outputMib === undefined ? DEFAULT_LIMITS : { ...DEFAULT_LIMITS, 'output-mib': outputMib };
  const guest = await connectGuest({ transport: { serial }, keys: KEYS, deadlineMs: 10_000, limits });
  t.teardown(() => guest.close());
  return guest;
}

t.test('a command that does not begin with its process id is a lost guest', async (t) => {
  for (const first of [
    '\n',
    '0\n',
    '-1\n',
    '1e9\n',
    ' 7\n',
    'ok 1 - all good\n',
    '99999999999\n',
    '\u001b[2J\n',
    '1'.repeat(100_000),
  ]) {
    const guest = await openHostileGuest(t, (channel) => channel.write(first));
    await t.rejects(
      guest.run('true', { timeoutMs: 20_000 }),
      { blame: 'lab', code: 'GUEST_CONNECTION_LOST', message: /process id/ },
      JSON.stringify(first.slice(0, 20)),
    );
  }
});

t.test(
  'an output without an end is kept up to its limit, on both streams, and the command ends in time',
  async (t) => {
    const guest = await openHostileGuest(
      t,
      (channel) => {
        channel.write('99\n');
        let isOpen = true;
        channel.once('close', () => {
          isOpen = false;
        });
        const pour = () => {
          if (!isOpen) return;
          for (const stream of [channel, channel.stderr]) stream.write(Buffer.alloc(64 * 1024, 'y'));
          setTimeout(pour, 5).unref();
        };
        pour();
      },
      1,
    );
    const job = await guest.start('yes');
    await frugally('endless output', async () => t.equal(await job.wait(PATIENCE_MS), null));
    for (let look = 0; look < 200 && !job.output().stderr.endsWith('this]\n'); look += 1) await sleep(50);
    for (const text of Object.values(job.output())) {
      t.match(text.slice(-100), /\n\[ktrial: output cut after 1 MiB; --limit output-mib=2 raises this\]\n$/);
      t.ok(text.length < 1.1 * MIB, `${text.length} characters`);
    }
  },
);

t.test('a command that ends without an exit status is a lost guest', async (t) => {
  const guest = await openHostileGuest(t, (channel) => {
    channel.write('99\n');
    channel.end();
  });
  await t.rejects(guest.run('true', { timeoutMs: 10_000 }), { code: 'GUEST_CONNECTION_LOST' });
});

t.test('what parses a peer’s words is total', async (t) => {
  const texts = [
    '',
    '\n',
    '{}',
    'null',
    '{"QMP":0}',
    '{"event":1}',
    '{"id":1,"return":0}',
    '"'.repeat(99),
    '\ud800',
  ];
  t.strictSame(
    texts.map((text) => parseQmpLine(text).kind),
    ['malformed', 'malformed', 'other', 'malformed', 'greeting', 'other', 'return', 'malformed', 'malformed'],
  );
  t.strictSame(
    [Buffer.alloc(0), Buffer.from('k'), Buffer.from('e'), Buffer.concat([length(2n), Buffer.from('hi')])].map(
      (one) => parseLogAnswer(one).kind,
    ),
    ['partial', 'partial', 'refused', 'whole'],
  );
  t.strictSame(
    [
      '',
      'SSH-2.0-x\n',
      'x\n',
      'S'.repeat(300),
      'SSH-2.0-x\r\n\0\0\0\x02ab',
      'SSH-2.0-x\r\n\xff\xff\xff\xff',
    ].map((one) => parseGreeting(Buffer.from(one, 'latin1'))),
    ['partial', 'partial', 'malformed', 'malformed', 'whole', 'malformed'],
  );
  t.strictSame(['1', '12\r', '', '0', '+1', '1 ', '٣'].map(parsePid), [1, 12, null, null, null, null, null]);
  const forward = (port: string) =>
    parseForward(`TCP[HOST_FORWARD]  12  127.0.0.1  ${port}  10.0.2.15  22\r\n`);
  t.strictSame(['40123', '0', '65536', '999999', 'x'].map(forward), [40123, null, null, null, null]);
});
