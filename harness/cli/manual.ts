// SPDX-License-Identifier: MIT
import type { Command, Option } from 'commander';
import { SETTING_NAMES, SETTINGS } from './setting.ts';
import { listCommands } from './verb.ts';

/** The manual page ktrial(1), made of the command line itself: every verb, operand and option. Pure. */
export function formatManual(program: Command, version: string): string {
  const verbs = listCommands(program)
    .slice(1)
    .filter((one) => one.commands.length === 0 || one.registeredArguments.length > 0);
  return [
    `.TH KTRIAL 1 "" "ktrial ${roff(version)}" "User Commands"`,
    '.SH NAME',
    `ktrial \\- ${roff(lower(program.description()))}`,
    '.SH SYNOPSIS',
    '.B ktrial',
    '.I verb',
    '[\\fIoptions\\fR] [\\fIoperands\\fR]',
    '.SH OPTIONS OF EVERY VERB',
    ...optionsOf(program),
    '.SH VERBS',
    ...verbs.flatMap(formatVerb),
    '.SH SETTINGS',
    roff(
      'What the command line does not say is taken from the environment, then from ktrial.yaml in the working directory or above it in the same git tree, then from ~/.config/ktrial/config.yaml. ktrial config origin prints what counts and why.',
    ),
    ...SETTING_NAMES.flatMap((name) => [
      '.TP',
      `.BR ${roff(name)} ", " ${roff(SETTINGS[name].variable)}`,
      `as ${roff(SETTINGS[name].option)}`,
    ]),
    '.SH EXIT STATUS',
    ...EXIT_STATUS.flatMap(([code, meaning]) => ['.TP', `.B ${code}`, roff(meaning)]),
    '.SH FILES',
    '.TP',
    '.I ~/.cache/ktrial',
    'sources, kernels, images and templates; rebuilt when lost',
    '.TP',
    '.I ~/.local/state/ktrial/runs',
    'one directory a run',
    '',
  ].join('\n');
}

const EXIT_STATUS: readonly (readonly [code: string, meaning: string])[] = [
  ['0', 'all as it should be'],
  ['1', 'a negative verdict'],
  ['2', 'a bad request, series or scenario'],
  ['69', 'a fault of the lab: this computer, its packages, its disk'],
  ['70', 'a bug in ktrial'],
  ['130', 'interrupted'],
  ['125, 128', 'with --exit-code=bisect: skip this commit; stop the bisection'],
];

function formatVerb(command: Command): string[] {
  const name = nameOf(command);
  const help = command.createHelp();
  return [
    `.SS ktrial ${roff(name)} ${roff(command.usage())}`,
    roff(sentence(command.description())),
    ...help
      .visibleArguments(command)
      .flatMap((argument) => [
        '.TP',
        `.I ${roff(argument.name())}`,
        roff(help.argumentDescription(argument)),
      ]),
    ...optionsOf(command),
    ...examplesOf(command),
  ];
}

function nameOf(command: Command): string {
  const { parent } = command;
  return parent?.parent ? `${nameOf(parent)} ${command.name()}` : command.name();
}

function optionsOf(command: Command): string[] {
  const help = command.createHelp();
  return help
    .visibleOptions(command)
    .flatMap((option: Option) => ['.TP', `.B ${roff(option.flags)}`, roff(help.optionDescription(option))]);
}

/** What the verb's help prints after its options, as it stands there. */
function examplesOf(command: Command): string[] {
  let text = '';
  const usual = { ...command.configureOutput() };
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  command.configureOutput(usual);
  const [, after = ''] = /\n(Examples?:\n[\s\S]*)$/.exec(text) ?? [];
  return after === '' ? [] : ['.PP', '.nf', ...after.trimEnd().split('\n').map(roff), '.fi'];
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`.replace('..', '.');
}

function lower(text: string): string {
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`.replace(/\.$/, '');
}

/** Text of ours as roff: nothing in it is a request, and dashes stay dashes that can be copied. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('…', '...')
    .replaceAll('·', '\\(bu')
    .replace(/^([.'])/, '\\&$1');
}
