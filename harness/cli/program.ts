// SPDX-License-Identifier: MIT
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Context, GlobalOptions } from './context.ts';

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
    .version('0.1.0')
    .addOption(
      new Option('--color <when>', 'colour in what people read')
        .choices(['auto', 'always', 'never'])
        .default('auto'),
    )
    .option('--debug', 'print stack traces of faults')
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError('(ktrial --help shows what there is)')
    .exitOverride();
  const add = (command: Command, load: () => Promise<{ readonly execute: unknown }>): Command => {
    command.exitOverride().action(async (...received: unknown[]) => {
      const args = received
        .slice(0, -2)
        .flatMap((one) => (Array.isArray(one) ? one : one === undefined ? [] : [one])) as string[];
      const options = received.at(-2) as never;
      await dispatch(
        async () => (await load()).execute as Execute,
        args,
        options,
        program.opts<GlobalOptions>(),
      );
    });
    program.addCommand(command);
    return command;
  };

  add(
    kernelOptions(
      new Command('run').argument(
        '[series]',
        'a mailbox, a directory of patches, a range A..B, or - for standard input',
      ),
    )
      .description(
        'put a series on trial: build the kernel with and without it, run scenarios in both, compare',
      )
      .option('-s, --scenarios <path...>', 'scenario files, or directories of them')
      .option('-p, --param <name=value...>', "a value for a scenario's parameter")
      .option('-n, --repeat <count>', 'trials of each scenario on each kernel', positive, 1)
      .option('-j, --jobs <count>', 'machines at once (default: what cores and memory allow)', positive)
      .option('--cold', 'boot a machine for each trial, instead of thawing clones of one that has booted')
      .option(
        '--controls <count>',
        'do one in so many trials of clones in a booted machine as well, to compare; 0: none',
        whole,
        20,
      )
      .option('--seed <number>', 'seed of everything random', whole, 1)
      .option(
        '--run-directory <path>',
        'where the record and the logs go (default: a new one in the state directory)',
      )
      .addOption(armsOption())
      .option('--dry-run', 'print the plan and start nothing')
      .addHelpText(
        'after',
        `
Examples:
  ktrial run my-series.mbox --kernel mdev-5.10 --scenarios scenarios/mdev
  ktrial run v5.10..my-branch --repository ~/linux --kernel my-kernel.yaml --scenarios my.yaml
  ktrial run my-series.mbox --kernel mdev-5.10 --scenarios scenarios/mdev --arms per-patch
  b4 am -o - MESSAGE-ID | ktrial run - --kernel mdev-5.10 --scenarios scenarios/mdev
  ktrial run --kernel mdev-5.10 --scenarios scenarios/mdev        the base alone

Verdict as TAP 14 on standard output, progress on standard error.`,
      ),
    () => import('./commands/run.ts'),
  );
  add(
    kernelOptions(new Command('build').argument('[series]', 'as for run'))
      .description('build the base kernel, and with a series the patched one; show new warnings')
      .addOption(armsOption())
      .option('--json', 'print the kernels and diagnostics as JSON')
      .addHelpText(
        'after',
        `
Examples:
  ktrial build --kernel mdev-5.10
  ktrial build my-series.mbox --kernel mdev-5.10`,
      ),
    () => import('./commands/build.ts'),
  );
  add(
    machineOptions(
      kernelOptions(new Command('boot').argument('[command...]', 'what to run in the guest, after --')),
    )
      .description("boot a kernel and run one command in it; the exit code is the command's")
      .option('--series <path>', 'apply this series first')
      .option('--timeout <seconds>', 'deadline of the command', positive, 600)
      .addHelpText(
        'after',
        `
Examples:
  ktrial boot --kernel mdev-5.10 -- uname -a
  ktrial boot --kernel mdev-5.10 --series my-series.mbox -- 'insmod /overlay/modules/vfio.ko && lsmod'`,
      ),
    () => import('./commands/boot.ts'),
  );
  add(
    machineOptions(kernelOptions(new Command('shell')))
      .description('boot a kernel and open a shell in it')
      .option('--series <path>', 'apply this series first')
      .addHelpText(
        'after',
        `
Example:
  ktrial shell --kernel mdev-5.10`,
      ),
    () => import('./commands/shell.ts'),
  );
  add(
    new Command('lint')
      .argument(
        '[path...]',
        'scenario files or directories, or kernel definitions (default: all that ktrial brings)',
      )
      .description('check scenarios and kernel definitions')
      .addHelpText(
        'after',
        `
Examples:
  ktrial lint my-scenario.yaml
  ktrial lint scenarios kernels/mdev-5.10.yaml`,
      ),
    () => import('./commands/lint.ts'),
  );
  add(
    new Command('scan')
      .argument('[log...]', 'kernel logs; - or none for standard input')
      .description("find the kernel's complaints in logs")
      .option('--json', 'one JSON object a file and line')
      .option('--vmlinux <path>', "name source lines by this kernel's debug information")
      .option(
        '--source <directory>',
        "quote the culprit's lines from this tree (default: that of a kernel which ktrial built, or beside vmlinux)",
      )
      .option(
        '--also <kinds>',
        'count these too, parted by commas: allocationFailure, interrupt, leakNotice, machineCheck, netdevWatchdog, outOfMemory',
      )
      .option(
        '--grade',
        'the arguments are directories of logs with expectations: print how well they were read',
      )
      .addHelpText(
        'after',
        `
Examples:
  ktrial scan console.log
  dmesg | ktrial scan
  ktrial scan --json *.log | jq .splats[].title`,
      ),
    () => import('./commands/scan.ts'),
  );
  add(
    new Command('doctor')
      .description('look at KVM, QEMU, compiler, disk and packages, each with the line that mends it')
      .option('--install', 'install missing packages through apt')
      .addHelpText(
        'after',
        `
Example:
  ktrial doctor`,
      ),
    () => import('./commands/doctor.ts'),
  );
  return program;
}

function kernelOptions(command: Command): Command {
  return command
    .option('-k, --kernel <name>', 'kernel definition: a name in kernels/, or the path of a YAML file')
    .option('--base <commit>', 'apply the series to this commit of the source')
    .option('--repository <path>', 'the git repository of a range A..B (default: the current directory)')
    .option('--config-fragment <path...>', "config fragments on top of the definition's")
    .option('--mirror <address>', 'Debian mirror for sources and images (default: what apt uses)');
}

function armsOption(): Option {
  return new Option(
    '--arms <which>',
    'pair: the base and the whole series; per-patch: the base and every prefix of the series',
  )
    .choices(['pair', 'per-patch'])
    .default('pair');
}

function machineOptions(command: Command): Command {
  return command
    .option('--cpus <count>', 'CPUs of the machine', positive, 2)
    .option('--memory <mib>', 'memory of the machine in MiB', positive, 1024)
    .option('--kernel-args <words>', "added to the kernel's command line");
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('it must be a whole number from 1 up.');
  return value;
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError('it must be a whole number from 0 up.');
  return value;
}
