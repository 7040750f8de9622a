// SPDX-License-Identifier: MIT
import {
  type Blame,
  type Fault,
  type Finding,
  type Outcome,
  type Splat,
  trialBlameOf,
} from '../model/index.ts';
import { isMissingUserSpace } from './boot-panic.ts';

/** The state of the machine when the trial was over; `running` is as it should be. */
export type MachineState =
  | { readonly kind: 'running' }
  | { readonly kind: 'panicked' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'hung'; readonly detail: string }
  /** It ran and answered, but its kernel did not power it off. */
  | { readonly kind: 'stuck'; readonly detail: string }
  | { readonly kind: 'poweredOff' }
  | { readonly kind: 'labDeath'; readonly detail: string };

/** The ends of a machine that a scenario may ask for. */
type ExpectedEnd = 'running' | 'panicked' | 'hung' | 'reset';

/** Everything that decides how a trial is judged. */
export interface TrialEvidence {
  /** False when no guest command ever ran. */
  readonly booted: boolean;
  /** Whether the console showed a line of the kernel. */
  readonly consoleSpoke: boolean;
  readonly machine: MachineState;
  /** The first reason for which the trial stopped early; null when it was performed to its end. */
  readonly fault: Fault | null;
  /** The part of the scenario that the fault cut short; null when it came before the first step or after the cleanup. */
  readonly stoppedIn: 'setup' | 'steps' | 'cleanup' | null;
  /** Missed expectations and unexpected splats. */
  readonly findings: readonly Finding[];
  readonly splats: readonly Pick<Splat, 'title'>[];
  readonly expectedEnd: ExpectedEnd;
}

export interface TrialJudgement {
  readonly outcome: Outcome;
  readonly blame: Blame | null;
  /** Code of the fault that decided; null when none did. */
  readonly fault: string | null;
  readonly reason: string;
  /** The evidence's findings, and what the judgement adds: the machine's death, a time limit that was hit. */
  readonly findings: readonly Finding[];
}

/** The guest never answered, and nothing in this trial says whether the kernel or the lab is the reason. */
export const GUEST_UNREACHABLE = 'GUEST_UNREACHABLE';
const CONSOLE_SILENT = 'CONSOLE_SILENT';
const MACHINE_ENDED = 'MACHINE_ENDED';

/** Faults that only report what the machine's state explains. */
const CONSEQUENCES: readonly string[] = [MACHINE_ENDED, 'GUEST_CONNECTION_LOST', GUEST_UNREACHABLE];

type Rule = (evidence: TrialEvidence) => TrialJudgement | null;

/** In this order, the first that applies decides. Without one the lab would be blamed: each kernel row needs evidence. */
const RULES: readonly Rule[] = [
  judgeExpectedEnd,
  judgeSplats,
  judgeMissingUserSpace,
  judgeDeath,
  judgeMissedExpectations,
  judgeSilence,
  judgeUnreachable,
  judgeFault,
  judgeMachine,
  judgeMissingEnd,
];

/** Judges one trial. The lab is blamed unless something in the evidence speaks against the kernel or the scenario. Pure. */
export function judgeTrial(evidence: TrialEvidence): TrialJudgement {
  for (const rule of RULES) {
    const judgement = rule(evidence);
    if (judgement) return judgement;
  }
  return {
    outcome: 'passed',
    blame: null,
    fault: null,
    reason:
      evidence.splats.length === 0
        ? 'every expectation was met and the log is clean'
        : 'every expectation was met, and the log has only splats that the scenario expects or allows',
    findings: evidence.findings,
  };
}

/** The machine ended as the scenario asks. An end in the setup came too early: no step was performed. */
function judgeExpectedEnd(evidence: TrialEvidence): TrialJudgement | null {
  const { expectedEnd, machine, booted, stoppedIn, fault, findings } = evidence;
  const kind = machine.kind === 'stuck' ? 'hung' : machine.kind;
  if (expectedEnd === 'running' || kind !== expectedEnd || !booted || stoppedIn === 'setup') return null;
  if (fault && fault.blame !== 'lab') return null;
  if (findings.length > 0) return fail(evidence, 'kernel', describeFindings(findings));
  const reason = `every expectation was met: the machine ${expectedEnd}`;
  return { outcome: 'passed', blame: null, fault: null, reason, findings };
}

/** A splat that the scenario does not allow is the kernel's, whatever else went wrong. */
function judgeSplats(evidence: TrialEvidence): TrialJudgement | null {
  const splats = evidence.findings.filter((finding) => finding.kind === 'splat');
  if (splats.length === 0) return null;
  if (!evidence.booted && splats.every((one) => isMissingUserSpace(one.title))) return null;
  const context = describeContext(evidence);
  const reason = describeFindings(evidence.findings);
  return fail(evidence, 'kernel', context === null ? reason : `${context}: ${reason}`);
}

/** Before the guest is up a kernel that finds nothing to run is like one that is not reachable: perhaps we gave it nothing. */
function judgeMissingUserSpace(evidence: TrialEvidence): TrialJudgement | null {
  const title = findMissingUserSpace(evidence);
  if (title === null || !isConsequence(evidence.fault)) return null;
  return fail(evidence, 'lab', `the guest did not start: ${title}`, GUEST_UNREACHABLE);
}

function findMissingUserSpace({ booted, splats }: TrialEvidence): string | null {
  if (booted) return null;
  return splats.find((splat) => isMissingUserSpace(splat.title))?.title ?? null;
}

/** A panic, a reset or a hang that no splat explains. */
function judgeDeath(evidence: TrialEvidence): TrialJudgement | null {
  const { machine, booted, consoleSpoke } = evidence;
  if (!consoleSpoke || findMissingUserSpace(evidence) !== null) return null;
  switch (machine.kind) {
    case 'panicked':
      return dead(evidence, 'panic', 'the kernel panicked');
    case 'reset':
      return dead(evidence, 'reset', 'the machine reset itself');
    case 'hung':
      // Before the guest was up this is no more than a guest that is not reachable.
      return booted ? dead(evidence, 'hang', `the guest hung: ${machine.detail}`) : null;
    case 'stuck':
      return dead(evidence, 'poweroff', `the machine did not power off: ${machine.detail}`);
    default:
      return null;
  }
}

/**
 * What the guest got wrong in the steps stands, whatever happened to the lab after them. A splat that was expected and is not in
 * the log (a finding of no step) stands only where the log is complete.
 */
function judgeMissedExpectations(evidence: TrialEvidence): TrialJudgement | null {
  const { findings, fault, stoppedIn, consoleSpoke } = evidence;
  const isComplete = fault === null && consoleSpoke;
  const missed = findings.filter((finding) => isComplete || finding.step !== null);
  const cutShort = fault !== null && (stoppedIn === 'setup' || stoppedIn === 'steps');
  if (missed.length === 0 || cutShort || !evidence.booted) return null;
  return fail(evidence, 'kernel', describeFindings(findings), null);
}

function judgeSilence(evidence: TrialEvidence): TrialJudgement | null {
  if (evidence.consoleSpoke || !isConsequence(evidence.fault)) return null;
  const reason = describeMachine(evidence.machine);
  return fail(
    evidence,
    'lab',
    `the kernel printed nothing on the console${reason === null ? '' : `: ${reason}`}`,
    CONSOLE_SILENT,
  );
}

function judgeUnreachable(evidence: TrialEvidence): TrialJudgement | null {
  const { booted, fault, machine } = evidence;
  if (booted || fault?.code !== GUEST_UNREACHABLE) return null;
  if (machine.kind !== 'running' && machine.kind !== 'hung') return null;
  return fail(evidence, 'lab', fault.message, GUEST_UNREACHABLE);
}

function judgeFault(evidence: TrialEvidence): TrialJudgement | null {
  const { fault, machine } = evidence;
  if (!fault || (isConsequence(fault) && machine.kind !== 'running')) return null;
  return fail(evidence, trialBlameOf(fault), fault.message, fault.code);
}

function judgeMachine(evidence: TrialEvidence): TrialJudgement | null {
  const { machine, booted } = evidence;
  switch (machine.kind) {
    case 'running':
      return null;
    case 'poweredOff':
      return booted
        ? fail(evidence, 'scenario', 'the guest powered off before the scenario was over', MACHINE_ENDED)
        : fail(evidence, 'lab', 'the guest powered off before it could be reached', MACHINE_ENDED);
    default:
      return fail(evidence, 'lab', describeMachine(machine) ?? machine.kind, MACHINE_ENDED);
  }
}

/** The scenario expects the machine to die, and it lives. */
function judgeMissingEnd(evidence: TrialEvidence): TrialJudgement | null {
  const { expectedEnd } = evidence;
  if (expectedEnd === 'running') return null;
  const title = `the machine is still running, expected it to have ${expectedEnd}`;
  const finding: Finding = {
    kind: 'expectation',
    signature: `expectation:machine:${expectedEnd}`,
    title,
    step: null,
    details: [],
    splat: null,
  };
  return fail({ ...evidence, findings: [...evidence.findings, finding] }, 'kernel', title);
}

function fail(
  { findings, fault }: Pick<TrialEvidence, 'findings' | 'fault'>,
  blame: Blame,
  reason: string,
  code = fault?.code ?? null,
): TrialJudgement {
  return { outcome: 'failed', blame, fault: code, reason, findings };
}

/** A death is a finding only where no splat explains it: one bug, one signature. */
function dead(evidence: TrialEvidence, how: string, title: string): TrialJudgement {
  const death: Finding = {
    kind: 'death',
    signature: `death:${how}`,
    title,
    step: null,
    details: [],
    splat: null,
  };
  return fail({ ...evidence, findings: [...evidence.findings, death] }, 'kernel', title);
}

function isConsequence(fault: Fault | null): boolean {
  return fault === null || CONSEQUENCES.includes(fault.code);
}

/** What happened beside a splat, as the first half of a sentence; null where the trial ended as usual. */
function describeContext({ booted, machine, fault }: TrialEvidence): string | null {
  const state = describeMachine(machine);
  if (!isConsequence(fault)) return fault?.message ?? null;
  if (state !== null) return state;
  return booted ? (fault?.message ?? null) : 'the guest did not become ready';
}

function describeMachine(machine: MachineState): string | null {
  switch (machine.kind) {
    case 'running':
      return null;
    case 'panicked':
      return 'the kernel panicked';
    case 'reset':
      return 'the machine reset itself';
    case 'hung':
      return `the guest hung: ${machine.detail}`;
    case 'stuck':
      return `the machine did not power off: ${machine.detail}`;
    case 'poweredOff':
      return 'the guest powered off';
    case 'labDeath':
      return machine.detail;
  }
}

/** The title of the most telling finding, a splat before a missed expectation, and how many more there are. */
function describeFindings(findings: readonly Finding[]): string {
  const first = findings.find((finding) => finding.kind === 'splat') ?? findings[0];
  const more = findings.length > 1 ? ` (and ${findings.length - 1} more)` : '';
  return `${first?.title ?? ''}${more}`;
}
