// SPDX-License-Identifier: MIT
import {
  concludeSimulation,
  randomOf,
  type SimulatedFault,
  type Simulation,
  simulateCampaign,
} from '../testing/simulation.ts';
import { estimateRate } from '../verdict/index.ts';

/**
 * Throws dice instead of booting machines and counts how often the verdict is wrong, with 95 % intervals. Usage:
 * simulate.js [CAMPAIGNS] [SEED]; exit code 1 when a false rate is above 5 % beyond what chance explains.
 */

const [campaigns = 10_000, seed = 1] = process.argv.slice(2).map(Number);
const TRIALS = 30;
const print = (line: string) => process.stdout.write(`${line}\n`);

const FAULTS: readonly SimulatedFault[] = [
  { base: 0, patched: 0 },
  { base: 1, patched: 0 },
  { base: 0.5, patched: 0 },
  { base: 0.3, patched: 0 },
  { base: 0.1, patched: 0 },
  { base: 0.05, patched: 0.05 },
  { base: 0.3, patched: 0.3 },
  { base: 0, patched: 0.3 },
];

const sequential = { kind: 'sequential', detect: 0.65, budgetMs: null } as const;
const DESIGNS: readonly (readonly [string, Omit<Simulation, 'fault'>])[] = [
  ['sequential', { policy: sequential, trials: TRIALS, trialsPerBoot: 1 }],
  ['all or none of 5 clones', { policy: sequential, trials: TRIALS, trialsPerBoot: 5 }],
];

interface Tally {
  readonly counts: ReadonlyMap<string, number>;
  readonly median: number;
}

function tally(simulation: Simulation, random: () => number): Tally {
  const counts = new Map<string, number>();
  const trials: number[] = [];
  for (let index = 0; index < campaigns; index += 1) {
    const end = concludeSimulation(simulateCampaign(simulation, random));
    counts.set(end.comparison, (counts.get(end.comparison) ?? 0) + 1);
    trials.push(end.trials);
  }
  trials.sort((a, b) => a - b);
  return { counts, median: trials[Math.floor(trials.length / 2)] ?? 0 };
}

/** Verdicts that are wrong where these are the true rates. */
function falseOf({ base, patched }: SimulatedFault): readonly string[] {
  const wrong: string[] = [];
  if (patched >= base) wrong.push('fixed');
  if (base >= patched) wrong.push('regressed');
  return wrong;
}

/** The fewest trials of each arm with which Fisher's test, fixed before, decides as often as the sequential campaign did. */
function fixedTrials(fault: SimulatedFault, power: number, random: () => number): number | null {
  for (let trials = 3; trials <= TRIALS; trials += 1) {
    let decided = 0;
    const rounds = Math.min(campaigns, 400);
    for (let index = 0; index < rounds; index += 1) {
      const simulation = { fault, policy: { kind: 'fixed' }, trials, trialsPerBoot: 1 } as const;
      const { comparison } = concludeSimulation(simulateCampaign(simulation, random));
      if (comparison === 'fixed' || comparison === 'regressed') decided += 1;
    }
    if (decided / rounds >= power) return trials;
  }
  return null;
}

let isBad = false;
for (const [name, design] of DESIGNS) {
  print(`${name}: ${campaigns} campaigns each, at most ${TRIALS} trials on each arm, seed ${seed}`);
  for (const fault of FAULTS) {
    const random = randomOf(seed);
    const startedAt = performance.now();
    const { counts, median } = tally({ ...design, fault }, random);
    const parts = [...counts].sort((a, b) => b[1] - a[1]).map(([word, count]) => `${word} ${share(count)}`);
    const decided = (counts.get('fixed') ?? 0) + (counts.get('regressed') ?? 0);
    const fixed =
      design.trialsPerBoot > 1 || fault.base === fault.patched
        ? null
        : fixedTrials(fault, Math.min(0.999, decided / campaigns), random);
    const wrong = falseOf(fault).map((word) => {
      const count = counts.get(word) ?? 0;
      const { low, high } = estimateRate(count, campaigns);
      isBad ||= low > 0.05;
      return `false ${word} ${share(count)} (${share(low * campaigns)} to ${share(high * campaigns)})`;
    });
    print(
      `  base ${fault.base} patched ${fault.patched}: ${parts.join(', ')}; median ${median} trials on each arm` +
        `${fixed === null ? '' : `, a fixed design of the same power ${fixed}`}; ${wrong.join(', ')}` +
        ` [${((performance.now() - startedAt) / 1000).toFixed(0)} s]`,
    );
  }
}
process.exitCode = isBad ? 1 : 0;

function share(count: number): string {
  return `${((count / campaigns) * 100).toFixed(2)} %`;
}
