// SPDX-License-Identifier: MIT
import { Argument, Command, Option } from 'commander';
import { FEATURES } from '../host/index.ts';
import { ARCHITECTURES } from '../model/index.ts';
import {
  armsOption,
  keepOption,
  kernelOptions,
  machineOptions,
  repeatable,
  warningLevels,
  within,
  wordinessOptions,
} from './options.ts';
import { ktapCommand, scanCommand } from './scan-verb.ts';
import type { AddVerb } from './verb.ts';

/** A week: Node's timers fire at once beyond 24 days. */
const LONGEST_TIMEOUT_S = 604_800;

/** Adds the verbs without a run: build, boot, shell, lint, config, scan, ktap, doctor. */
export function addKernelVerbs(add: AddVerb): void {
  add(
    wordinessOptions(kernelOptions(new Command('build').argument('[series]', 'as for run')))
      .description('build the base kernel, and with a series the patched one; show new warnings')
      .addOption(armsOption())
      .addOption(
        new Option(
          '-W, --extra-warnings <levels>',
          'as W= of make: warnings beyond the usual ones',
        ).argParser(warningLevels),
      )
      .option('--sparse', 'as C=1 of make: sparse reads each file that is compiled')
      .option('--json', 'print the kernels and diagnostics as JSON')
      .addHelpText(
        'after',
        `
Examples:
  cd ~/linux && ktrial build
  ktrial build --kernel mdev-5.10
  ktrial build my-series.mbox --kernel mdev-5.10
  ktrial build my-series.mbox --kernel mdev-5.10 --llvm=16 -W 1 --sparse`,
      ),
    () => import('./commands/build.ts'),
  );
  add(
    machineOptions(
      kernelOptions(new Command('boot').argument('[command...]', 'what to run in the guest, after --')),
    )
      .description("boot a kernel and run one command in it; the exit code is the command's")
      .option('--series <path>', 'apply this series first')
      .option('--timeout <seconds>', 'deadline of the command', within(1, LONGEST_TIMEOUT_S), 600)
      .addOption(keepOption('a machine whose command failed'))
      .addHelpText(
        'after',
        `
Examples:
  cd ~/linux && ktrial boot -- uname -a
  ktrial boot --kernel mdev-5.10 -- uname -a
  ktrial boot --kernel mdev-5.10 --series my-series.mbox -- 'insmod /overlay/modules/vfio.ko && lsmod'`,
      ),
    () => import('./commands/boot.ts'),
  );
  add(
    machineOptions(kernelOptions(new Command('shell').argument('[series]', 'as for run')))
      .description('boot a kernel, with a series the patched one, and open a shell in it')
      .addHelpText(
        'after',
        `
Examples:
  ktrial shell --kernel mdev-5.10
  ktrial shell my-series.mbox --kernel mdev-5.10 --console`,
      ),
    () => import('./commands/shell.ts'),
  );
  add(
    kernelOptions(new Command('init').argument('[directory]', 'where the files go (default: here)'))
      .description('write a kernel definition and a first scenario for the kernel tree that you are in')
      .addHelpText(
        'after',
        `
Example:
  cd ~/linux && ktrial init ~/trials`,
      ),
    () => import('./commands/init.ts'),
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
    new Command('config')
      .addArgument(
        new Argument('<action>', 'list the fragments that ktrial ships, or show one').choices([
          'list',
          'show',
        ]),
      )
      .argument('[name]', 'a fragment as in ktrial/machine, or a kernel definition: its name or path')
      .description(
        'list config fragments; show one, or all options of a kernel definition and where each is from',
      )
      .addOption(new Option('--arch <name>', 'the architecture of a fragment').choices([...ARCHITECTURES]))
      .addHelpText(
        'after',
        `
Examples:
  ktrial config list
  ktrial config show ktrial/debug
  ktrial config show my-kernel.yaml`,
      ),
    () => import('./commands/config.ts'),
  );
  add(scanCommand('ktrial scan'), () => import('./commands/scan.ts'));
  add(ktapCommand(), () => import('./commands/ktap.ts'));
  add(
    new Command('doctor')
      .description('look at KVM, QEMU, compiler, disk and packages, each with the command that fixes it')
      .option('--install', 'install missing packages through apt')
      .addOption(
        repeatable('--for <feature>', `packages for this are needed too: ${FEATURES.join(', ')}`, FEATURES),
      )
      .addHelpText(
        'after',
        `
Examples:
  ktrial doctor
  ktrial doctor --install --for arm64 --for llvm`,
      ),
    () => import('./commands/doctor.ts'),
  );
}
