// SPDX-License-Identifier: MIT
import {
  type CampaignVerdict,
  type Comparison,
  comparisonWords,
  exitCodeOfComparison,
  type PerPatchGrid,
  type ScenarioVerdict,
  type SignatureVerdict,
  type TrialResult,
} from '../model/index.ts';
import { isConclusive } from './conclusive.ts';

/** Worst first: what a scenario or a campaign comes to is the worst of its parts. */
const SEVERITY: readonly Comparison[] = [
  'regressed',
  'notFixed',
  'inconclusive',
  'notReproduced',
  'fixed',
  'clean',
];

/** The worst of some comparisons; `clean` when there is none. */
export function worstOf(comparisons: readonly Comparison[]): Comparison {
  return SEVERITY.find((one) => comparisons.includes(one)) ?? 'clean';
}

function compareSeen(base: number, patched: number): Comparison {
  if (patched > 0) return base > 0 ? 'notFixed' : 'regressed';
  return base > 0 ? 'fixed' : 'clean';
}

/** Compares all trials of one scenario on two arms, signature by signature. */
export function compareScenario(
  scenario: string,
  base: readonly TrialResult[],
  patched: readonly TrialResult[],
): ScenarioVerdict {
  const lost = [...base, ...patched].filter((trial) => !isConclusive(trial));
  const baseTrials = base.filter(isConclusive);
  const patchedTrials = patched.filter(isConclusive);
  const signatures = compareSignatures(baseTrials, patchedTrials);
  const judged = worstOf(signatures.map((one) => one.comparison));
  if (baseTrials.length === 0 || patchedTrials.length === 0) {
    const first = lost[0];
    const why = first ? `${first.id}: ${first.blame ?? first.outcome}: ${first.reason}` : 'no trial was run';
    const harm = patchedTrials.some((trial) => trial.findings.length > 0)
      ? '; the patched kernel alone showed faults'
      : '';
    return { scenario, comparison: 'inconclusive', reason: `${why}${harm}`, signatures };
  }
  return { scenario, comparison: judged, reason: explain(judged, signatures), signatures };
}

function compareSignatures(
  base: readonly TrialResult[],
  patched: readonly TrialResult[],
): SignatureVerdict[] {
  const all = new Map<
    string,
    { title: string; kind: SignatureVerdict['kind']; base: Set<string>; patched: Set<string> }
  >();
  for (const [trials, side] of [
    [base, 'base'],
    [patched, 'patched'],
  ] as const) {
    for (const trial of trials) {
      for (const finding of trial.findings) {
        const entry = all.get(finding.signature) ?? {
          title: finding.title,
          kind: finding.kind,
          base: new Set(),
          patched: new Set(),
        };
        entry[side].add(trial.id);
        all.set(finding.signature, entry);
      }
    }
  }
  // An arm that was never seen at work neither cures nor breaks anything.
  const oneSided = base.length === 0 || patched.length === 0;
  return [...all].map(([signature, entry]) => ({
    signature,
    title: entry.title,
    kind: entry.kind,
    comparison: oneSided ? 'inconclusive' : compareSeen(entry.base.size, entry.patched.size),
    base: { seen: entry.base.size, trials: base.length },
    patched: { seen: entry.patched.size, trials: patched.length },
    trials: [...entry.base, ...entry.patched],
  }));
}

function explain(comparison: Comparison, signatures: readonly SignatureVerdict[]): string {
  if (comparison === 'clean') return 'no complaint and every expectation met, on both kernels';
  const decisive = signatures.filter((one) => one.comparison === comparison);
  const first = decisive.find((one) => one.kind === 'splat') ?? decisive[0];
  const more = decisive.length > 1 ? ` (and ${decisive.length - 1} more)` : '';
  return `${first?.title ?? comparison}${more}`;
}

/** The verdict on a whole request; `arms` is how many kernels were compared. */
export function concludeCampaign(
  scenarios: readonly ScenarioVerdict[],
  arms: number,
  perPatch: PerPatchGrid | null = null,
): CampaignVerdict {
  const words = comparisonWords(arms);
  const judged = scenarios.length === 0 ? 'inconclusive' : worstOf(scenarios.map((one) => one.comparison));
  const counts = SEVERITY.map(
    (kind) => [kind, scenarios.filter((one) => one.comparison === kind).length] as const,
  ).filter(([, count]) => count > 0);
  const worst = scenarios.find((one) => one.comparison === judged);
  const parts = [counts.map(([kind, count]) => `${count} ${words[kind]}`).join(', ')];
  if (worst && judged !== 'clean' && judged !== 'fixed') parts.push(`${worst.scenario}: ${worst.reason}`);
  const flaws = perPatch?.notBisectableAt ?? [];
  if (flaws.length > 0)
    parts.push(`not bisectable at ${flaws.map((one) => `${one}/${arms - 1}`).join(', ')}`);
  // A series that breaks on the way what works at both ends has broken it.
  const comparison = flaws.length > 0 && (judged === 'clean' || judged === 'fixed') ? 'regressed' : judged;
  return {
    format: 1,
    comparison,
    reason: parts.join('; '),
    scenarios,
    perPatch,
    exitCode: exitCodeOfComparison(comparison),
  };
}
