// SPDX-License-Identifier: MIT
import { Command, Option } from 'commander';
import { Fault } from '../model/index.ts';
import { type Context, type GlobalOptions, readVersion } from './context.ts';
import { addKernelVerbs } from './kernel-verbs.ts';
import { guardOptions, limitOption } from './options.ts';
import { addRunVerbs } from './run-verbs.ts';
import type { AddVerb } from './verb.ts';

/** A command's work; its number is the exit code. */
export type Execute = (context: Context, args: readonly string[], options: never) => Promise<number>;
export type Dispatch = (
  load: () => Promise<Execute>,
  args: readonly string[],
  options: never,
  globals: GlobalOptions,
) => Promise<void>;

const EXIT_CODES = `
Exit codes: 0 all as it should be · 1 negative verdict · 2 bad request, series or scenario
            69 lab fault · 70 bug in ktrial · 130 interrupted`;

/** The command line. Each command's code is loaded only when it runs. */
export function buildProgram(dispatch: Dispatch): Command {
  const program = new Command('ktrial')
    .description('Puts Linux kernel patch series on trial in QEMU machines.')
    .version(readVersion())
    .addOption(
      new Option('--color <when>', 'colour in what people read')
        .choices(['auto', 'always', 'never'])
        .default('auto'),
    )
    .option('--debug', 'print stack traces of faults')
    .addOption(limitOption())
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError('(ktrial --help shows what there is)')
    .exitOverride();
  const add: AddVerb = (command, load) => {
    command.exitOverride().action(async (...received: unknown[]) => {
      const args = received
        .slice(0, -2)
        .flatMap((one) => (Array.isArray(one) ? one : one === undefined ? [] : [one])) as string[];
      const options = received.at(-2) as never;
      // What stands behind -- is a command for a guest, in which an empty word has a meaning.
      if (args.includes('') && command.name() !== 'boot') throw emptyOperand(command);
      await dispatch(
        async () => (await load()).execute as Execute,
        args,
        options,
        program.opts<GlobalOptions>(),
      );
    });
    guardOptions(command);
    program.addCommand(command);
  };
  guardOptions(program);

  addRunVerbs(add);
  addKernelVerbs(add);
  return program;
}

function emptyOperand(command: Command): Fault {
  return new Fault({
    blame: 'request',
    code: 'CLI_EMPTY_OPERAND',
    message: `got an empty operand, expected ktrial ${command.name()} ${command.usage()}`,
    next: 'look for a variable that is not set in the command line',
  });
}
