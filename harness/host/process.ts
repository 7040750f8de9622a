// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Fault } from '../model/index.ts';
import { childEnvironment } from './environment.ts';
import { packageOf } from './package.ts';

/**
 * A program that reads requests from standard input and writes answers to standard output, line by line. It keeps ktrial
 * running only while a caller waits for a line, and exits with ktrial, which closes its standard input.
 */
export interface Program {
  /** Writes text unchanged. Does nothing when the program has ended. */
  write(text: string): void;
  /** The next line without its line feed; null when the program has ended, or no line arrives within `timeoutMs`. */
  readLine(timeoutMs: number): Promise<string | null>;
  /** Kills the program and waits until it is gone. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a program in the clean environment of `runCommand`. Fault `HOST_PROGRAM_MISSING` when it is not installed. */
export async function startProgram(program: string, args: readonly string[]): Promise<Program> {
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...childEnvironment() },
    cwd: '/',
    detached: true,
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => reject(missing(program, cause)));
  });
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const waiting: ((line: string | null) => void)[] = [];
  const ready: string[] = [];
  let ended = false;
  const lines = createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY });
  lines.on('line', (line) => {
    const next = waiting.shift();
    if (next) next(line);
    else ready.push(line);
  });
  lines.on('close', () => {
    ended = true;
    for (const next of waiting.splice(0)) next(null);
  });
  child.stdin.on('error', () => {});
  const holdLoop = (hold: boolean) => {
    for (const part of [child, child.stdin, child.stdout] as { ref?(): void; unref?(): void }[])
      if (hold) part.ref?.();
      else part.unref?.();
  };
  holdLoop(false);
  return {
    write(text) {
      if (!ended) child.stdin.write(text);
    },
    async readLine(timeoutMs) {
      const line = ready.shift();
      if (line !== undefined) return line;
      if (ended) return null;
      holdLoop(true);
      let timer: NodeJS.Timeout | undefined;
      const found = await new Promise<string | null>((resolve) => {
        waiting.push(resolve);
        timer = setTimeout(() => {
          waiting.splice(waiting.indexOf(resolve), 1);
          resolve(null);
        }, timeoutMs);
      });
      clearTimeout(timer);
      if (waiting.length === 0) holdLoop(false);
      return found;
    },
    async [Symbol.asyncDispose]() {
      holdLoop(true);
      child.stdin.end();
      child.kill('SIGKILL');
      await gone;
    },
  };
}

function missing(program: string, cause: Error): Fault {
  const owner = packageOf(program);
  return new Fault({
    blame: 'lab',
    code: 'HOST_PROGRAM_MISSING',
    message: `the program ${program} cannot be started: ${cause.message}`,
    next: owner ? `sudo apt-get install -y ${owner}` : 'ktrial doctor',
    cause,
  });
}
