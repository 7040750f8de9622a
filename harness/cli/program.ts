// SPDX-License-Identifier: MIT
import { Command } from 'commander';
import { addKernelVerbs } from './kernel-verbs.ts';
import { type GlobalOptions, globalOptions, guardOptions } from './options.ts';
import { readVersion } from './root.ts';
import { addRunVerbs } from './run-verbs.ts';
import { type AddVerb, attachVerb, type Dispatch } from './verb.ts';

const EXIT_CODES = `
Exit codes: 0 all as it should be · 1 negative verdict · 2 bad request, series or scenario
            69 lab fault · 70 bug in ktrial · 130 interrupted`;

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
  const add: AddVerb = (command, load) => {
    attachVerb(command, load, dispatch, () => program.opts<GlobalOptions>());
    program.addCommand(command);
  };
  guardOptions(program);

  addRunVerbs(add);
  addKernelVerbs(add);
  return program;
}
