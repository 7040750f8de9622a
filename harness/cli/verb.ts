// SPDX-License-Identifier: MIT
import type { Command } from 'commander';
import { Fault } from '../model/index.ts';
import type { Context } from './context.ts';
import { type Call, guardOptions } from './options.ts';

/** Adds one verb to the command line, or below another one of its name; its code is loaded when it runs. */
export type AddVerb = (command: Command, load: LoadVerb, above?: string) => void;
export type LoadVerb = () => Promise<{ readonly execute: unknown }>;

/** A command's work; its number is the exit code. */
export type Execute = (context: Context, args: readonly string[], options: never) => Promise<number>;
export type Dispatch = (load: () => Promise<Execute>, args: readonly string[], call: Call) => Promise<void>;

/** Makes a command dispatch to its code. The action rejects with Fault `CLI_EMPTY_OPERAND` (request). */
export function attachVerb(command: Command, load: LoadVerb, dispatch: Dispatch, program: Command): void {
  command.exitOverride().action(async (...received: unknown[]) => {
    const args = received
      .slice(0, -2)
      .flatMap((one) => (Array.isArray(one) ? one : one === undefined ? [] : [one])) as string[];
    // What stands behind -- is a command for a guest or a line to complete, in which an empty word has a meaning.
    if (args.includes('') && !['boot', 'complete'].includes(command.name())) throw emptyOperand(command);
    const whole = { command, program };
    await dispatch(async () => (await load()).execute as Execute, args, whole);
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

/** A command and all below it. */
export function listCommands(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(listCommands)];
}
