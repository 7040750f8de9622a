#!/usr/bin/env node
// SPDX-License-Identifier: MIT
import { setMaxListeners } from 'node:events';
import { CommanderError } from 'commander';
import { describeFault, exitCodeFrom, faultFrom } from './failure.ts';
import { buildProgram } from './program.ts';

const abort = new AbortController();
// Every machine listens, and there is no limit on machines.
setMaxListeners(0, abort.signal);
let interrupts = 0;
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    interrupts += 1;
    if (interrupts === 1) {
      process.stderr.write(
        '\nktrial: stopping machines and writing what there is; once more to leave at once\n',
      );
      abort.abort();
    } else {
      process.stderr.write('ktrial: left at once; machines end with it, a run directory may be incomplete\n');
      process.exit(130);
    }
  });
}
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(141);
  throw error;
});

async function main(): Promise<number> {
  let exitCode = 0;
  const program = buildProgram(async (load, args, options, globals) => {
    // Help is printed without what commands need.
    const { openContext } = await import('./context.ts');
    const context = openContext(globals, abort.signal);
    const execute = await load();
    exitCode = await execute(context, args, options);
  });
  try {
    await program.parseAsync(process.argv);
    return abort.signal.aborted ? 130 : exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const fault = faultFrom(error);
    process.stderr.write(describeFault(fault, process.argv.includes('--debug')));
    return exitCodeFrom(fault, abort.signal.aborted);
  }
}

const code = await main();
// Pipes are flushed before leaving; a child that holds our output open must not keep us.
await Promise.all(
  [process.stdout, process.stderr].map(
    (stream) => new Promise<void>((done) => stream.write('', () => done())),
  ),
);
process.exit(code);
