// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { fuzzTarget, mutate } from '../testing/index.ts';
import { parseGreeting } from './greeting.ts';
import { parseLogAnswer } from './guest-agent.ts';
import { parseForward } from './guest-ports.ts';
import { parsePid } from './job.ts';
import { parseQmpLine } from './qmp-line.ts';

/** What QEMU says, and what it would never say. */
const QMP = [
  '{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": ""}, "capabilities": ["oob"]}}',
  '{"return": {}, "id": 1}',
  '{"return": {"status": "running", "singlestep": false, "running": true}, "id": 2}',
  '{"return": "VLAN -1 (net):\\r\\n  TCP[HOST_FORWARD]  12  127.0.0.1  40123  10.0.2.15  22\\r\\n", "id": 3}',
  '{"id": 4, "error": {"class": "GenericError", "desc": "no such thing"}}',
  '{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-reset"}}',
  '{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "VSERPORT_CHANGE", "data": {"open": true, "id": "ssh"}}',
  '{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "MIGRATION", "data": {"status": "completed"}}',
];
const WORDS = [
  'null',
  '[]',
  '{}',
  '"__proto__":',
  '"error":',
  '"id":',
  '1e999',
  '-0',
  '\\ud800',
  '\u0000',
  '"',
];
const KINDS = ['greeting', 'event', 'return', 'error', 'other', 'malformed'];
const SERVER = 'SSH-2.0-dropbear_2025.89\r\n';

/** An answer to a request for the log: a head, and bytes that may be what it announces. */
const answers = fc
  .tuple(
    fc.constantFrom('k', 'e', '', '\u0000'),
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    fc.uint8Array({ maxLength: 64 }),
    fc.boolean(),
  )
  .map(([letter, announced, bytes, honest]) => {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(honest ? BigInt(bytes.length) : announced);
    return Buffer.concat([Buffer.from(letter), length, bytes]);
  });

export const FUZZ_TARGETS = [
  fuzzTarget(
    'a line of the monitor is a message or malformed',
    3,
    mutate(fc.constantFrom(...QMP), WORDS),
    (line) => {
      const message = parseQmpLine(line);
      if (!KINDS.includes(message.kind)) return `got the kind ${message.kind}`;
      if (message.kind === 'event' && (typeof message.data !== 'object' || message.data === null))
        return 'the data of an event are no object';
      return message.kind === 'error' && message.description.length > 500 ? 'a long description' : null;
    },
  ),
  fuzzTarget('an answer of the guest agent is whole, partial or refused', 1, answers, (received) => {
    for (let end = 0; end <= received.length; end += 1) {
      const answer = parseLogAnswer(received.subarray(0, end));
      if (answer.kind === 'partial' && answer.missing <= 0) return 'it waits for nothing';
      if (answer.kind === 'whole' && answer.log.length + 9 !== end) return 'a log of another length';
    }
    return null;
  }),
  fuzzTarget(
    'what an SSH server sends first is found out within the longest greeting',
    1,
    fc.tuple(fc.constantFrom(SERVER, '', 'SSH-1.5-x\n', 'x'), fc.uint8Array({ maxLength: 400 })),
    ([name, rest]) => {
      const bytes = Buffer.concat([Buffer.from(name), rest]);
      const longest = Buffer.concat([bytes, Buffer.alloc(36_000)]);
      parseGreeting(bytes);
      return parseGreeting(longest) === 'partial' ? 'it waits for more than there may be' : null;
    },
  ),
  fuzzTarget(
    'a process id and a port are numbers in their bounds',
    1,
    fc.tuple(fc.string(), fc.string()),
    ([a, b]) => {
      const [pid, port] = [parsePid(a), parseForward(`TCP[HOST_FORWARD] 1 127.0.0.1 ${b} 10.0.2.15 22`)];
      if (pid !== null && !(Number.isSafeInteger(pid) && pid > 0)) return `got the process id ${pid}`;
      return port !== null && !(port > 0 && port < 65_536) ? `got the port ${port}` : null;
    },
  ),
];
