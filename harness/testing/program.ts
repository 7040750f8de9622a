// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { quoteArgs } from '../model/index.ts';
import { PROJECT_ROOT } from './root.ts';

/** The command line under test, compiled. */
export const KTRIAL = join(PROJECT_ROOT, 'dist/harness/cli/main.js');

/** What a program came to. */
export interface ProgramEnd {
  /** As a shell shows it: 128 and more for a signal. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
  /** A program that has not ended by then is killed: exit code 137. */
  readonly timeoutMs?: number;
}

/**
 * Runs a line of bash in which `ktrial` is the command line under test. Nothing of this computer's environment is there but its
 * PATH, and a HOME in `cwd`.
 */
export function runShell(line: string, options: ProgramOptions = {}): Promise<ProgramEnd> {
  const { cwd = PROJECT_ROOT, env = {}, input = '', timeoutMs = 60_000 } = options;
  const ktrial = quoteArgs([process.execPath, KTRIAL]);
  const script = `ktrial() { ${ktrial} "$@"; }\nKTRIAL=(${ktrial})\n${line}`;
  const { PATH = '' } = process.env;
  const child = spawn('bash', ['-c', script], {
    cwd,
    env: { PATH, HOME: join(cwd, 'home'), ...env },
    detached: true,
  });
  const printed: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
  child.stdout.on('data', (chunk: Buffer) => printed.stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => printed.stderr.push(chunk));
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const timer = setTimeout(() => process.kill(-(child.pid as number), 'SIGKILL'), timeoutMs);
  return new Promise((resolve) => {
    child.once('close', (code) => {
      clearTimeout(timer);
      const textOf = (chunks: readonly Buffer[]) => Buffer.concat(chunks).toString('utf8');
      resolve({ exitCode: code ?? 137, stdout: textOf(printed.stdout), stderr: textOf(printed.stderr) });
    });
  });
}

/** Calls `work` for each row, a few at a time, in their order. */
export async function forEachRow<T>(rows: readonly T[], work: (row: T) => Promise<void>): Promise<void> {
  const waiting = [...rows];
  const takeNext = async (): Promise<void> => {
    for (let row = waiting.shift(); row !== undefined; row = waiting.shift()) await work(row);
  };
  await Promise.all(Array.from({ length: 3 }, takeNext));
}
