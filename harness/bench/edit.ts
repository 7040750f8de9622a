// SPDX-License-Identifier: MIT
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { exists, runCommand } from '../host/index.ts';
import type { Bench } from './figure.ts';
import type { Lab } from './lab.ts';
import { type Run, runKtrial, secondsUntil, writeScenario } from './run.ts';
import { cloneSource, commitFile, writeDefinition } from './source.ts';

const KERNEL = 'smoke-5.10';

/** A file of a module. */
const FILE = 'drivers/misc/lkdtm/bugs.c';

const TRIVIAL = `name: bench-edit
description: a machine comes, and one command does nothing
machine: {cpus: 2, memoryMib: 512}
steps:
  - run: 'true'
`;

/** What is linked into the bench's own cache: nothing that depends on the source. */
const SHARED = ['images', 'accelerator.json', 'apt'];

/** A developer's round: one more line in a file of an own repository is committed, and the commit put on trial. */
export const editBench: Bench = {
  gauges: [
    {
      name: 'edit.firstTrial',
      unit: 's',
      title: 'start of `ktrial run base..topic`, one line newer than the last time, to its first trial',
    },
    { name: 'edit.source', unit: 's', title: 'of that: source found, worktree checked out, patch applied' },
    { name: 'edit.build', unit: 's', title: 'of that: both arms, of which the base is in the cache' },
    { name: 'edit.total', unit: 's', title: 'the whole command' },
  ],
  async measure(lab, take) {
    // Makes what is linked, outside of the measurement.
    await lab.image();
    const repository = await cloneSource(lab, 'own.git', KERNEL);
    const scenario = await writeScenario(lab, 'edit', TRIVIAL);
    const own: Lab = { ...lab, cacheDirectory: await prepareCache(lab) };
    const definition = await writeDefinition(lab, repository, 'base');
    const words = ['base..topic', '--repository', repository, '--kernel', definition];
    await runCommand('git', ['--git-dir', repository, 'branch', 'topic', 'base'], { signal: lab.signal });
    // The first round builds the base, and is not counted.
    for (let round = 0; round <= lab.count(3); round += 1) {
      const value = `0x${Date.now().toString(16)}${round.toString(16)}UL`;
      const line = `static const unsigned long bench_line_${round} __attribute__((used)) = ${value};\n`;
      await commitFile(lab, repository, 'topic', FILE, line);
      const run = await runKtrial(own, [...words, '--scenarios', scenario, '--controls', '0']);
      const stages = stagesOf(run);
      lab.say([...stages].map(([name, ms]) => `${name} ${(ms / 1000).toFixed(1)} s`).join(', '));
      if (round === 0) continue;
      const sum = (wanted: RegExp) =>
        [...stages].filter(([name]) => wanted.test(name)).reduce((all, [, ms]) => all + ms, 0) / 1000;
      take('edit.firstTrial', secondsUntil(run, 'trialStarted'), KERNEL);
      take('edit.source', sum(/^(?:source|series)/), KERNEL);
      take('edit.build', sum(/^build-/), KERNEL);
      take('edit.total', run.durationMs / 1000, KERNEL);
    }
  },
};

function stagesOf(run: Run): Map<string, number> {
  return new Map(
    run.events.flatMap((event) => (event.type === 'stageEnded' ? [[event.stage, event.durationMs]] : [])),
  );
}

async function prepareCache(lab: Lab): Promise<string> {
  const cache = join(lab.scratch, 'edit', 'ktrial');
  await mkdir(cache, { recursive: true });
  for (const name of SHARED)
    if (await exists(join(lab.cacheDirectory, name)))
      await symlink(join(lab.cacheDirectory, name), join(cache, name));
  return cache;
}
