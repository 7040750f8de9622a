// SPDX-License-Identifier: MIT
import { Command, Option } from 'commander';
import { type Context, type GlobalOptions, readVersion } from './context.ts';
import { armsOption, kernelOptions, machineOptions, outputOption, positive, whole } from './options.ts';

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
        'also run 1 in N clone trials on a cold-booted VM as a control (0: off)',
        whole,
        20,
      )
      .option(
        '--seed <number>',
        "drives every random choice of ktrial: the controls, the randomness mixed into clones, the steps' KTRIAL_SEED",
        whole,
        1,
      )
      .option(
        '--run-directory <path>',
        'where the journal and the logs go (default: a new one in the state directory)',
      )
      .addOption(armsOption())
      .addOption(outputOption())
      .option('-v, --verbose', 'also print frames that the unwinder only guessed')
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
    new Command('resume')
      .argument('[run]', 'latest, an id, or the path of a run directory')
      .description('finish a run that was cut off, without repeating what is done')
      .addOption(outputOption())
      .option('-v, --verbose', 'also print frames that the unwinder only guessed')
      .addHelpText(
        'after',
        `
Examples:
  ktrial resume
  ktrial resume 20261125T174137-my-series-2564 -o junit:results.xml`,
      ),
    () => import('./commands/resume.ts'),
  );
  add(
    new Command('report')
      .argument('[run]', 'latest, an id, or the path of a run directory')
      .description('print a run again, in any format')
      .addOption(outputOption())
      .option('-v, --verbose', 'also print frames that the unwinder only guessed')
      .addHelpText(
        'after',
        `
Examples:
  ktrial report
  ktrial report latest -o tap
  ktrial report latest -o junit:results.xml -o json:record.json`,
      ),
    () => import('./commands/report.ts'),
  );
  add(
    new Command('list')
      .description('list the runs on this computer, newest first')
      .option('--json', 'one JSON object a line')
      .addHelpText(
        'after',
        `
Example:
  ktrial list`,
      ),
    () => import('./commands/list.ts'),
  );
  add(
    new Command('show')
      .argument('[run]', 'latest, an id, or the path of a run directory')
      .argument('[trial]', 'one of its trials')
      .description('show what is known of a run or of one trial, with the commands that go on from there')
      .addHelpText(
        'after',
        `
Examples:
  ktrial show
  ktrial show latest vm-remove-in-use.base.1`,
      ),
    () => import('./commands/show.ts'),
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
      .description('look at KVM, QEMU, compiler, disk and packages, each with the command that fixes it')
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
