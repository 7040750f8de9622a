// SPDX-License-Identifier: MIT
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { setPriority } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { Fault } from '../model/index.ts';
import { type ConfinedCommand, type Confinement, confine } from './confine.ts';
import { childEnvironment } from './environment.ts';
import { readTail, tail } from './lines.ts';
import { packageOf } from './package.ts';
import { giveScratchTo, makeScratch, type Scratch } from './scratch.ts';

/** How a long-lived program ended. */
export interface DaemonEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** A long-lived program. The kernel kills it when ktrial dies, by SIGKILL too. */
export interface Daemon {
  readonly pid: number;
  readonly ended: Promise<DaemonEnd>;
  /** One sentence for people: what holds the program, and what could not be had. */
  readonly confinement: string;
  /** Whether it has namespaces of its own, with nothing in them but its own files. */
  readonly isolated: boolean;
  kill(signal: NodeJS.Signals): void;
  /** Lets the program outlive ktrial, where its confinement allows that; what it needs on this computer stays as long as it runs. */
  release(): void;
}

/**
 * Becomes a program that may be released: a process beside it waits at descriptor 4, whose other end only ktrial has, and kills
 * the process group when ktrial dies without a word.
 */
const OUTLIVE = `( { read -r word <&4 && [ "$word" = keep ] || kill -KILL 0; } </dev/null >/dev/null 2>&1 3>&- & )
exec "$@" 4<&-`;

/** Less than ours (nice(1)): a program that never rests must not keep us from reading what it prints. */
const NICE = 2;

/**
 * Starts a program that can reach nothing but what is named, and appends its output to a file. Where this computer forbids
 * namespaces it starts without them, and `confinement` says so. Fault `HOST_PROGRAM_MISSING` when it is not installed.
 */
export async function startDaemon(
  argv: readonly string[],
  outputPath: string,
  confinement: Confinement,
): Promise<Daemon> {
  const scratch = await makeScratch('view');
  try {
    const command = confine(argv, confinement, scratch.path, true);
    const canOutlive = confinement.canOutlive === true;
    const isolated = await launch(argv[0] ?? '', command, outputPath, canOutlive);
    if (isolated) return withoutScratch(isolated, scratch);
    const why = tail(await readTail(outputPath), 1)[0] ?? 'no reason given';
    const plain = confine(argv, confinement, scratch.path, false);
    const description = `${plain.description}: ${why}`;
    const started = await launch(argv[0] ?? '', { ...plain, description }, outputPath, canOutlive);
    if (started) return withoutScratch(started, scratch);
    throw new Fault({
      blame: 'lab',
      code: 'HOST_COMMAND_FAILED',
      message: `${argv[0]} cannot be started with limits`,
      details: tail(await readTail(outputPath), 5),
    });
  } catch (error) {
    await scratch[Symbol.asyncDispose]();
    throw error;
  }
}

/** A directory that is removed takes away what a program has mounted there, so it stays as long as the program. */
function withoutScratch(daemon: Daemon, scratch: Scratch): Daemon {
  const ended = daemon.ended.then(async (end) => {
    await scratch[Symbol.asyncDispose]();
    return end;
  });
  const release = () => {
    giveScratchTo(scratch.path, daemon.pid);
    daemon.release();
  };
  return { ...daemon, ended, release };
}

/** Null when the program could not be confined; its output says why. */
async function launch(
  program: string,
  { argv, description, isolated }: ConfinedCommand,
  outputPath: string,
  canOutlive: boolean,
): Promise<Daemon | null> {
  const output = await open(outputPath, 'a', 0o600);
  try {
    const [starter = '', ...args] = canOutlive ? ['sh', '-c', OUTLIVE, 'sh', ...argv] : argv;
    const child = spawn(starter, args, {
      stdio: ['ignore', output.fd, output.fd, 'pipe', ...(canOutlive ? ['pipe' as const] : [])],
      env: { ...childEnvironment() },
      cwd: '/',
      detached: true,
    });
    const ended = new Promise<DaemonEnd>((resolve) =>
      child.on('exit', (exitCode, signal) => resolve({ exitCode, signal })),
    );
    await spawned(child, program);
    const { pid } = child;
    if (pid === undefined)
      throw new Fault({ blame: 'lab', code: 'HOST_COMMAND_FAILED', message: `${program} has no process id` });
    lowerPriority(pid);
    const [said] = (await Promise.race([
      once(child.stdio[3] as Readable, 'data'),
      once(child.stdio[3] as Readable, 'end').then(() => [null]),
    ])) as [Buffer | null];
    child.stdio[3]?.destroy();
    if (!said) {
      await ended;
      return null;
    }
    return {
      pid,
      ended,
      confinement: description,
      isolated,
      kill(signal) {
        if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      },
      release() {
        (child.stdio[4] as Writable | undefined)?.end('keep\n');
        child.unref();
      },
    };
  } finally {
    await output.close();
  }
}

async function spawned(child: ChildProcess, program: string): Promise<void> {
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
}

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, NICE);
  } catch {
    // It has ended already.
  }
}
