// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { giveScratchTo } from '../host/index.ts';
import { quoteArgs } from '../model/index.ts';
import { GDB_SOCKET, QMP_SOCKET, SSH_SOCKET } from './argv.ts';
import type { MachineKeys } from './spec.ts';

/** A machine that was left running, for people: each a line for a shell. */
export interface KeptMachine {
  readonly pid: number;
  /** A shell in the guest; null after a panic. */
  readonly ssh: string | null;
  /** Runs commands of QEMU's monitor, such as `info registers`. */
  readonly monitor: string;
  /** What follows `gdb`: the kernel's `vmlinux` comes before it. */
  readonly gdb: string;
  /** Ends the machine. */
  readonly end: string;
}

/** What is to be written down of a machine. */
interface KeptParts {
  readonly pid: number;
  /** The directory of its sockets, in the machine's own directory. */
  readonly sockets: string;
  readonly keys: MachineKeys;
  /** Port on 127.0.0.1 that leads to its SSH server; null: its serial port does. */
  readonly port: number | null;
  readonly hasGuest: boolean;
}

/** Passes standard input and output on to a Unix socket: OpenSSH speaks to no socket itself. */
const PROXY = `const s=require("net").connect(process.argv[1]);process.stdin.pipe(s).pipe(process.stdout)`;

/** Writes what people need to reach a machine into its directory, and hands that over to QEMU. */
export async function writeAttachment(parts: KeptParts): Promise<KeptMachine> {
  const { pid, sockets, keys, port, hasGuest } = parts;
  const directory = dirname(sockets);
  const file = (name: string) => join(directory, name);
  const type = Buffer.from(keys.hostPublicKey, 'base64');
  const typeName = type.subarray(4, 4 + type.readUInt32BE(0)).toString();
  const proxy = quoteArgs([process.execPath, '-e', PROXY, join(sockets, SSH_SOCKET)]);
  const lines = [
    'Host guest',
    ...(port === null
      ? [`ProxyCommand ${proxy.replaceAll('%', '%%')}`]
      : ['HostName 127.0.0.1', `Port ${port}`]),
    'User root',
    `IdentityFile ${file('key')}`,
    'IdentitiesOnly yes',
    'HostKeyAlias guest',
    `UserKnownHostsFile ${file('known_hosts')}`,
    'StrictHostKeyChecking yes',
  ];
  await writeFile(file('key'), keys.clientPrivateKey, { mode: 0o600 });
  await writeFile(file('known_hosts'), `guest ${typeName} ${keys.hostPublicKey}\n`);
  await writeFile(file('ssh_config'), `${lines.join('\n')}\n`);
  await writeFile(file('monitor'), monitorProgram(join(sockets, QMP_SOCKET)), { mode: 0o700 });
  giveScratchTo(directory, pid);
  return {
    pid,
    ssh: hasGuest ? quoteArgs(['ssh', '-F', file('ssh_config'), 'guest']) : null,
    monitor: quoteArgs([file('monitor'), 'info status']),
    gdb: quoteArgs(['-ex', `target remote ${join(sockets, GDB_SOCKET)}`]),
    end: quoteArgs(['kill', String(pid)]),
  };
}

/** A program that gives QEMU's monitor its arguments as one command, or each line of its input as one, and prints the answers. */
function monitorProgram(socket: string): string {
  return `#!${process.execPath}
const { connect } = require('net');
const { createInterface } = require('readline');
const socket = connect(${JSON.stringify(socket)});
const answers = createInterface({ input: socket })[Symbol.asyncIterator]();
const ask = async (execute, args) => {
  socket.write(JSON.stringify({ execute, arguments: args }) + '\\n');
  for (;;) {
    const { value, done } = await answers.next();
    if (done) throw new Error('the machine has ended');
    const answer = JSON.parse(value);
    if (answer.error) return answer.error.desc;
    if ('return' in answer) return answer.return;
  }
};
const run = async (line) => process.stdout.write(String(await ask('human-monitor-command', { 'command-line': line })));
(async () => {
  await answers.next();
  await ask('qmp_capabilities');
  const words = process.argv.slice(2);
  if (words.length > 0) await run(words.join(' '));
  else for await (const line of createInterface({ input: process.stdin })) await run(line);
  socket.end();
})().catch((error) => { console.error(error.message); process.exit(1); });
`;
}
