// SPDX-License-Identifier: MIT
import type { Bench } from './figure.ts';
import { runKtrial, secondsUntil, writeScenario } from './run.ts';

const KERNEL = 'smoke-5.10';

const TRIVIAL = `name: bench-trivial
description: a machine comes, one command does nothing, and the log is clean
machine: {cpus: 2, memoryMib: 512}
steps:
  - run: 'true'
expect:
  dmesg: clean
`;

/** What the whole command costs around one trial: kernel, image and template are in the cache. */
export const trivialBench: Bench = {
  gauges: [
    {
      name: 'run.trivial.firstTrial',
      unit: 's',
      title: 'start of `ktrial run` to the start of its only trial',
    },
    { name: 'run.trivial.total', unit: 's', title: 'the whole command' },
  ],
  async measure(lab, take) {
    const scenario = await writeScenario(lab, 'trivial', TRIVIAL);
    const args = ['--kernel', KERNEL, '--scenarios', scenario, '--controls', '0'];
    // What is not in the cache is made by the first run, which is not counted.
    for (let round = lab.count(5); round >= 0; round -= 1) {
      const run = await runKtrial(lab, args);
      const [trial] = run.trials;
      if (trial?.outcome !== 'passed')
        throw new Error(`the trial did not pass: ${trial?.reason ?? 'none was run'}`);
      if (round === lab.count(5)) continue;
      const of = `${KERNEL}, ${trial.accelerator?.kind ?? 'no accelerator'}, ${trial.bootMethod?.kind ?? 'no machine'}`;
      take('run.trivial.firstTrial', secondsUntil(run, 'trialStarted'), of);
      take('run.trivial.total', run.durationMs / 1000, of);
    }
  },
};
