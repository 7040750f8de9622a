// SPDX-License-Identifier: MIT
import { concludeState } from '../campaign/conclude.ts';
import { policyOf } from '../campaign/policy/choose.ts';
import type { CampaignPlan, CampaignState, PolicyChoice, TrialResult, TrialState } from '../model/index.ts';
import { aState } from './campaign.ts';
import { aCampaignPlan } from './fast-campaign.ts';
import { aFinding, aSplat, aTrial } from './trials.ts';

/** A made-up fault: how often each arm shows it. */
export interface SimulatedFault {
  readonly base: number;
  readonly patched: number;
}

export interface Simulation {
  readonly fault: SimulatedFault;
  readonly policy: PolicyChoice;
  /** Trials of each arm, at most; of a fixed policy exactly. */
  readonly trials: number;
  /** Attempts that are clones of one boot. Then its trials all show the fault or none does. */
  readonly trialsPerBoot: number;
}

const SPLAT = aSplat();
const BAD = { splats: [SPLAT], findings: [aFinding(SPLAT)], outcome: 'failed', blame: 'kernel' } as const;

/** Numbers from 0 up to 1 that follow from a seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Runs a campaign of one scenario whose trials are thrown dice, two at a time, by the policy and the verdict that real ones have. */
export function simulateCampaign(simulation: Simulation, random: () => number): CampaignState {
  const { policy, trials: most, trialsPerBoot, fault } = simulation;
  const shape = { scenarios: ['s'], patches: 1, arms: 'pair', repeat: most } as const;
  const made = aCampaignPlan(shape);
  const plan: CampaignPlan = { ...made, policy, trials: made.trials.filter((trial) => !trial.control) };
  let state: CampaignState = {
    ...aState([], null, { plan }),
    end: null,
    image: { digest: 'image', name: 'guest' },
    arms: made.arms.map((arm) => ({
      ...arm,
      status: 'built' as const,
      build: null,
      kernel: { digest: arm.name, name: arm.name, commit: '', arch: 'x86_64' } as never,
    })),
  };
  const next = policyOf(plan);
  const boots = new Map<string, boolean>();
  const run = (trial: TrialState): TrialResult => {
    const template = `${trial.arm} ${Math.floor((trial.attempt - 1) / trialsPerBoot)}`;
    const rate = trial.arm === 'base' ? fault.base : fault.patched;
    if (!boots.has(template)) boots.set(template, random() < rate);
    const bootMethod = { kind: 'clone', template, qmpMs: 1, memoryMib: 1, fallbackReason: null } as const;
    return aTrial(trial.id, { bootMethod, ...(boots.get(template) ? BAD : {}) });
  };
  for (;;) {
    const ids = next(state).flatMap((action) => (action.type === 'runTrial' ? [action.trial] : []));
    if (ids.length === 0) return state;
    const now = new Set(ids.slice(0, 2));
    const trials = state.trials.map((trial) =>
      now.has(trial.id) ? { ...trial, status: 'done' as const, result: run(trial) } : trial,
    );
    state = { ...state, trials };
  }
}

/** What a simulated campaign came to, and the trials of each arm that it took. */
export function concludeSimulation(state: CampaignState): {
  readonly comparison: string;
  readonly trials: number;
} {
  const [scenario] = concludeState(state).verdict.scenarios;
  return {
    comparison: scenario?.comparison ?? 'inconclusive',
    trials: state.trials.filter((trial) => trial.result).length / 2,
  };
}
