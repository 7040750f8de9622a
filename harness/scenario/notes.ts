// SPDX-License-Identifier: MIT
import { type Finding, isFault, type StepRecord } from '../model/index.ts';
import type { Failure, Stage, StepOutcome } from './step.ts';

const DETAILS_KEPT = 60;

/** The records and findings of one performance, as they come. */
export class Notes {
  readonly records: StepRecord[] = [];
  readonly #scenario: string;
  readonly #stage: Pick<Stage, 'now' | 'onStepStarted' | 'onStepEnded'>;
  readonly #findings = new Map<string, Finding>();

  constructor(scenario: string, stage: Pick<Stage, 'now' | 'onStepStarted' | 'onStepEnded'>) {
    this.#scenario = scenario;
    this.#stage = stage;
  }

  get findings(): readonly Finding[] {
    return [...this.#findings.values()];
  }

  /** Does a step and records it. A `quiet` one (a round of a loop) is recorded only when it fails. */
  async record(
    phase: StepRecord['phase'],
    label: string,
    kind: string,
    quiet: boolean,
    perform: () => Promise<StepOutcome>,
  ): Promise<StepOutcome> {
    const startedAt = this.#stage.now();
    if (!quiet) this.#stage.onStepStarted(phase, label);
    const end = (outcome: StepRecord['outcome'], details: readonly string[]) => {
      if (quiet && outcome === 'passed') return;
      const record: StepRecord = {
        label,
        kind,
        phase,
        startedAt: new Date(startedAt).toISOString(),
        durationMs: this.#stage.now() - startedAt,
        outcome,
        details: details.slice(0, DETAILS_KEPT),
      };
      this.records.push(record);
      this.#stage.onStepEnded(record);
    };
    try {
      const outcome = await perform();
      const failed = outcome.failures.length > 0 || outcome.stopped === true;
      end(failed ? 'failed' : 'passed', [
        ...outcome.failures.map((one) => one.title),
        ...(outcome.failures[0]?.details ?? outcome.details ?? []),
      ]);
      return outcome;
    } catch (error) {
      end('error', [
        error instanceof Error ? error.message : String(error),
        ...(isFault(error) ? error.details : []),
      ]);
      throw error;
    }
  }

  /** Notes what a step found, each signature once: the same step may fail in several rounds. */
  find(label: string, failures: readonly Failure[]): void {
    for (const failure of failures) {
      const signature = `expectation:${this.#scenario}:${label}:${failure.what}`;
      if (this.#findings.has(signature)) continue;
      this.#findings.set(signature, {
        kind: 'expectation',
        signature,
        title: `${label}: ${failure.title}`,
        step: label,
        details: (failure.details ?? []).slice(0, DETAILS_KEPT),
        splat: null,
      });
    }
  }
}
