// SPDX-License-Identifier: MIT
import { Command, Option } from 'commander';
import { DEFAULT_TRIALS } from '../model/index.ts';
import {
  armsOption,
  keepOption,
  kernelOptions,
  outputOption,
  positive,
  rate,
  repeatable,
  time,
  watchOptions,
  whole,
  wordinessOptions,
} from './options.ts';
import type { AddVerb } from './verb.ts';

/** Adds the verbs about runs: run, resume, rerun, report, list, show. */
export function addRunVerbs(add: AddVerb): void {
  add(
    presentationOptions(
      kernelOptions(
        new Command('run').argument(
          '[series]',
          'a mailbox, a directory of patches, a range A..B, or - for standard input; default: the branch of the kernel tree',
        ),
      ),
    )
      .description(
        'put a series on trial: build the kernel with and without it, run scenarios in both, compare',
      )
      .addOption(
        repeatable(
          '-s, --scenarios <path>',
          'a scenario file, or a directory of them (default: load and unload the changed modules)',
        ),
      )
      .addOption(repeatable('-p, --param <name=value>', "a value for a scenario's parameter"))
      .addOption(
        repeatable(
          '--kselftest <target>',
          "run this kselftest target of the series' own tree, or TARGET:PROGRAM, as a scenario",
        ),
      )
      .addOption(repeatable('--kunit <suite>', 'run this KUnit suite of the kernel as a scenario'))
      .option('--known-issues <file>', 'faults that are shown and decide nothing (docs/verdicts.md)')
      .addOption(
        new Option(
          '-n, --repeat <count>',
          'trials of each scenario on each kernel, whatever they show (default: until the numbers decide)',
        )
          .argParser(positive)
          .conflicts(['trials', 'budget', 'detect']),
      )
      .option(
        '--trials <count>',
        'trials of each scenario on each kernel, at most',
        positive,
        DEFAULT_TRIALS.trials,
      )
      .option('--budget <time>', 'time for all trials together, such as 10m (default: no limit)', time)
      .option(
        '--detect <rate>',
        'try a scenario that shows nothing until a fault in this part of the trials would have been seen with 95 % confidence',
        rate,
        DEFAULT_TRIALS.detect,
      )
      .option(
        '--trials-per-boot <count>',
        'clones of one booted machine: more are faster, and prove less',
        positive,
        DEFAULT_TRIALS.trialsPerBoot,
      )
      .option('-j, --jobs <count>', 'machines at once (default: two per core, as memory allows)', positive)
      .addOption(
        new Option(
          '--cold',
          'boot a machine for each trial, instead of thawing clones of one that has booted',
        ).conflicts('controls'),
      )
      .option(
        '--no-coverage',
        'do not count in guests which of the functions that the series changes run (docs/verdicts.md)',
      )
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
      .addOption(
        new Option(
          '--exit-code <meaning>',
          'bisect: for git bisect run; without --base the commit that is checked out is the base (docs/bisect.md)',
        )
          .choices(['verdict', 'bisect'])
          .default('verdict'),
      )
      .option('--dry-run', 'print the plan and start nothing')
      .addHelpText(
        'after',
        `
Examples:
  cd ~/linux && ktrial run                                        the branch against its base
  ktrial run v6.12..HEAD --scenarios my.yaml                      a range of the tree
  ktrial run my-series.mbox --kernel mdev-5.10 --scenarios scenarios/mdev/quick
  ktrial run v5.10..my-branch --repository ~/linux --kernel my-kernel.yaml --scenarios my.yaml
  ktrial run my-series.mbox --kernel mdev-5.10 --scenarios scenarios/mdev --arms per-patch
  b4 am -o - MESSAGE-ID | ktrial run - --kernel mdev-5.10 --scenarios scenarios/mdev/quick
  ktrial run --kernel mdev-5.10 --scenarios scenarios/mdev/quick        the base alone
  ktrial run my-series.mbox --kernel selftest-6.12 --kselftest core --kunit list_sort
  git bisect run ktrial run --exit-code=bisect --kernel my-kernel.yaml --scenarios my.yaml

Verdict as TAP 14 on standard output, progress on standard error.`,
      ),
    () => import('./commands/run.ts'),
  );
  add(
    presentationOptions(
      new Command('resume').argument('[run]', 'latest, an id, or the path of a run directory'),
    )
      .description('finish a run that was cut off, without repeating what is done')
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
    presentationOptions(
      new Command('rerun').argument('[run]', 'latest, an id, or the path of a run directory'),
    )
      .description('start a new run of what an earlier one had on trial, as it was recorded')
      .option('--failed', 'only the scenarios whose verdict was not good, or that have none')
      .option(
        '--run-directory <path>',
        'where the journal and the logs go (default: a new one in the state directory)',
      )
      .option('--dry-run', 'print the plan and start nothing')
      .addHelpText(
        'after',
        `
Examples:
  ktrial rerun --failed
  ktrial rerun 20261125T174137-my-series-2564 --failed --console`,
      ),
    () => import('./commands/rerun.ts'),
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
}

/** How a run is shown, of every verb that performs one. */
function presentationOptions(command: Command): Command {
  return watchOptions(wordinessOptions(command))
    .addOption(keepOption('the first machine of a trial that failed'))
    .addOption(outputOption());
}
