// SPDX-License-Identifier: MIT
import { Fault, type Finding, type StepRecord, type TrialResult } from '../../model/index.ts';
import { parseSettledScenario } from '../../scenario/index.ts';
import { notRun } from '../state.ts';
import { checkArm } from './check-arm.ts';
import type { StaticSubject, StaticTools } from './subject.ts';

/**
 * Checks the tree and the objects of an arm. Every check is performed, whatever those before it found. Nothing of it depends
 * on chance or on a machine, so what is wrong is the kernel's. Rejects with the first Fault; `TRIAL_INTERRUPTED` when `signal`
 * aborts.
 */
export async function performStaticTrial(
  subject: StaticSubject,
  tools: StaticTools,
  now: () => Date,
): Promise<TrialResult> {
  try {
    return await perform(subject, tools, now);
  } catch (cause) {
    if (!tools.signal.aborted) throw cause;
    throw new Fault({
      blame: 'lab',
      code: 'TRIAL_INTERRUPTED',
      message: 'the checks were interrupted',
      cause,
    });
  }
}

async function perform(subject: StaticSubject, tools: StaticTools, now: () => Date): Promise<TrialResult> {
  const { trial } = subject;
  const { scenario, static: checks = [] } = parseSettledScenario(subject.settled);
  const startedAt = now();
  const steps: StepRecord[] = [];
  const findings: Finding[] = [];
  for (const check of checks) {
    tools.signal.throwIfAborted();
    const begun = now();
    const { problem, details, numbers } = await checkArm(check, subject, tools);
    const { kind, label } = check;
    steps.push({
      label,
      kind,
      phase: 'steps',
      startedAt: begun.toISOString(),
      durationMs: now().getTime() - begun.getTime(),
      outcome: problem === null ? 'passed' : 'failed',
      details: problem === null ? details : [problem, ...details],
      numbers,
    });
    if (problem !== null)
      findings.push({
        kind: 'expectation',
        signature: `expectation:${scenario}:${label}:${kind}`,
        title: `${label}: ${problem}`,
        step: label,
        details,
        splat: null,
      });
  }
  const [first] = findings;
  const more = findings.length > 1 ? ` (and ${findings.length - 1} more)` : '';
  return {
    ...notRun(trial, first ? `${first.title}${more}` : 'every check passed', startedAt.toISOString()),
    static: true,
    kernel: subject.kernel,
    outcome: first ? 'failed' : 'passed',
    blame: first ? 'kernel' : null,
    findings,
    steps,
    durationMs: now().getTime() - startedAt.getTime(),
  };
}
