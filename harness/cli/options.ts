// SPDX-License-Identifier: MIT
import { type Command, InvalidArgumentError, Option } from 'commander';

/** Options of every command that builds kernels. */
export function kernelOptions(command: Command): Command {
  return command
    .option('-k, --kernel <name>', 'kernel definition: a name in kernels/, or the path of a YAML file')
    .option('--base <commit>', 'apply the series to this commit of the source')
    .option('--repository <path>', 'the git repository of a range A..B (default: the current directory)')
    .option('--config-fragment <path...>', "config fragments on top of the definition's")
    .option(
      '--allow-unsandboxed',
      'build even where this computer cannot contain the code that a build executes',
    )
    .option('--mirror <address>', 'Debian mirror for sources and images (default: what apt uses)');
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

/** Reports to write, repeatable. */
export function outputOption(): Option {
  return new Option(
    '-o, --output <format[:path]>',
    'a report to write: tap, junit, table or json, to a file or to standard output; repeatable',
  ).argParser((arg: string, before: readonly string[] | undefined) => [...(before ?? []), arg]);
}

/** Options of every command that boots one machine. */
export function machineOptions(command: Command): Command {
  return command
    .option('--cpus <count>', 'CPUs of the machine', positive, 2)
    .option('--memory <mib>', 'memory of the machine in MiB', positive, 1024)
    .option('--kernel-args <args>', "added to the kernel's command line");
}

/** Reads a whole number from 1 up. */
export function positive(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('it must be a whole number from 1 up.');
  return value;
}

/** Reads a whole number from 0 up. */
export function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError('it must be a whole number from 0 up.');
  return value;
}
