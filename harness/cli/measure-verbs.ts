// SPDX-License-Identifier: MIT
import { Command, Option } from 'commander';
import { DEFAULT_TRIALS } from '../model/index.ts';
import { kernelOptions, positive, rate, repeatable, time, whole, wordinessOptions } from './options.ts';
import type { AddVerb } from './verb.ts';

/** Adds the verbs that measure: races, and ktrial itself: tune, calibrate. */
export function addMeasureVerbs(add: AddVerb): void {
  add(
    wordinessOptions(kernelOptions(new Command('tune')))
      .argument(
        '[what]',
        'a run: latest, an id, or the path of its directory; or a scenario file, which is run on the base',
      )
      .description('find the offsets at which races hit most, and print them as a scenario has them')
      .addOption(repeatable('-p, --param <name=value>', "a value for a scenario's parameter"))
      .addHelpText(
        'after',
        `
Examples:
  ktrial tune                                     the races of the latest run
  ktrial tune scenarios/races/create-races-removal.yaml --kernel mdev-5.10`,
      ),
    () => import('./commands/tune.ts'),
  );
  add(
    wordinessOptions(new Command('calibrate'))
      .description(
        'measure ktrial itself: how often campaigns find known bugs, and see one where there is none',
      )
      .option(
        '--seeds <file>',
        'the manifest of the bugs (default: those of mdev and mtty that ktrial brings)',
      )
      .addOption(repeatable('--only <name>', 'this seed of the manifest alone'))
      .option('--campaigns <count>', 'campaigns for each bug', positive, 1)
      .option(
        '--clean-trials <count>',
        'trials on kernels without a bug, at least; whole campaigns (0: none)',
        whole,
        200,
      )
      .option(
        '--trials <count>',
        'trials of each scenario on each kernel in one campaign, at most',
        positive,
        DEFAULT_TRIALS.trials,
      )
      .option('--budget <time>', 'time for the trials of one campaign, such as 10m (default: no limit)', time)
      .option(
        '--detect <rate>',
        'as for run: which fault is to be excluded where nothing is seen',
        rate,
        DEFAULT_TRIALS.detect,
      )
      .option('-j, --jobs <count>', 'machines at once (default: two per core, as memory allows)', positive)
      .option('--no-coverage', 'as for run: do not count which of the changed functions run')
      .option('--controls <count>', 'as for run: also run 1 in N clone trials on a cold-booted VM', whole, 20)
      .option(
        '--seed <number>',
        'drives every random choice; each campaign has its own, made of it',
        whole,
        1,
      )
      .option(
        '--run-directory <path>',
        'where campaigns and the result go (default: a new one in the state directory)',
      )
      .addOption(
        new Option('--resume <path>', 'go on with the calibration in this directory').conflicts(
          'runDirectory',
        ),
      )
      .option('--allow-unsandboxed', 'as for run')
      .option('--mirror <address>', 'as for run')
      .addHelpText(
        'after',
        `
Examples:
  ktrial calibrate                                all known bugs once, and 200 trials without one
  ktrial calibrate --campaigns 10 --jobs 2
  ktrial calibrate --resume DIR --campaigns 20    what DIR has counts
  ktrial calibrate --only use-after-free --only none --clean-trials 40
  ktrial calibrate --seeds my-seeds.yaml          docs/calibrate.md says what is in it`,
      ),
    () => import('./commands/calibrate.ts'),
  );
}
