#!/usr/bin/env node
// SPDX-License-Identifier: MIT
import { setMaxListeners } from 'node:events';
import { CommanderError } from 'commander';
import { exitCodeOf, isFault, toFault } from '../model/index.ts';
import { describeFault } from './failure.ts';
import { openOutput } from './output.ts';
import { buildProgram } from './program.ts';

const abort = new AbortController();
// Every machine listens, and there is no limit on machines.
setMaxListeners(0, abort.signal);
const out = openOutput(process.stdout);
const err = openOutput(process.stderr);
const debug = process.argv.includes('--debug');
let interrupts = 0;
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    interrupts += 1;
    if (interrupts > 1) {
      err.write(
        'ktrial: left at once; its machines and builds end with it. Continue the run with: ktrial resume\n',
      );
      process.exit(130);
    }
    err.write('\nktrial: stopping machines and recording what there is; once more to leave at once\n');
    abort.abort();
  });
}
// Node's own exit code for an uncaught error is 1, which is a verdict's.
process.on('uncaughtException', (error) => {
  err.write(describeFault(toFault(error), true));
  process.exit(isFault(error) ? exitCodeOf(error) : 70);
});

async function main(): Promise<number> {
  let exitCode = 0;
  const program = buildProgram(async (load, args, options, globals) => {
    // Help is printed without what commands need.
    const { openContext } = await import('./context.ts');
    const context = openContext(globals, abort.signal, out, err);
    const execute = await load();
    exitCode = await execute(context, args, options);
  });
  program.configureOutput({ writeOut: out.write, writeErr: err.write });
  for (const command of program.commands)
    command.configureOutput({ writeOut: out.write, writeErr: err.write });
  try {
    await program.parseAsync(process.argv);
    return abort.signal.aborted ? 130 : exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const fault = toFault(error);
    err.write(describeFault(fault, debug));
    return abort.signal.aborted || fault.code === 'HOST_INTERRUPTED' ? 130 : exitCodeOf(fault);
  }
}

let code = await main();
// A child that holds our output open must not keep us.
await Promise.all([out.flush(), err.flush()]);
const unwritten = out.failure() ?? err.failure();
if (unwritten) {
  err.write(describeFault(unwritten, debug));
  await err.flush();
  if (code === 0 || code === 1) code = 69;
}
process.exit(code);
