// SPDX-License-Identifier: MIT
import { Fault } from '../../model/index.ts';
import type { Context } from '../context.ts';
import { buildRequestedArms, requireLastKernel } from '../kernel-options.ts';
import { type MachineOptions, withMachine } from '../machine.ts';

/** Opens a shell in a fresh machine; the exit code is the shell's. */
export async function execute(
  context: Context,
  args: readonly string[],
  options: MachineOptions,
): Promise<number> {
  const kernel = await requireLastKernel(await buildRequestedArms(args[0], options, context, 'tip'), context);
  return withMachine(kernel, options, context, async (guest, machine) => {
    if (!guest.openShell)
      throw new Fault({ blame: 'harness', code: 'CLI_NO_SHELL', message: 'this guest has no terminal' });
    context.say(`console ${machine.consolePath}; leave the shell to end the machine`);
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
