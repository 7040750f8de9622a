// SPDX-License-Identifier: MIT
import { type Command, InvalidArgumentError, Option } from 'commander';
import { Fault } from '../model/index.ts';

/** An option that may be given several times; each time with one value. */
class RepeatableOption extends Option {
  constructor(flags: string, description: string, choices?: readonly string[]) {
    super(flags, `${description}; repeatable`);
    this.argParser((arg: string, before: readonly string[] | undefined) => {
      if (choices && !choices.includes(arg))
        throw new InvalidArgumentError(`it must be one of ${choices.join(', ')}.`);
      return [...(before ?? []), arg];
    });
  }
}

/**
 * An option that may be given several times; each time with one value, one of the choices where there are any, so that it
 * never takes an operand for a second.
 */
export function repeatable(flags: string, description: string, choices?: readonly string[]): Option {
  return new RepeatableOption(flags, description, choices);
}

/** Global options that every command has. */
export interface GlobalOptions {
  readonly color?: 'auto' | 'always' | 'never';
  readonly debug?: boolean;
  readonly limit?: readonly string[];
  /** Of those commands that have it: no progress and no notes on standard error. */
  readonly quiet?: boolean;
  /** Of those commands that have it. */
  readonly verbose?: boolean;
}

/** How a verb was called: the commands that have parsed its options. */
export interface Call {
  readonly command: Command;
  readonly program: Command;
}

/** The options of every command: on the program itself. */
export function globalOptions(program: Command): Command {
  return program
    .addOption(
      new Option('--color <when>', 'colour in what people read')
        .choices(['auto', 'always', 'never'])
        .default('auto'),
    )
    .option('--debug', 'print stack traces of faults')
    .addOption(repeatable('--limit <name=number>', 'change a bound on counts and sizes (docs/limits.md)'));
}

/** Options of every command that builds kernels. */
export function kernelOptions(command: Command): Command {
  return command
    .option(
      '-k, --kernel <name>',
      'kernel definition: a name in kernels/, or the path of a YAML file (default: the kernel tree that you are in)',
    )
    .option(
      '--base <commit>',
      'apply the series to this commit of the source; in a kernel tree, where its branch begins',
    )
    .option(
      '--repository <path>',
      'the kernel tree, or the git repository of a range A..B (default: the current directory)',
    )
    .addOption(
      repeatable(
        '--config <what>',
        'on top of the configuration: CONFIG_NAME=VALUE, ktrial/NAME, a fragment, a whole .config, or a fragment in kernel/configs of the tree',
      ),
    )
    .addOption(
      new Option('--llvm [version]', "compile with clang and LLVM's linker: those of this version").argParser(
        llvmVersion,
      ),
    )
    .option(
      '--allow-unsandboxed',
      'build even where this computer cannot contain the code that a build executes',
    )
    .option('--mirror <address>', 'Debian mirror for sources and images (default: what apt uses)', address);
}

/** Which kernels are compared. */
export function armsOption(): Option {
  return new Option(
    '--arms <which>',
    'pair: the base and the whole series; per-patch: the base and every prefix of the series',
  )
    .choices(['pair', 'per-patch'])
    .default('pair');
}

/** Reports to write. */
export function outputOption(): Option {
  return repeatable(
    '-o, --output <format[:path]>',
    'a report to write: tap, junit, table, markdown or json, to a file or to standard output',
  );
}

/** How much is printed, of every command that builds, boots or runs. */
export function wordinessOptions(command: Command): Command {
  return command
    .option('-q, --quiet', 'print no progress and no notes: results and errors alone')
    .option('-v, --verbose', 'print each step as it begins, and frames that the unwinder only guessed');
}

/** How machines are watched. */
export function watchOptions(command: Command): Command {
  return command.option('--console', "print the machines' consoles as they come, on standard error");
}

/** Machines that stay. */
export function keepOption(which: string): Option {
  return new Option('--keep', `leave ${which} running, and print how to reach it (docs/keep.md)`);
}

/** Options of every command that boots one machine. */
export function machineOptions(command: Command): Command {
  return watchOptions(wordinessOptions(command))
    .option('--cpus <count>', 'CPUs of the machine', within(1, 255), 2)
    .option('--memory <mib>', 'memory of the machine in MiB', within(64, 16 * 1024 * 1024), 1024)
    .option('--kernel-args <args>', "added to the kernel's command line");
}

/**
 * Refuses, for each option of a command that takes a value: no value, an empty one, the next option taken for it, and the
 * option given twice where only one value counts. Fault `CLI_NO_VALUE` or `CLI_OPTION_TWICE` (request).
 */
export function guardOptions(command: Command): void {
  const flags = new Set(command.options.flatMap(({ short, long }) => [short, long]));
  for (const option of command.options) {
    if (!option.required) continue;
    const { parseArg } = option;
    let isGiven = false;
    option.argParser((value: string, before: unknown) => {
      if (value === '' || value.startsWith('--') || flags.has(value)) throw noValue(option, value);
      if (isGiven && !(option instanceof RepeatableOption)) throw twice(option);
      isGiven = true;
      return parseArg ? parseArg(value, before) : value;
    });
  }
}

function noValue(option: Option, value: string): Fault {
  return new Fault({
    blame: 'request',
    code: 'CLI_NO_VALUE',
    message:
      value === ''
        ? `got an empty value, expected ${option.flags}`
        : `got ${value} after ${option.long}, expected its value: ${option.flags}`,
    next:
      value === ''
        ? `leave ${option.long} out, or give it a value`
        : `give ${option.long} a value; a path that really begins with dashes is written ./${value}`,
  });
}

function twice(option: Option): Fault {
  return new Fault({
    blame: 'request',
    code: 'CLI_OPTION_TWICE',
    message: `got ${option.long} twice, expected it once: only one value can count`,
    next: `leave one out: ${option.flags}`,
  });
}

/** Reads a whole number from 1 up. */
export const positive = within(1, Number.MAX_SAFE_INTEGER);

/** Reads a whole number from 0 up. */
export const whole = within(0, Number.MAX_SAFE_INTEGER);

/** Reads a time such as `90s`, `10m` or `2h`, in milliseconds. */
export function time(text: string): number {
  const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };
  const [, amount, unit = ''] = /^(\d{1,6}(?:\.\d{1,3})?)([smh])$/.exec(text) ?? [];
  const ms = Number(amount) * (units[unit] ?? Number.NaN);
  if (ms > 0) return ms;
  throw new InvalidArgumentError('it must be a time with its unit, such as 90s, 10m or 2h.');
}

/** Reads a part of a whole: a number above 0 and below 1. */
export function rate(text: string): number {
  const value = Number(text);
  if (/^0?\.\d{1,9}$/.test(text) && value > 0) return value;
  throw new InvalidArgumentError('it must be a number between 0 and 1, such as 0.3.');
}

/** Makes a reader of whole numbers between two bounds: digits alone, as people write them. */
export function within(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d{1,16}$/.test(text) && value >= least && value <= most && Number.isSafeInteger(value))
      return value;
    throw new InvalidArgumentError(
      most === Number.MAX_SAFE_INTEGER
        ? `it must be a whole number from ${least} up.`
        : `it must be a whole number from ${least} to ${most}.`,
    );
  };
}

/** What `toolchain:` would be. */
function llvmVersion(text: string): string {
  if (/^[1-9]\d?$/.test(text)) return text;
  throw new InvalidArgumentError(
    'it must be a version, such as --llvm=16; without one, what follows must be an option, or nothing.',
  );
}

/** Reads the value of `W=`. */
export function warningLevels(text: string): string {
  if (/^[123e]{1,4}$/.test(text)) return text;
  throw new InvalidArgumentError('it must be what W= of make is, such as 1 or 12.');
}

function address(text: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\S+$/.test(text) && !/["'\\\p{Cc}[\]]/u.test(text)) return text;
  throw new InvalidArgumentError('it must be an address, such as http://deb.debian.org/debian.');
}
