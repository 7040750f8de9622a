// SPDX-License-Identifier: MIT
import type { Blame, Fault, Finding, Outcome, Splat } from '../model/index.ts';

/** How the machine stood when the trial was over; `running` is as it should be. */
export type MachineState =
  | { readonly kind: 'running' }
  | { readonly kind: 'panicked' }
  | { readonly kind: 'hung'; readonly detail: string }
  | { readonly kind: 'reset' }
  | { readonly kind: 'poweredOff' }
  | { readonly kind: 'labDeath'; readonly detail: string };

export interface TrialEvidence {
  /** False when no guest command ever ran. */
  readonly booted: boolean;
  /** Whether the console showed anything of a kernel. */
  readonly consoleSpoke: boolean;
  readonly machine: MachineState;
  /** What ended the performance early, or null. */
  readonly fault: Fault | null;
  /** Failed expectations and unexpected splats. */
  readonly findings: readonly Finding[];
  readonly splats: readonly Splat[];
  /** How the machine must stand when the trial is over; `running` when absent. */
  readonly expectedEnd?: ExpectedEnd;
}

/** The ends of a machine that a scenario may ask for. */
type ExpectedEnd = 'running' | 'panicked' | 'hung' | 'reset';

export interface TrialJudgement {
  readonly outcome: Outcome;
  readonly blame: Blame | null;
  readonly reason: string;
  /** The evidence's findings, and the machine's death where it died of the kernel. */
  readonly findings: readonly Finding[];
}

/** Judges one trial. The kernel is blamed only when the lab and the scenario are out of the question. */
export function judgeTrial(evidence: TrialEvidence): TrialJudgement {
  const { machine, findings, expectedEnd = 'running' } = evidence;
  const failed = (blame: Blame, reason: string, more: readonly Finding[] = []): TrialJudgement => ({
    outcome: 'failed',
    blame,
    reason,
    findings: [...findings, ...more],
  });
  if (expectedEnd !== 'running' && machine.kind === expectedEnd && evidence.booted)
    return findings.length > 0
      ? failed('kernel', reasonOf(evidence, ''))
      : {
          outcome: 'passed',
          blame: null,
          reason: `every expectation was met: the machine ${expectedEnd}`,
          findings,
        };
  switch (machine.kind) {
    case 'labDeath':
      return failed('lab', machine.detail);
    case 'panicked':
      return failed(
        'kernel',
        reasonOf(evidence, 'the kernel panicked'),
        deathOf(evidence, 'panic', 'the kernel panicked'),
      );
    case 'reset':
      return failed(
        'kernel',
        reasonOf(evidence, 'the machine reset itself'),
        deathOf(evidence, 'reset', 'the machine reset itself'),
      );
    case 'hung':
      return failed(
        'kernel',
        reasonOf(evidence, `the guest hung: ${machine.detail}`),
        deathOf(evidence, 'hang', `the guest hung: ${machine.detail}`),
      );
    case 'poweredOff':
      if (hasSplat(evidence))
        return failed(
          'kernel',
          reasonOf(evidence, 'the guest powered off'),
          deathOf(evidence, 'poweroff', 'the guest powered off early'),
        );
      return failed(
        'scenario',
        'the guest was powered off before the scenario was over, and the kernel had complained of nothing',
      );
    case 'running':
      break;
  }
  if (!evidence.booted) {
    if (!evidence.consoleSpoke) return failed('lab', 'the machine never said a word on its console');
    if (hasSplat(evidence))
      return failed(
        'kernel',
        reasonOf(evidence, 'the guest never became ready'),
        deathOf(evidence, 'boot', 'the kernel did not boot'),
      );
    return failed(
      'kernel',
      'the kernel spoke on the console and the guest never became ready',
      deathOf(evidence, 'boot', 'the kernel did not boot'),
    );
  }
  if (evidence.fault) {
    const { blame, message } = evidence.fault;
    if (blame === 'kernel' || (findings.some((finding) => finding.kind === 'splat') && blame === 'lab'))
      return failed('kernel', reasonOf(evidence, message));
    return failed(blame === 'request' ? 'scenario' : blame, message);
  }
  const setup = findings.find(
    (finding) => finding.kind === 'expectation' && finding.signature.startsWith('setup:'),
  );
  if (setup && !findings.some((finding) => finding.kind === 'splat'))
    return failed('scenario', `the setup failed: ${setup.title}`);
  if (expectedEnd !== 'running')
    return failed('kernel', reasonOf(evidence, `the machine still ran, and must have ${expectedEnd}`), [
      {
        kind: 'expectation',
        signature: `expectation:machine:${expectedEnd}`,
        title: `the machine still ran, and must have ${expectedEnd}`,
        step: null,
        details: [],
        splat: null,
      },
    ]);
  if (findings.length > 0) return failed('kernel', reasonOf(evidence, ''));
  return {
    outcome: 'passed',
    blame: null,
    reason:
      evidence.splats.length === 0
        ? 'every expectation was met and the log is clean'
        : 'every expectation was met, and the log holds no other complaint than those expected',
    findings,
  };
}

function hasSplat(evidence: TrialEvidence): boolean {
  return evidence.findings.some((finding) => finding.kind === 'splat');
}

/** The first finding tells it best: a splat before a missed expectation. */
function reasonOf(evidence: TrialEvidence, otherwise: string): string {
  const first = evidence.findings.find((finding) => finding.kind === 'splat') ?? evidence.findings[0];
  if (!first) return otherwise;
  const more = evidence.findings.length > 1 ? ` (and ${evidence.findings.length - 1} more)` : '';
  return `${otherwise === '' ? '' : `${otherwise}: `}${first.title}${more}`;
}

/** A death is a finding of its own only where no splat explains it: one bug, one signature. */
function deathOf(evidence: TrialEvidence, how: string, title: string): readonly Finding[] {
  if (hasSplat(evidence)) return [];
  return [{ kind: 'death', signature: `death:${how}`, title, step: null, details: [], splat: null }];
}
