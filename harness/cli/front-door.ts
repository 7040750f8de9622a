// SPDX-License-Identifier: MIT
import { setMaxListeners } from 'node:events';
import { type Command, CommanderError } from 'commander';
import { exitCodeOf, isFault, toFault } from '../model/index.ts';
import { chooseExitCodes } from './exit-code.ts';
import { describeFault } from './failure.ts';
import { openOutput } from './output.ts';
import { type Dispatch, listCommands } from './verb.ts';

/** How long what Node's threads are doing may hold up an exit after an interruption, in milliseconds. */
const HELD_UP_MS = 300;

/** What a program says when it is interrupted: once, and again. */
export interface Interruption {
  readonly once: string;
  readonly again: string;
}

/** Runs a command line in this process, from its arguments to its exit. To be called once. */
export async function runProgram(
  build: (dispatch: Dispatch) => Command,
  interruption: Interruption,
): Promise<void> {
  const abort = new AbortController();
  // Every machine listens, and there is no limit on machines.
  setMaxListeners(0, abort.signal);
  const out = openOutput(process.stdout);
  const err = openOutput(process.stderr);
  const debug = process.argv.includes('--debug');
  const exitCodeFor = chooseExitCodes(process.argv.slice(2));
  let interruptedBy: NodeJS.Signals | null = null;
  let isExpected = false;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (interruptedBy !== null) {
        err.write(interruption.again);
        return leave(130, true);
      }
      interruptedBy = name;
      if (!isExpected) err.write(interruption.once);
      abort.abort();
    });
  }
  // Node's own exit code for an uncaught error is 1, which is a verdict's.
  process.on('uncaughtException', (error) => {
    err.write(describeFault(toFault(error), true));
    process.exit(exitCodeFor(isFault(error) ? exitCodeOf(error) : 70));
  });

  async function main(): Promise<number> {
    let exitCode = 0;
    try {
      const program = build(async (load, args, call) => {
        // Help is printed without what commands need.
        const { openContext } = await import('./context.ts');
        const expectInterrupt = () => {
          isExpected = true;
        };
        const context = await openContext(call, { signal: abort.signal, expectInterrupt, out, err });
        const execute = await load();
        // Settings have been added to the options by now.
        exitCode = await execute(context, args, call.command.opts() as never);
      });
      for (const command of listCommands(program))
        command.configureOutput({ writeOut: out.write, writeErr: err.write });
      await program.parseAsync(process.argv);
      return abort.signal.aborted && !isExpected ? 130 : exitCodeFor(exitCode);
    } catch (error) {
      if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodeFor(2);
      const fault = toFault(error);
      err.write(describeFault(fault, debug));
      const isInterrupted = (abort.signal.aborted && !isExpected) || fault.code === 'HOST_INTERRUPTED';
      return isInterrupted ? 130 : exitCodeFor(exitCodeOf(fault), fault);
    }
  }

  let code = await main();
  // A child that holds our output open must not keep us.
  await Promise.all([out.flush(), err.flush()]);
  const unwritten = out.failure() ?? err.failure();
  if (unwritten) {
    err.write(describeFault(unwritten, debug));
    await err.flush();
    if (code === 0 || code === 1) code = exitCodeFor(69);
  }
  leave(code, interruptedBy !== null && !isExpected);
}

/**
 * Ends this process. A read or an open that waits in one of Node's threads holds up every exit, and only a signal ends it:
 * after an interruption that is SIGINT, for which a shell shows 130 as well.
 */
function leave(code: number, isInterrupted: boolean): void {
  const startedAt = performance.now();
  const attempt = () => {
    const isHeldUp = process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'));
    if (!isInterrupted || !isHeldUp) process.exit(code);
    if (performance.now() - startedAt < HELD_UP_MS) return;
    process.removeAllListeners('SIGINT');
    process.kill(process.pid, 'SIGINT');
  };
  setInterval(attempt, 20);
  attempt();
}
