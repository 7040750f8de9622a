// SPDX-License-Identifier: MIT
import { Argument, Command } from 'commander';
import type { AddVerb } from './verb.ts';

/** Adds the verbs about the command line itself: complete, man, config. */
export function addHabitVerbs(add: AddVerb): void {
  add(
    new Command('complete')
      .addArgument(new Argument('[shell]', 'bash, zsh or fish; with -- the words of a line to complete'))
      .argument('[words...]', 'behind --, for the script of the shell')
      .description('print the script that completes ktrial in a shell')
      .addHelpText(
        'after',
        `
Examples:
  ktrial complete bash >~/.local/share/bash-completion/completions/ktrial
  ktrial complete zsh >"\${fpath[1]}/_ktrial"
  ktrial complete fish >~/.config/fish/completions/ktrial.fish`,
      ),
    () => import('./commands/complete.ts'),
  );
  add(
    new Command('man').description('print the manual page').addHelpText(
      'after',
      `
Example:
  ktrial man | man -l -`,
    ),
    () => import('./commands/man.ts'),
  );
  add(
    new Command('origin')
      .description('print each setting, its value, and the file or variable that it comes from')
      .option('--json', 'one JSON object')
      .addHelpText(
        'after',
        `
Example:
  ktrial config origin`,
      ),
    () => import('./commands/config-origin.ts'),
    'config',
  );
}
