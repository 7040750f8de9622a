// SPDX-License-Identifier: MIT
import { Command } from 'commander';
import { addHabitVerbs } from './habit-verbs.ts';
import { addKernelVerbs } from './kernel-verbs.ts';
import { addMeasureVerbs } from './measure-verbs.ts';
import { globalOptions, guardOptions } from './options.ts';
import { readVersion } from './root.ts';
import { addRunVerbs } from './run-verbs.ts';
import { type AddVerb, attachVerb, type Dispatch } from './verb.ts';

const EXIT_CODES = `
Exit codes: 0 all as it should be · 1 negative verdict · 2 bad request, series or scenario
            69 lab fault · 70 bug in ktrial · 130 interrupted
Settings:   flags, KTRIAL_… variables, ktrial.yaml, ~/.config/ktrial/config.yaml (ktrial config origin)`;

/** The command line. Each command's code is loaded only when it runs. */
export function buildProgram(dispatch: Dispatch): Command {
  const program = globalOptions(
    new Command('ktrial')
      .description('Puts Linux kernel patch series on trial in QEMU machines.')
      .version(readVersion()),
  )
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError('(ktrial --help shows what there is)')
    .exitOverride();
  const add: AddVerb = (command, load, above) => {
    attachVerb(command, load, dispatch, program);
    (above === undefined ? program : findGroup(program, above)).addCommand(command);
  };
  guardOptions(program);

  addRunVerbs(add);
  addMeasureVerbs(add);
  addKernelVerbs(add);
  addHabitVerbs(add);
  return program;
}

/** The verb that another one stands below. */
function findGroup(program: Command, name: string): Command {
  const found = program.commands.find((one) => one.name() === name);
  if (found) return found;
  throw new TypeError(`there is no verb ${name}`);
}
