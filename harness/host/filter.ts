// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Fault, quoteArgs } from '../model/index.ts';
import { childEnvironment } from './environment.ts';
import { tail } from './lines.ts';
import { packageOf } from './package.ts';

/**
 * What a program makes of a stream, in pieces as they come: nothing is gathered, and the program is killed when nobody reads
 * on. Faults: those of `source`, `HOST_PROGRAM_MISSING` (lab), `HOST_FILTER_FAILED` (request: it did not like its input).
 */
export async function* filterThrough(
  program: string,
  args: readonly string[],
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Buffer> {
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...childEnvironment() },
    cwd: '/',
    detached: true,
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => reject(missing(program, cause)));
  });
  const gone = new Promise<number | null>((resolve) => child.once('close', resolve));
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-4000);
  });
  const fed = pipeline(Readable.from(source, { objectMode: false }), child.stdin).then(
    () => null,
    (error: unknown) => error,
  );
  try {
    for await (const chunk of child.stdout) yield chunk as Buffer;
    const error = await fed;
    if (error instanceof Fault) throw error;
    const exitCode = await gone;
    if (exitCode !== 0)
      throw new Fault({
        blame: 'request',
        code: 'HOST_FILTER_FAILED',
        message: `${quoteArgs([program, ...args])} ended with exit code ${exitCode ?? -1}`,
        details: tail(errors, 5),
      });
  } finally {
    child.kill('SIGKILL');
    await gone;
  }
}

function missing(program: string, cause: Error): Fault {
  return new Fault({
    blame: 'lab',
    code: 'HOST_PROGRAM_MISSING',
    message: `the program ${program} cannot be started: ${cause.message}`,
    next: `sudo apt-get install -y ${packageOf(program) ?? `${program}, or its package`}`,
    cause,
  });
}
