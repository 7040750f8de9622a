// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CampaignState, StepRecord, TrialResult } from '../model/index.ts';
import { PROJECT_ROOT } from '../testing/index.ts';

/**
 * How often each way of provoking a race hits it: creation against removal of a parent, on the kernel before the mdev series.
 * Usage: races.js [TRIALS] [KERNEL]; exit code 1 when a race that is swept has less than five times the hits of a plain loop, or
 * when less than 95 % of the trials hit in which the window is held open.
 */

const TRIALS = Number(process.argv[2] ?? 5);
const KERNEL = process.argv[3] ?? 'mdev-5.10';
const WANTED = 5;
const WANTED_WIDENED = 0.95;
const MAIN = join(PROJECT_ROOT, 'dist/harness/cli/main.js');
const LOOP = join(PROJECT_ROOT, 'scenarios/mdev/quick/parent-removal-races-create.yaml');
const WIDENED = join(PROJECT_ROOT, 'scenarios/mdev/widened/create-while-unregistering-widened.yaml');

/**
 * A hit is an EFAULT: the complaint comes once in each boot. The machine is reset at the end: a device that has outlived its
 * parent hangs an orderly power-off.
 */
const RACE = `name: NAME
description: a device is created while its parent is unloaded
machine: {cpus: 2, memoryMib: 1024}
modules: [vfio, vfio_iommu_type1, mdev, vfio_mdev]
steps:
  - race:
      rounds: 205
      offset: OFFSET
      jitter: 100us
      hit: {actor: creator, errno: EFAULT}
      before: [{insmod: mtty}]
      actors:
        - name: creator
          write: {to: /sys/devices/virtual/mtty/mtty/mdev_supported_types/mtty-1/create, uuids: 1}
          priority: fifo 10
        - {name: remover, rmmod: mtty, priority: fifo 10}
  - run: {command: 'echo b >/proc/sysrq-trigger', exit: any}
expect:
  machine: reset
  allow: [{matches: ' in ', why: each of them is counted}]
`;

interface Way {
  readonly scenario: string;
  readonly name: string;
  readonly kind: 'loop' | 'race' | 'widen';
}

const WAYS: readonly Way[] = [
  { scenario: 'parent-removal-races-create', name: 'plain loop, until the first hit', kind: 'loop' },
  { scenario: 'swept', name: 'race, swept from -5 ms to 5 ms', kind: 'race' },
  { scenario: 'tuned', name: 'race, at the offsets that tune prints', kind: 'race' },
  { scenario: 'create-while-unregistering-widened', name: 'one try, the window held open', kind: 'widen' },
];

interface Figure {
  readonly trials: number;
  readonly hitTrials: number;
  readonly rounds: number;
  readonly hits: number;
  readonly seconds: number;
  /** Seconds to the first hit, of the trials that had one. */
  readonly first: readonly number[];
}

function ktrial(args: readonly string[], accept: readonly number[]): string {
  const { status, stdout } = spawnSync(process.execPath, [MAIN, ...args], {
    cwd: PROJECT_ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (!accept.includes(status ?? 70)) throw new Error(`ktrial ${args[0]} exited with code ${status}`);
  return stdout;
}

function run(paths: readonly string[], directory: string): CampaignState {
  const scenarios = paths.flatMap((path) => ['--scenarios', path]);
  // One at a time: a machine beside it would take CPUs from a race.
  const options = ['--kernel', KERNEL, '--repeat', String(TRIALS), '--controls', '0', '--jobs', '1'];
  ktrial(['run', ...options, ...scenarios, '--run-directory', directory], [0, 1]);
  return JSON.parse(readFileSync(join(directory, 'record.json'), 'utf8')) as CampaignState;
}

/** Hits of one step. Of a loop a hit is the end, whether its own step saw it or the log did; a window is held open once. */
function countHits({ kind, outcome, numbers = {} }: StepRecord, { findings }: TrialResult): number {
  if (kind === 'race') return numbers.hits ?? 0;
  if (kind === 'widen') return findings.length > 0 ? 1 : 0;
  return outcome === 'passed' ? 0 : 1;
}

function measure({ scenario, kind }: Way, states: readonly CampaignState[]): Figure {
  const steps = states
    .flatMap((state) => state.trials)
    .flatMap(({ result }) => (result?.scenario === scenario && result.widened !== false ? [result] : []))
    .flatMap((result) =>
      result.steps.flatMap((step) =>
        step.kind === kind ? [{ ...step, hits: countHits(step, result) }] : [],
      ),
    );
  const secondsOf = ({ durationMs, numbers = {} }: StepRecord) => numbers.seconds ?? durationMs / 1000;
  const hit = steps.filter((step) => step.hits > 0);
  return {
    trials: steps.length,
    hitTrials: hit.length,
    rounds: steps.reduce((sum, step) => sum + (step.numbers?.rounds ?? 1), 0),
    hits: steps.reduce((sum, step) => sum + step.hits, 0),
    seconds: steps.reduce((sum, step) => sum + secondsOf(step), 0),
    first: hit.map((step) => step.numbers?.firstHitSeconds ?? secondsOf(step)),
  };
}

function median(values: readonly number[]): string {
  const middle = [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)];
  return middle === undefined ? 'none' : `${middle.toFixed(1)} s`;
}

const home = mkdtempSync(join(tmpdir(), 'ktrial-races-'));
try {
  const write = (name: string, offset: string) => {
    const path = join(home, `${name}.yaml`);
    writeFileSync(path, RACE.replace('NAME', name).replace('OFFSET', offset));
    return path;
  };
  const swept = join(home, 'swept');
  const first = run([LOOP, write('swept', '{from: -5ms, to: 5ms, step: 250us}')], swept);
  const tuned = ktrial(['tune', swept], [0]);
  process.stdout.write(`${tuned}\n`);
  const offset = /^offset: (.*)$/m.exec(tuned)?.[1];
  if (!offset) throw new Error('no round of the sweep hit');
  const second = run([write('tuned', offset), WIDENED], join(home, 'tuned'));
  const figures = WAYS.map((way) => measure(way, [first, second]));
  const rateOf = (one: Figure | undefined) => (one && one.seconds > 0 ? one.hits / one.seconds : 0);
  process.stdout.write('| way | trials that hit | rounds | hits | hits a second | first hit, median |\n');
  process.stdout.write('|---|---|---|---|---|---|\n');
  for (const [index, way] of WAYS.entries()) {
    const one = figures[index];
    if (!one) continue;
    process.stdout.write(
      `| ${way.name} | ${one.hitTrials}/${one.trials} | ${one.rounds} | ${one.hits} | ${rateOf(one).toFixed(2)} | ${median(one.first)} |\n`,
    );
  }
  // A loop that never hit has at most about one hit in the time that it took.
  const [plain, ...races] = figures.map((one) => Math.max(1, one.hits) / Math.max(1, one.seconds));
  const widened = figures.at(-1);
  const share = (widened?.hitTrials ?? 0) / Math.max(1, widened?.trials ?? 0);
  const times = races.map((rate) => rate / (plain ?? 1));
  process.stdout.write(
    `swept ${times[0]?.toFixed(1)} times the plain loop, tuned ${times[1]?.toFixed(1)} times; held open, ${(share * 100).toFixed(0)} % of the trials hit\n`,
  );
  process.exitCode = (times[0] ?? 0) >= WANTED && share >= WANTED_WIDENED ? 0 : 1;
} finally {
  rmSync(home, { recursive: true, force: true });
}
