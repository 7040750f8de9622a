// SPDX-License-Identifier: MIT
import type { Command } from 'commander';
import { Fault } from '../model/index.ts';
import type { Context } from './context.ts';
import { type GlobalOptions, guardOptions } from './options.ts';

/** Adds one verb to the command line; its code is loaded when it runs. */
export type AddVerb = (command: Command, load: LoadVerb) => void;
export type LoadVerb = () => Promise<{ readonly execute: unknown }>;

/** A command's work; its number is the exit code. */
export type Execute = (context: Context, args: readonly string[], options: never) => Promise<number>;
export type Dispatch = (
  load: () => Promise<Execute>,
  args: readonly string[],
  options: never,
  globals: GlobalOptions,
) => Promise<void>;

/** Makes a command dispatch to its code. The action rejects with Fault `CLI_EMPTY_OPERAND` (request). */
export function attachVerb(
  command: Command,
  load: LoadVerb,
  dispatch: Dispatch,
  globals: () => GlobalOptions,
): void {
  command.exitOverride().action(async (...received: unknown[]) => {
    const args = received
      .slice(0, -2)
      .flatMap((one) => (Array.isArray(one) ? one : one === undefined ? [] : [one])) as string[];
    // What stands behind -- is a command for a guest, in which an empty word has a meaning.
    if (args.includes('') && command.name() !== 'boot') throw emptyOperand(command);
    await dispatch(async () => (await load()).execute as Execute, args, received.at(-2) as never, globals());
  });
  guardOptions(command);
}

function emptyOperand(command: Command): Fault {
  const name = [command.parent?.name(), command.name()].filter((one) => one !== undefined).join(' ');
  return new Fault({
    blame: 'request',
    code: 'CLI_EMPTY_OPERAND',
    message: `got an empty operand, expected ${name} ${command.usage()}`,
    next: 'look for a variable that is not set in the command line',
  });
}
