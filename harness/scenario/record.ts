// SPDX-License-Identifier: MIT
import { type Finding, isFailure, isFault, type StepRecord, type Subtest } from '../model/index.ts';
import type { Failure, Stage, StepOutcome } from './step.ts';

const DETAILS_KEPT = 60;
/** Failed tests of suites that are findings of their own; all are among the tests, which the verdict goes by. */
const FAILED_TESTS_KEPT = 500;
const TEST_DETAILS_KEPT = 12;
const EVIDENCE_KEPT = 20;

/** The reason of a signal that cuts steps short because the verdict does not depend on them any more. */
export const CUT_SHORT: unique symbol = Symbol('cut short');

/** The step that a record is made of. */
export interface RecordedStep {
  readonly phase: StepRecord['phase'];
  readonly label: string;
  readonly kind: string;
  /** A round of a loop: recorded only when it does not pass. */
  readonly quiet: boolean;
  /** One of many such rounds: not recorded when it fails either. */
  readonly silent: boolean;
  /** A step that ends with this signal's reason was cut short. */
  readonly signal: AbortSignal;
}

/** Collects the step records and the findings of one performance. */
export interface Recorder {
  readonly records: readonly StepRecord[];
  readonly findings: readonly Finding[];
  /** Tests of suites, each by its name once: the worst of what it came to. */
  readonly subtests: readonly Subtest[];
  /** Texts of the steps that are worth a file, by file name. */
  readonly evidence: Readonly<Record<string, string>>;
  /** Performs a step and records how it ended, or what it was `whenCut`. Rejects with what the step rejects with. */
  record(
    step: RecordedStep,
    perform: () => Promise<StepOutcome>,
    whenCut?: () => Omit<StepOutcome, 'failures'>,
  ): Promise<StepOutcome>;
  /** Turns failures of a step into findings, one for each signature: a step of a loop may fail in several rounds. */
  addFindings(label: string, failures: readonly Failure[]): void;
  /** Keeps the tests of a suite, and turns those that failed into findings. They start no grace: each is wanted. */
  addSubtests(label: string, subtests: readonly Subtest[]): void;
  /** Adds the finding that the scenario did not end within its own limit while the step `running` was performed. */
  addTimeout(running: string | null, limitMs: number): void;
}

/** Creates a recorder; `onFinding` is called for each new finding. */
export function createRecorder(
  scenario: string,
  stage: Pick<Stage, 'now' | 'onStepStarted' | 'onStepEnded'>,
  onFinding: () => void,
): Recorder {
  const records: StepRecord[] = [];
  const findings = new Map<string, Finding>();
  const tests = new Map<string, Subtest>();
  const evidence: Record<string, string> = {};
  let failed = 0;
  const keep = (texts: StepOutcome['evidence'] = {}) => {
    const kept = Object.keys(evidence).length;
    if (kept >= EVIDENCE_KEPT) return;
    // A step of a loop has one in each round.
    for (const [name, text] of Object.entries(texts))
      evidence[name in evidence ? `${kept + 1}-${name}` : name] = text;
  };
  const add = (finding: Finding) => {
    if (findings.has(finding.signature)) return;
    findings.set(finding.signature, finding);
    onFinding();
  };
  return {
    records,
    evidence,
    get findings() {
      return [...findings.values()];
    },
    get subtests() {
      return [...tests.values()];
    },
    async record(step, perform, whenCut = () => ({})) {
      const { phase, label, kind, quiet, silent, signal } = step;
      const startedAt = stage.now();
      if (!quiet) stage.onStepStarted(phase, label);
      const end = (
        outcome: StepRecord['outcome'],
        details: readonly string[],
        { numbers, points, evidence: texts }: Omit<StepOutcome, 'failures'>,
      ) => {
        keep(texts);
        if ((quiet && outcome === 'passed') || (silent && outcome === 'failed')) return;
        const record: StepRecord = {
          label,
          kind,
          phase,
          startedAt: new Date(startedAt).toISOString(),
          durationMs: stage.now() - startedAt,
          outcome,
          details: details.slice(0, DETAILS_KEPT),
          ...(numbers ? { numbers } : {}),
          ...(points ? { points } : {}),
        };
        records.push(record);
        stage.onStepEnded(record);
      };
      try {
        const outcome = await perform();
        const isTestFailed = outcome.subtests?.some((one) => isFailure(one.outcome)) === true;
        const failed = outcome.failures.length > 0 || outcome.stopped === true || isTestFailed;
        const details = [
          ...outcome.failures.map((one) => one.title),
          ...(outcome.failures[0]?.details ?? outcome.details ?? []),
        ];
        end(failed ? 'failed' : 'passed', details, outcome);
        return outcome;
      } catch (error) {
        const isCut = signal.aborted && error === signal.reason;
        const before = whenCut();
        const why = isCut ? describeCut(error) : describeError(error);
        end(isCut ? 'cut' : 'error', [...why, ...(before.details ?? [])], before);
        throw error;
      }
    },
    addFindings(label, failures) {
      for (const failure of failures) {
        const signature = `expectation:${scenario}:${label}:${failure.what}`;
        add({
          kind: 'expectation',
          signature,
          title: `${label}: ${failure.title}`,
          step: label,
          details: (failure.details ?? []).slice(0, DETAILS_KEPT),
          splat: null,
        });
      }
    },
    addSubtests(label, subtests) {
      for (const one of subtests) {
        const before = tests.get(one.name);
        if (before && isFailure(before.outcome)) continue;
        tests.set(one.name, one);
        failed += isFailure(one.outcome) ? 1 : 0;
        if (isFailure(one.outcome) && failed <= FAILED_TESTS_KEPT)
          findings.set(signatureOf(one), findingOf(one, label));
      }
    },
    addTimeout(running, limitMs) {
      // No step in the signature: on a slow computer the same endless loop may be met one step later.
      const signature = `expectation:${scenario}:timeout`;
      add({
        kind: 'expectation',
        signature,
        title: `the scenario did not finish within its limit of ${limitMs / 1000} s`,
        step: running,
        details: running === null ? [] : [`still running: ${running}`],
        splat: null,
      });
    },
  };
}

function signatureOf({ name }: Subtest): string {
  return `ktap:${name}`;
}

const FAILED: Readonly<Partial<Record<Subtest['outcome'], string>>> = {
  notOk: 'failed',
  timeout: 'timed out',
  crashed: 'crashed',
};

function findingOf(test: Subtest, step: string): Finding {
  const { name, outcome, reason, details } = test;
  return {
    kind: 'subtest',
    signature: signatureOf(test),
    title: `${name} ${FAILED[outcome] ?? outcome}${reason === null ? '' : `: ${reason}`}`,
    step,
    details: details.slice(-TEST_DETAILS_KEPT),
    splat: null,
  };
}

function describeCut(reason: unknown): readonly string[] {
  if (reason === CUT_SHORT) return ['cut short: the verdict does not depend on it any more'];
  return [`cut short: ${reason instanceof Error ? reason.message : String(reason)}`];
}

function describeError(error: unknown): readonly string[] {
  return [error instanceof Error ? error.message : String(error), ...(isFault(error) ? error.details : [])];
}
