// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Fault } from '../model/index.ts';
import { childEnvironment } from './command.ts';
import { packageOf } from './package.ts';

/** A program that answers line by line for as long as we keep it; it ends when its standard input closes. */
export interface Program {
  readonly pid: number;
  /** Hands it text on standard input. After its end this does nothing: `readLine` then tells. */
  write(text: string): void;
  /** The next line of standard output, or null at its end. Fault `HOST_COMMAND_TIMEOUT` after `timeoutMs`. */
  readLine(timeoutMs: number): Promise<string | null>;
  /** The last lines it wrote on standard error. */
  words(): readonly string[];
  [Symbol.asyncDispose](): Promise<void>;
}

const KEPT_WORDS = 20;
/** How long a program may take to end once its input is closed. */
const GRACE_MS = 2000;

/** Starts a program that is spoken to over its standard streams. Fault `HOST_PROGRAM_MISSING`. */
export async function startProgram(program: string, args: readonly string[]): Promise<Program> {
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...childEnvironment() },
    cwd: '/',
    detached: true,
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => reject(missingProgram(program, cause)));
  });
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const words: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    words.push(line);
    if (words.length > KEPT_WORDS) words.shift();
  });
  const queue = readQueue(createInterface({ input: child.stdout }));
  return {
    pid: child.pid ?? 0,
    write: (text) => void child.stdin.write(text),
    readLine: (timeoutMs) => queue(timeoutMs, program),
    words: () => words,
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

type Reader = (timeoutMs: number, program: string) => Promise<string | null>;

/** Lines that came before they were asked for wait; askers that came before their line wait. */
function readQueue(lines: ReturnType<typeof createInterface>): Reader {
  const waiting: string[] = [];
  const askers: ((line: string | null) => void)[] = [];
  let closed = false;
  lines.on('line', (line) => {
    const asker = askers.shift();
    if (asker) asker(line);
    else waiting.push(line);
  });
  lines.on('close', () => {
    closed = true;
    for (const asker of askers.splice(0)) asker(null);
  });
  return (timeoutMs, program) => {
    const line = waiting.shift();
    if (line !== undefined) return Promise.resolve(line);
    if (closed) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      const asker = (answer: string | null) => {
        clearTimeout(timer);
        resolve(answer);
      };
      const timer = setTimeout(() => {
        askers.splice(askers.indexOf(asker), 1);
        reject(
          new Fault({
            blame: 'lab',
            code: 'HOST_COMMAND_TIMEOUT',
            message: `${program} did not answer within ${timeoutMs} ms`,
          }),
        );
      }, timeoutMs);
      askers.push(asker);
    });
  };
}

function missingProgram(program: string, cause: Error): Fault {
  const owner = packageOf(program);
  return new Fault({
    blame: 'lab',
    code: 'HOST_PROGRAM_MISSING',
    message: `the program ${program} cannot be started: ${cause.message}`,
    next: owner ? `sudo apt-get install -y ${owner}` : 'ktrial doctor',
    cause,
  });
}
