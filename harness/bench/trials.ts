// SPDX-License-Identifier: MIT
import { availableParallelism } from 'node:os';
import type { TrialResult } from '../model/index.ts';
import type { Bench } from './figure.ts';
import type { Lab } from './lab.ts';
import { type Run, runKtrial, secondsBetween, writeScenario } from './run.ts';

/** Trials of a batch; a batch is one iteration. */
const COLD_BATCH = 8;
const CLONE_BATCH = 100;
const MDEV_KERNEL = 'mdev-5.10';

const NOTHING = `name: bench-nothing
description: one command does nothing, and the log is clean
machine: {cpus: 2, memoryMib: 1024}
steps:
  - run: 'true'
expect:
  dmesg: clean
`;

const DEVICE = '8f2c3a52-9d0e-4f0b-8d8e-6f0f0a4d1c11';
const MDEV_LOOP = `name: bench-mdev-loop
description: create and remove a mediated device 25 times
machine: {cpus: 2, memoryMib: 1024}
modules: [vfio, vfio_iommu_type1, mdev, vfio_mdev, mtty]
steps:
  - loop:
      count: 25
      steps:
        - write: {to: /sys/devices/virtual/mtty/mtty/mdev_supported_types/mtty-1/create, value: ${DEVICE}}
        - write: {to: /sys/bus/mdev/devices/${DEVICE}/remove, value: 1}
expect:
  dmesg: clean
`;

/** Throughput of `ktrial run` on one kernel, from the first trial's start to the last one's end; it chooses the jobs. */
export const trialsBench: Bench = {
  gauges: [
    {
      name: 'trials.perHour.clone',
      unit: '1/h',
      title: 'trials that do nothing, in clones of a stored template',
    },
    {
      name: 'trials.perHour.campaign',
      unit: '1/h',
      title: 'the same in a new campaign: with making the template, and 1 in 20 also run on a cold boot',
    },
    {
      name: 'trials.perHour.coldBoot',
      unit: '1/h',
      title: 'trials that do nothing, each on a cold boot',
    },
    {
      name: 'trials.perHour.mdev',
      unit: '1/h',
      title: 'trials in clones that create and remove a mediated device 25 times',
    },
    {
      name: 'trial.overhead',
      unit: 's',
      title: 'a trial that does nothing in a clone, less its thaw and its step',
    },
  ],
  async measure(lab, take, wants) {
    const nothing = await writeScenario(lab, 'nothing', NOTHING);
    const mdevLoop = await writeScenario(lab, 'mdev-loop', MDEV_LOOP);
    const of = async (kernel: string) =>
      `${kernel}, ${availableParallelism()} CPUs, ${(await lab.accelerator()).kind}`;
    for (let round = lab.count(3); round > 0; round -= 1) {
      if (wants('trials.perHour.coldBoot')) {
        const run = await runBatch(lab, lab.kernelName, nothing, 'cold', ['--cold']);
        take('trials.perHour.coldBoot', perHour(run, COLD_BATCH), await of(lab.kernelName));
      }
      if (wants('trials.perHour.campaign')) {
        // No template is stored for a machine with this argument on its command line.
        const extra = `kernelArgs: [bench=${Date.now()}]`;
        const unseen = await writeScenario(lab, 'unseen', NOTHING.replace('1024}', `1024, ${extra}}`));
        const run = await runBatch(lab, lab.kernelName, unseen, 'clone', ['--controls', '20']);
        take('trials.perHour.campaign', perHour(run, CLONE_BATCH), await of(lab.kernelName));
      }
      if (wants('trials.perHour.clone') || wants('trial.overhead')) {
        await runBatch(lab, lab.kernelName, nothing, 'clone', ['--controls', '0'], 1); // stores the template
        const run = await runBatch(lab, lab.kernelName, nothing, 'clone', ['--controls', '0']);
        take('trials.perHour.clone', perHour(run, CLONE_BATCH), await of(lab.kernelName));
        for (const trial of run.trials.filter(isAskedFor))
          take('trial.overhead', overheadOf(trial) / 1000, await of(lab.kernelName));
      }
      if (wants('trials.perHour.mdev')) {
        const run = await runBatch(lab, MDEV_KERNEL, mdevLoop, 'clone', ['--controls', '0'], COLD_BATCH);
        take('trials.perHour.mdev', perHour(run, COLD_BATCH), await of(MDEV_KERNEL));
      }
    }
  },
};

/** Runs a batch. Rejects unless every trial passes, in a machine of the kind that is measured. */
async function runBatch(
  lab: Lab,
  kernel: string,
  scenario: string,
  kind: 'clone' | 'cold',
  options: readonly string[],
  count = kind === 'cold' ? COLD_BATCH : CLONE_BATCH,
): Promise<Run> {
  // All clones of one boot: what is measured is the clone, not the boot.
  const times = ['--repeat', String(count), '--trials-per-boot', String(count)];
  const args = ['--kernel', kernel, '--scenarios', scenario, ...times, ...options];
  const run = await runKtrial(lab, args);
  const bad = run.trials.find((trial) => trial.outcome !== 'passed');
  if (bad) throw new Error(`the trial ${bad.id} did not pass: ${bad.reason}`);
  const other = run.trials.find((trial) => isAskedFor(trial) && trial.bootMethod?.kind !== kind);
  if (other)
    throw new Error(
      `the trial ${other.id} ran on a ${other.bootMethod?.kind ?? 'missing machine'}, expected ${kind}: ${other.bootMethod?.fallbackReason ?? 'no reason'}`,
    );
  return run;
}

/** Controls are work beside what was asked for. */
function isAskedFor(trial: TrialResult): boolean {
  return !trial.control;
}

function perHour(run: Run, trials: number): number {
  return (3600 * trials) / secondsBetween(run, 'trialStarted', 'trialEnded');
}

function overheadOf({ durationMs, bootMs, steps }: TrialResult): number {
  return durationMs - (bootMs ?? 0) - steps.reduce((sum, step) => sum + step.durationMs, 0);
}
