// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** Runs a shell command until its output matches, and returns what it printed; it is killed with its children. */
export async function printUntil(command: string, pattern: RegExp, limitMs: number): Promise<string> {
  const shell = spawn('sh', ['-c', command], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  let printed = '';
  const seen = new Promise<void>((resolve) => {
    shell.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString('latin1');
      if (pattern.test(printed)) resolve();
    });
    shell.once('close', () => resolve());
  });
  await Promise.race([seen, sleep(limitMs, undefined, { ref: false })]);
  if (shell.pid !== undefined && shell.exitCode === null) process.kill(-shell.pid, 'SIGKILL');
  return printed;
}
