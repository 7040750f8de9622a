#!/usr/bin/env node
// SPDX-License-Identifier: MIT
import { setMaxListeners } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bootBench } from './boot.ts';
import { buildBench } from './build.ts';
import { editBench } from './edit.ts';
import { isWanted, runBenches } from './figure.ts';
import { openLab } from './lab.ts';
import { mailboxBench } from './mailbox.ts';
import { perPatchBench } from './per-patch.ts';
import { sandboxBench } from './sandbox.ts';
import { scanBench } from './scan.ts';
import { sourceBench } from './source.ts';
import { startBench } from './start.ts';
import { figuresJson, formatFigures } from './table.ts';
import { memoryBench, thawBench } from './thaw.ts';
import { trialsBench } from './trials.ts';
import { trivialBench } from './trivial.ts';

/** All benches, the cheap ones first. */
const BENCHES = [
  startBench,
  scanBench,
  mailboxBench,
  bootBench,
  thawBench,
  memoryBench,
  trivialBench,
  trialsBench,
  sourceBench,
  buildBench,
  editBench,
  sandboxBench,
  perPatchBench,
];

const HELP = `Measures what ktrial costs on this computer.

  --only NAMES         figures or groups of them, by commas: thaw,scan,build.oneLine
  --kernel NAME        the kernel that machines boot and builds build (default: mdev-5.10, with KASAN and lockdep)
  --iterations COUNT   measurements of each figure (default: depends on the figure)
  --json               one object on standard output: {name: {unit, median, min, max, n}}
  --list               list the figures and measure none

Progress goes to standard error. Exit code 69 when a figure could not be measured; it says why.
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: '' },
      kernel: { type: 'string', default: 'mdev-5.10' },
      iterations: { type: 'string' },
      json: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const gauges = BENCHES.flatMap((bench) => bench.gauges);
  const words = values.only.split(',').filter((word) => word !== '');
  const strangers = words.filter((word) => !gauges.some((gauge) => isWanted(gauge.name, [word])));
  const iterations = values.iterations === undefined ? null : Number(values.iterations);
  if (values.help || values.list) {
    process.stdout.write(
      values.help ? HELP : gauges.map(({ name, unit, title }) => `${name} [${unit}] ${title}\n`).join(''),
    );
    return 0;
  }
  if (
    strangers.length > 0 ||
    (iterations !== null && !(Number.isSafeInteger(iterations) && iterations > 0))
  ) {
    say(
      strangers.length > 0
        ? `got ${strangers.join(' or ')}, expected the name of a figure or a group`
        : `got ${values.iterations} iterations, expected a whole number from 1 up`,
    );
    say('list the figures: --list');
    return 2;
  }
  const abort = new AbortController();
  // Every machine listens, and there is no limit on machines.
  setMaxListeners(0, abort.signal);
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => abort.abort());
  const cacheDirectory = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'ktrial');
  await mkdir(cacheDirectory, { recursive: true });
  const scratch = await mkdtemp(join(cacheDirectory, 'bench-'));
  try {
    const lab = openLab({
      root: resolve(fileURLToPath(import.meta.url), '../../../..'),
      cacheDirectory,
      scratch,
      kernelName: values.kernel,
      signal: abort.signal,
      say,
      iterations,
    });
    const figures = await runBenches(BENCHES, lab, (name) => isWanted(name, words));
    process.stdout.write(`${values.json ? JSON.stringify(figuresJson(figures)) : formatFigures(figures)}\n`);
    if (abort.signal.aborted) return 130;
    return [...figures.values()].some((figure) => 'error' in figure) ? 69 : 0;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return 2;
});
