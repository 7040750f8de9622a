// SPDX-License-Identifier: MIT
import { Fault } from '../../model/index.ts';
import type { Context } from '../context.ts';
import { buildRequestedArms, requireLastKernel } from '../kernel-options.ts';
import { type MachineOptions, withMachine } from '../machine.ts';

/** Shells give 128 plus the number of a signal that ended a command. */
const SIGNAL_CODES: Readonly<Record<string, number>> = {
  HUP: 129,
  INT: 130,
  QUIT: 131,
  ILL: 132,
  TRAP: 133,
  ABRT: 134,
  BUS: 135,
  FPE: 136,
  KILL: 137,
  SEGV: 139,
  PIPE: 141,
  ALRM: 142,
  TERM: 143,
};

/** Runs one command in a fresh machine; the exit code is the command's. */
export async function execute(
  context: Context,
  args: readonly string[],
  options: MachineOptions & { readonly timeout: number },
): Promise<number> {
  if (args.length === 0)
    throw new Fault({
      blame: 'request',
      code: 'CLI_NO_COMMAND',
      message: 'no command is given',
      next: 'put it after two dashes: ktrial boot --kernel NAME -- uname -a',
    });
  const kernel = await requireLastKernel(
    await buildRequestedArms(options.series, options, context, 'tip'),
    context,
  );
  return withMachine(kernel, options, context, async (guest) => {
    const result = await guest.run(args.join(' '), { timeoutMs: options.timeout * 1000 });
    context.out.writeGuestOutput(result.stdout);
    context.err.writeGuestOutput(result.stderr);
    if (result.timedOut) {
      throw new Fault({
        blame: 'request',
        code: 'CLI_COMMAND_TIMEOUT',
        message: `the command did not end within ${options.timeout} s`,
        next: 'give it longer: --timeout SECONDS',
      });
    }
    return result.exitCode ?? SIGNAL_CODES[result.signal ?? ''] ?? 128;
  });
}
