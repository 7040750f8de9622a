// SPDX-License-Identifier: MIT
import {
  type AcceleratorChoice,
  type BootMethod,
  type Finding,
  MAXIMUM_TRIAL_SPLATS,
  type TrialResult,
  type TrialSpec,
  type TrialSplat,
} from '../model/index.ts';
import { isReproduced, type SettledScenario } from '../scenario/index.ts';
import { judgeTrial } from '../verdict/index.ts';
import { listTrialFiles } from './files.ts';
import type { Observation } from './observe.ts';
import { selectSubtests } from './subtests.ts';

/** What a result says about its trial beside what was observed. */
export interface ResultContext {
  readonly spec: TrialSpec;
  readonly directory: string;
  readonly startedAt: Date;
  readonly bootMethod: BootMethod | null;
  readonly machineCommand: string | null;
  readonly confinement: string | null;
  readonly accelerator: AcceleratorChoice | null;
}

/** Judges what a trial showed. Without a settled scenario the trial never began. */
export async function describeResult(
  { observation, settled }: { readonly observation: Observation; readonly settled: SettledScenario | null },
  context: ResultContext,
): Promise<TrialResult> {
  const { spec, directory, startedAt, bootMethod, machineCommand, confinement, accelerator } = context;
  const judgement = judgeTrial({
    ...observation,
    booted: observation.bootMs !== null,
    expectedEnd: settled?.expect.machine ?? 'running',
  });
  const reproduced = settled ? isReproduced(settled, judgement.findings) : null;
  const { splats, findings } = selectSplats(observation.splats, judgement.findings);
  return {
    format: 1,
    id: spec.id,
    scenario: spec.scenario,
    arm: spec.arm,
    attempt: spec.attempt,
    control: spec.control,
    ...(spec.widened === undefined ? {} : { widened: spec.widened }),
    kernel: spec.kernel.digest,
    ...judgement,
    findings,
    ...(reproduced === null ? {} : { reproduced }),
    splats,
    splatCount: observation.splats.length,
    steps: observation.steps,
    ...(observation.subtests.length > 0 ? { subtests: selectSubtests(observation.subtests) } : {}),
    ...(observation.coverage ? { coverage: observation.coverage } : {}),
    notes: observation.notes,
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    bootMs: observation.bootMs,
    bootMethod,
    accelerator,
    files: await listTrialFiles(directory),
    machineCommand,
    confinement,
  };
}

/** The splats that a result has room for, those of findings first. Findings and `follows` then point into these. */
export function selectSplats(
  all: readonly TrialSplat[],
  findings: readonly Finding[],
): { readonly splats: readonly TrialSplat[]; readonly findings: readonly Finding[] } {
  const named = findings.flatMap((finding) => (finding.splat === null ? [] : [finding.splat]));
  const order = [...new Set([...named, ...all.keys()])].slice(0, MAXIMUM_TRIAL_SPLATS);
  const places = new Map(order.map((index, place) => [index, place]));
  const placeOf = (index: number | null) => (index === null ? null : (places.get(index) ?? null));
  return {
    splats: order.flatMap((index) => {
      const splat = all[index];
      return splat ? [{ ...splat, follows: placeOf(splat.follows) }] : [];
    }),
    findings: findings.map((finding) => ({ ...finding, splat: placeOf(finding.splat) })),
  };
}
