// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { Fault } from '../model/index.ts';
import { childEnvironment } from './environment.ts';
import { packageOf } from './package.ts';

/** How a long-lived program ended. */
export interface DaemonEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** A long-lived program. The kernel kills it when ktrial dies, by SIGKILL too. */
export interface Daemon {
  readonly pid: number;
  readonly ended: Promise<DaemonEnd>;
  kill(signal: NodeJS.Signals): void;
}

/** Starts a program and appends its output to a file. Fault `HOST_PROGRAM_MISSING` when it is not installed. */
export async function startDaemon(argv: readonly string[], outputPath: string): Promise<Daemon> {
  const [program = ''] = argv;
  const output = await open(outputPath, 'a');
  try {
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...argv], {
      stdio: ['ignore', output.fd, output.fd],
      env: { ...childEnvironment() },
      cwd: '/',
      detached: true,
    });
    const ended = new Promise<DaemonEnd>((resolve) =>
      child.on('exit', (exitCode, signal) => resolve({ exitCode, signal })),
    );
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (cause) =>
        reject(
          new Fault({
            blame: 'lab',
            code: 'HOST_PROGRAM_MISSING',
            message: `${program} cannot be started: ${cause.message}`,
            next: `sudo apt-get install -y util-linux ${packageOf(program) ?? ''}`.trim(),
            cause,
          }),
        ),
      );
    });
    const { pid } = child;
    if (pid === undefined)
      throw new Fault({ blame: 'lab', code: 'HOST_COMMAND_FAILED', message: `${program} has no process id` });
    return {
      pid,
      ended,
      kill(signal) {
        if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      },
    };
  } finally {
    await output.close();
  }
}
