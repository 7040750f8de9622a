// SPDX-License-Identifier: MIT
import { mkdir, rm, symlink } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import type { BuildTree } from '../kernel/index.ts';
import { commitLine } from './build.ts';
import type { Bench } from './figure.ts';
import type { Lab } from './lab.ts';

/** What a build took. */
interface Cost {
  readonly seconds: number;
  readonly bootDigest: string;
}

/** A file that every kernel compiles. */
const FILE = 'init/main.c';

/**
 * Builds the same kernels contained and not contained, in turn, in caches of their own, and compares the time on the clock.
 * (Processor time cannot be compared: the sandbox's processes are not ktrial's to wait for.)
 */
export const sandboxBench: Bench = {
  gauges: [
    {
      name: 'sandbox.cold.contained',
      unit: 's',
      title: 'a whole kernel, the compiler cache empty, contained',
    },
    { name: 'sandbox.cold.open', unit: 's', title: 'the same, not contained' },
    { name: 'sandbox.cold.cost', unit: '%', title: 'how much longer the contained build takes' },
    {
      name: 'sandbox.oneLine.contained',
      unit: 's',
      title: 'one line of a series, the base built before, contained',
    },
    { name: 'sandbox.oneLine.open', unit: 's', title: 'the same, not contained' },
    { name: 'sandbox.oneLine.cost', unit: '%', title: 'how much longer the contained build takes' },
  ],
  async measure(lab, take, wants) {
    const of = `${lab.kernelName}, ${availableParallelism()} CPUs`;
    const caches = new Map<boolean, string>();
    for (const contained of [true, false])
      caches.set(contained, await prepareCache(lab, contained ? 'contained' : 'open'));
    const compare = async (name: string, build: (tree: BuildTree) => Promise<Cost>, round: number) => {
      const costs = new Map<boolean, Cost>();
      // Each is first in every second round.
      for (const contained of round % 2 === 0 ? [true, false] : [false, true]) {
        await using tree = await lab.openBuildTree(lab.kernelName, caches.get(contained) ?? '', !contained);
        costs.set(contained, await build(tree));
      }
      const [inside, outside] = [costs.get(true), costs.get(false)];
      if (!inside || !outside) return;
      if (inside.bootDigest !== outside.bootDigest)
        throw new Error('the contained build made another kernel than the one that was not contained');
      take(`${name}.contained`, inside.seconds, of);
      take(`${name}.open`, outside.seconds, of);
      take(`${name}.cost`, 100 * (inside.seconds / outside.seconds - 1), of);
    };
    for (let round = 0; round < lab.count(1); round += 1) {
      // What the last round made must not be there.
      for (const cache of caches.values()) await clear(cache);
      await compare('sandbox.cold', (tree) => measureBuild(tree, tree.baseCommit, false), round);
    }
    if (!wants('sandbox.oneLine')) return;
    const now = Date.now();
    for (let round = 0; round < lab.count(4); round += 1)
      await compare(
        'sandbox.oneLine',
        async (tree) => measureBuild(tree, await commitLine(tree, FILE, round, now), true),
        round,
      );
  },
};

async function prepareCache(lab: Lab, name: string): Promise<string> {
  // Paths of the same length, since they get into objects.
  const cache = join(lab.scratch, name.padEnd(9, '-'));
  await mkdir(cache, { recursive: true });
  await mkdir(join(lab.cacheDirectory, 'sources'), { recursive: true });
  await symlink(join(lab.cacheDirectory, 'sources'), join(cache, 'sources'));
  return cache;
}

async function clear(cache: string): Promise<void> {
  for (const room of ['build-trees', 'ccache', 'kernels'])
    await rm(join(cache, room), { recursive: true, force: true });
}

async function measureBuild(tree: BuildTree, commit: string, ofSeries: boolean): Promise<Cost> {
  const built = await tree.build({ commit, ofSeries });
  if (!built.ok) throw new Error(`the kernel does not compile: ${built.logTail.at(-1) ?? built.logPath}`);
  if (built.cached) throw new Error('got a kernel from the cache, expected a build');
  const { bootDigest, vmlinux } = built.kernel;
  if (ofSeries) await rm(dirname(vmlinux), { recursive: true, force: true });
  return { seconds: built.durationMs / 1000, bootDigest };
}
