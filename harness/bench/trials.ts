// SPDX-License-Identifier: MIT
import { availableParallelism } from 'node:os';
import type { Bench } from './figure.ts';
import { runKtrial, secondsBetween, writeScenario } from './run.ts';

/** Trials of a batch; a batch is one iteration. */
const BATCH = 8;
const MDEV_KERNEL = 'mdev-5.10';

const NOTHING = `name: bench-nothing
description: a machine comes, one command does nothing, and the log is clean
machine: {cpus: 2, memoryMib: 1024}
steps:
  - run: 'true'
expect:
  dmesg: clean
`;

const DEVICE = '8f2c3a52-9d0e-4f0b-8d8e-6f0f0a4d1c11';
const MDEV_LOOP = `name: bench-mdev-loop
description: a mediated device is made and removed again and again
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

/** Trials of one kernel by \`ktrial run\`, as many at once as it chooses; from the first start to the last end. */
export const trialsBench: Bench = {
  gauges: [
    {
      name: 'trials.perHour.coldBoot',
      unit: '1/h',
      title: 'trials that do nothing, each in a machine booted cold',
    },
    {
      name: 'trials.perHour.mdev',
      unit: '1/h',
      title: 'trials that make and remove a mediated device 25 times',
    },
    { name: 'trial.overhead', unit: 's', title: 'a trial that does nothing, without its boot and its step' },
  ],
  async measure(lab, take, wants) {
    const nothing = await writeScenario(lab, 'nothing', NOTHING);
    const mdevLoop = await writeScenario(lab, 'mdev-loop', MDEV_LOOP);
    const of = async (kernel: string) =>
      `${kernel}, ${availableParallelism()} CPUs, ${(await lab.accelerator()).kind}`;
    const batch = async (kernel: string, scenario: string) => {
      const run = await runKtrial(lab, [
        '--kernel',
        kernel,
        '--scenarios',
        scenario,
        '--repeat',
        String(BATCH),
      ]);
      const bad = run.trials.find((trial) => trial.outcome !== 'passed');
      if (bad) throw new Error(`the trial ${bad.id} did not pass: ${bad.reason}`);
      return { run, perHour: (3600 * run.trials.length) / secondsBetween(run, 'trialStarted', 'trialEnded') };
    };
    for (let round = lab.count(3); round > 0; round -= 1) {
      if (wants('trials.perHour.coldBoot') || wants('trial.overhead')) {
        const { run, perHour } = await batch(lab.kernelName, nothing);
        take('trials.perHour.coldBoot', perHour, await of(lab.kernelName));
        for (const { durationMs, bootMs, steps } of run.trials) {
          const stepsMs = steps.reduce((sum, step) => sum + step.durationMs, 0);
          take('trial.overhead', (durationMs - (bootMs ?? 0) - stepsMs) / 1000, await of(lab.kernelName));
        }
      }
      if (wants('trials.perHour.mdev')) {
        const { perHour } = await batch(MDEV_KERNEL, mdevLoop);
        take('trials.perHour.mdev', perHour, await of(MDEV_KERNEL));
      }
    }
  },
};
