// SPDX-License-Identifier: MIT
import { Fault } from '../../model/index.ts';
import type { Context } from '../context.ts';
import { buildRequestedArms, requireLastKernel } from '../kernel-options.ts';
import { type MachineOptions, withMachine } from '../machine.ts';

/** Opens a shell in a fresh machine; the exit code is the shell's. */
export async function execute(
  context: Context,
  _args: readonly string[],
  options: MachineOptions,
): Promise<number> {
  const kernel = await requireLastKernel(
    await buildRequestedArms(options.series, options, context, 'tip'),
    context,
  );
  return withMachine(kernel, options, context, async (guest, machine) => {
    if (!guest.openShell)
      throw new Fault({ blame: 'harness', code: 'CLI_NO_SHELL', message: 'this guest has no terminal' });
    context.err.write(`ktrial: console ${machine.consolePath}; leave the shell to end the machine\n`);
    const { stdin } = process;
    stdin.setRawMode?.(true);
    stdin.resume();
    try {
      return await guest.openShell(stdin, context.out.stream, {
        rows: context.out.size().rows,
        cols: context.out.size().columns,
      });
    } finally {
      stdin.setRawMode?.(false);
      stdin.pause();
    }
  });
}
