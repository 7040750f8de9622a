// SPDX-License-Identifier: MIT
import { Fault } from '../../model/index.ts';
import type { Context } from '../context.ts';
import { type MachineOptions, withMachine } from '../machine.ts';
import { openProgress } from '../progress.ts';
import { buildRequestedArms, lastKernel } from '../workbench.ts';

/** Opens a shell in a fresh machine; the exit code is the shell's. */
export async function execute(
  context: Context,
  _args: readonly string[],
  options: MachineOptions,
): Promise<number> {
  const progress = await openProgress(context);
  const arms = await buildRequestedArms(options.series, options, context, progress.emit).finally(() =>
    progress.end(),
  );
  return withMachine(lastKernel(arms), options, context, async (guest, machine) => {
    if (!guest.openShell)
      throw new Fault({ blame: 'harness', code: 'CLI_NO_SHELL', message: 'this guest has no terminal' });
    context.err.write(`ktrial: console ${machine.consolePath}; leave the shell to end the machine\n`);
    const { stdin } = process;
    stdin.setRawMode?.(true);
    stdin.resume();
    try {
      return await guest.openShell(stdin, context.out, {
        rows: context.out.rows ?? 24,
        cols: context.out.columns ?? 80,
      });
    } finally {
      stdin.setRawMode?.(false);
      stdin.pause();
    }
  });
}
