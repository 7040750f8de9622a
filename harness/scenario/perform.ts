// SPDX-License-Identifier: MIT
import { type Fault, type Finding, type StepRecord, type Subtest, toFault } from '../model/index.ts';
import { type Checks, splitChecks, takeSnapshot } from './checks/index.ts';
import { cleanUp } from './cleanup.ts';
import { createJobs } from './jobs.ts';
import { orderModules, readModuleState } from './modules.ts';
import { CUT_SHORT, createRecorder } from './record.ts';
import { type Part, type Performer, performList } from './sequence.ts';
import type { SettledScenario } from './settled.ts';
import { NO_SNAPSHOT } from './snapshot.ts';
import type { SettledStep, Stage } from './step.ts';
import { probeGuest, type Supervision, superviseSteps } from './supervise.ts';

/** What performing a scenario came to. */
export interface Performance {
  readonly steps: readonly StepRecord[];
  /** Expectations that the guest did not meet, one for each signature. */
  readonly findings: readonly Finding[];
  /** Tests of the suites that it ran, by name. */
  readonly subtests: readonly Subtest[];
  /**
   * Why the scenario was not performed to its end: the stage's reason to stop, or what a step threw; the first one. Null
   * also where that became a finding: the scenario's time limit passed in `steps` while the guest still answered.
   */
  readonly fault: Fault | null;
  /** The phase in which the fault or the scenario's time limit ended the performance; null when neither did. */
  readonly stoppedIn: StepRecord['phase'] | null;
  /** Texts from the guest that are worth a file, by file name: consoles of VMs inside it, rounds of races. */
  readonly evidence: Readonly<Record<string, string>>;
  /** VMs that were started inside the guest, by the names of their consoles in `evidence`. */
  readonly vms: Readonly<Record<string, string>>;
}

const MODULE_STATE_MS = 20_000;

/** After these nothing in the guest can be cleaned up, or nobody waits for it. */
const NO_CLEANUP: readonly string[] = [
  'GUEST_CONNECTION_LOST',
  'GUEST_SILENT',
  'MACHINE_ENDED',
  'TRIAL_INTERRUPTED',
];

/**
 * Performs a settled scenario: modules, setup, steps, expected state, and then always the cleanup, as far as the guest
 * answers. After a finding the remaining steps and the cleanup get a short grace each. Never rejects: what stops it is the
 * performance's `fault`.
 */
export async function performScenario(settled: SettledScenario, stage: Stage): Promise<Performance> {
  const supervision = superviseSteps(stage);
  const performer: Performer = {
    scenario: settled.name,
    stage,
    guest: supervision.guest,
    jobs: createJobs(),
    recorder: createRecorder(settled.name, stage, supervision.noteFinding),
    snapshot: NO_SNAPSHOT,
  };
  let { fault, stoppedIn } = await performPhases(performer, settled, supervision);
  supervision.end();
  let evidence: Performance['evidence'] = {};
  if (fault === null || !NO_CLEANUP.includes(fault.code)) {
    try {
      const { graceMs, cleanupMs, aliveMs, lastWordsMs } = stage.timeouts;
      // What a broken kernel does not end in a short time, it does not end.
      const limits = supervision.hasFinding()
        ? { stepsMs: Math.min(graceMs, cleanupMs), killMs: Math.min(aliveMs, lastWordsMs) }
        : { stepsMs: cleanupMs, killMs: aliveMs };
      evidence = await cleanUp(performer, settled.cleanup, limits);
    } catch (error) {
      // The first reason to stop stays the reason.
      if (stoppedIn === null) stoppedIn = 'cleanup';
      fault ??= toFault(error);
    }
  }
  const { records, findings, subtests } = performer.recorder;
  evidence = { ...performer.recorder.evidence, ...evidence };
  return { steps: records, findings, subtests, fault, stoppedIn, evidence, vms: listVms(performer) };
}

function listVms({ jobs }: Performer): Performance['vms'] {
  const vms = jobs.all().filter(({ traits }) => traits.isVm === true);
  return Object.fromEntries(vms.map(({ name, traits }) => [traits.evidence?.name ?? name, name]));
}

type Stop = Pick<Performance, 'fault' | 'stoppedIn'>;

async function performPhases(
  performer: Performer,
  settled: SettledScenario,
  supervision: Supervision,
): Promise<Stop> {
  const { stage } = performer;
  const steps: Part = {
    phase: 'steps',
    blame: 'kernel',
    signal: supervision.signal,
    env: {},
    quiet: false,
    silent: false,
  };
  const setup: Part = { ...steps, phase: 'setup', blame: 'scenario' };
  const phases: readonly (readonly [Part, () => Promise<boolean>])[] = [
    [setup, () => loadModules(performer, settled.modules, setup)],
    [setup, () => performList(performer, settled.setup, setup)],
    [setup, () => snapshotBefore(performer, settled)],
    [steps, () => performList(performer, settled.steps, steps)],
    [steps, () => performList(performer, settled.expect.state.map(expectStep), steps)],
    [steps, () => performList(performer, splitChecks(settled.expect.checks).map(checkStep), steps)],
  ];
  stage.consoleMark();
  for (const [part, perform] of phases) {
    try {
      if (!(await perform())) break;
    } catch (error) {
      if (error === CUT_SHORT) break;
      return settleStop(performer, settled, supervision, { fault: toFault(error), phase: part.phase });
    }
  }
  return { fault: null, stoppedIn: null };
}

/** Loads modules, each after those that it depends on; without `modules.dep` exactly what is named. */
async function loadModules(
  performer: Performer,
  modules: SettledScenario['modules'],
  part: Part,
): Promise<boolean> {
  if (modules.length === 0) return true;
  const { guest, stage } = performer;
  const state = await readModuleState(guest, stage.timeouts.scale(MODULE_STATE_MS));
  const steps = orderModules(modules, state).map(({ neededBy, ...body }) => ({
    kind: 'insmod',
    label: neededBy === null ? `load ${body.module}` : `load ${body.module} for ${neededBy}`,
    continue: false,
    body,
  }));
  return performList(performer, steps, part);
}

function expectStep(body: SettledScenario['expect']['state'][number]): SettledStep {
  return { kind: 'read', label: `expect ${body.file}`, continue: true, body };
}

function checkStep(body: Checks): SettledStep {
  return { kind: 'check', label: `expect ${Object.keys(body)}`, continue: true, body };
}

/** Notes what checks will compare with. */
async function snapshotBefore(performer: Performer, settled: SettledScenario): Promise<boolean> {
  const { guest, stage } = performer;
  performer.snapshot = await takeSnapshot(settled, {
    guest,
    scale: stage.timeouts.scale,
    sleep: (ms) => stage.sleep(ms, stage.signal),
  });
  return true;
}

/**
 * The scenario's own time limit, passed in `steps` while the guest still answers, is an expectation that the kernel did
 * not meet, like any deadline of a step. A guest that does not answer is not merely late.
 */
async function settleStop(
  { stage, guest, recorder }: Performer,
  settled: SettledScenario,
  supervision: Supervision,
  { fault, phase }: { readonly fault: Fault; readonly phase: StepRecord['phase'] },
): Promise<Stop> {
  if (fault.code !== 'SCENARIO_TIMEOUT') return { fault, stoppedIn: phase };
  const silent = await probeGuest(guest, stage.timeouts, fault.message);
  if (silent) return { fault: silent, stoppedIn: phase };
  if (phase !== 'steps') return { fault, stoppedIn: phase };
  if (!supervision.hasFinding()) {
    const running = recorder.records.findLast((step) => step.outcome === 'cut')?.label ?? null;
    recorder.addTimeout(running, settled.timeoutMs);
  }
  return { fault: null, stoppedIn: phase };
}
