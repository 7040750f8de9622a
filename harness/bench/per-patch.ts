// SPDX-License-Identifier: MIT
import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { commitLine } from './build.ts';
import type { Bench } from './figure.ts';
import type { Lab } from './lab.ts';
import { runKtrial, secondsBetween } from './run.ts';

const KERNEL = 'mdev-5.10';
const SERIES = 'kernels/mdev/series/v2.mbox';
/** All but the race of two removals, of which one trial shows little. */
const SCENARIOS = [
  'holder-remove-in-use',
  'parent-removal-races-create',
  'rmmod-in-use',
  'unregister-blocked',
  'vm-positive',
  'vm-remove-in-use',
].map((name) => `scenarios/mdev/quick/${name}.yaml`);
/** A file that is not compiled: one more line in it makes every kernel of the series a new one, so that none is cached. */
const UNCOMPILED = 'MAINTAINERS';

/**
 * Runs the reference series patch by patch, with its scenarios. The base has been built before and a file that is not compiled
 * is changed: make rebuilds what each patch changes, and no kernel comes from the cache.
 */
export const perPatchBench: Bench = {
  gauges: [
    {
      name: 'per-patch.builds',
      unit: 's',
      title: 'all 11 kernels of a series of 10 patches, the base built before',
    },
    {
      name: 'per-patch.total',
      unit: 's',
      title: 'the whole per-patch run: its kernels, and 6 scenarios on each',
    },
  ],
  async measure(lab, take) {
    for (let round = lab.count(1); round > 0; round -= 1) {
      const base = await makeBase(lab, round);
      const run = await runKtrial(lab, [
        join(lab.root, SERIES),
        ...['--kernel', KERNEL, '--arms', 'per-patch', '--base', base],
        ...SCENARIOS.flatMap((path) => ['--scenarios', join(lab.root, path)]),
      ]);
      const builds = run.events.filter(
        (event) => event.type === 'stageEnded' && event.stage.startsWith('build-'),
      );
      const buildMs = builds.reduce((sum, one) => sum + (one.type === 'stageEnded' ? one.durationMs : 0), 0);
      for (const digest of run.kernels)
        await rm(join(lab.cacheDirectory, 'kernels', digest), { recursive: true, force: true });
      const lost = run.lost.length > 0 ? `, ${run.lost.length} of them lost to the lab` : '';
      const of = `${KERNEL}, ${run.trials.length} trials${lost}, ${availableParallelism()} CPUs`;
      take('per-patch.builds', buildMs / 1000, of);
      take('per-patch.total', secondsBetween(run, 'planned', 'concluded'), of);
    }
  },
};

/** Makes a commit that was never built, in the kernel's build tree, and builds the tree's output up to the base. */
async function makeBase(lab: Lab, round: number): Promise<string> {
  await using buildTree = await lab.openBuildTree(KERNEL);
  // Two commits: the first is built here, so that what was built last in this tree costs nothing in the measurement.
  const warm = await buildTree.build({ commit: await commitLine(buildTree, UNCOMPILED, 2 * round) });
  if (!warm.ok) throw new Error(`${KERNEL} does not compile: ${warm.logTail.at(-1) ?? ''}`);
  await rm(join(lab.cacheDirectory, 'kernels', warm.kernel.digest), { recursive: true, force: true });
  const commit = await commitLine(buildTree, UNCOMPILED, 2 * round + 1);
  await buildTree.checkOut(buildTree.baseCommit);
  return commit;
}
