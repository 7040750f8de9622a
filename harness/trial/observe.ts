// SPDX-License-Identifier: MIT
import {
  type Fault,
  type Finding,
  type Guest,
  type RunEmitter,
  type Splat,
  type Subtest,
  type Timeouts,
  type TrialCoverage,
  type TrialSpec,
  type TrialSplat,
  toFault,
} from '../model/index.ts';
import { compileSplatExpectation, type Performance, type SettledScenario } from '../scenario/index.ts';
import type { MachineState } from '../verdict/index.ts';
import { startCounting } from './coverage.ts';
import { collectEvidence, type Evidence } from './evidence.ts';
import { type FinishContext, finishMachine, type Keeper } from './finish.ts';
import { performTrial } from './perform.ts';
import { findFullDisk, type SpaceProbe, watchSpace } from './space.ts';
import { awaitGuest, type StartedMachine } from './start.ts';
import type { TrialStop } from './stop.ts';
import { subtestFiles } from './subtests.ts';
import { describeVmSplats } from './vm-splats.ts';

/** What a trial needs besides its machine. */
export interface ObserveContext {
  readonly spec: TrialSpec;
  readonly settled: SettledScenario;
  readonly directory: string;
  readonly stop: TrialStop;
  readonly emit: RunEmitter;
  /** Called when the guest runs commands, with the time that took. */
  readonly onBooted: (bootMs: number) => void;
  /** Makes the limits of a machine whose boot took so long; null before it is known. */
  readonly timeoutsFor: (measuredBootMs: number | null) => Timeouts;
  readonly space: SpaceProbe;
  readonly keeper?: Keeper;
}

/** Everything that a trial showed, before it is judged. */
export interface Observation {
  readonly bootMs: number | null;
  readonly consoleSpoke: boolean;
  readonly machine: MachineState;
  /** The first reason for which the trial stopped early, or null. */
  readonly fault: Fault | null;
  /** The phase that the fault cut short. */
  readonly stoppedIn: Performance['stoppedIn'];
  readonly steps: Performance['steps'];
  readonly findings: readonly Finding[];
  readonly subtests: readonly Subtest[];
  /** Null where nothing was to be counted. */
  readonly coverage: TrialCoverage | null;
  readonly splats: readonly TrialSplat[];
  readonly notes: readonly string[];
}

/**
 * Holds a started machine until the trial is over, and stops it. What fails after the steps is a note, or the fault where
 * there is none yet; it takes nothing away that was collected before.
 */
export async function observeTrial(started: StartedMachine, context: ObserveContext): Promise<Observation> {
  const { settled, directory, stop, emit, space } = context;
  const notes: string[] = [];
  if (!started.machine.isolated)
    notes.push(`QEMU was not isolated from this computer's files: ${started.machine.confinement}`);
  let timeouts = context.timeoutsFor(null);
  await using machine = started.machine;
  await using evidence = collectEvidence({
    directory,
    consolePath: machine.consolePath,
    settled,
    quietMs: () => timeouts.quietMs,
    onSplat: (title) => emit({ type: 'splatSeen', trial: context.spec.id, title }),
    notes,
  });
  machine.onConsole((chunk) => evidence.watch.push(chunk));
  const kill = () => void machine.stop();
  if (stop.signal.aborted) kill();
  stop.signal.addEventListener('abort', kill, { once: true });
  // A machine that can no longer write its log is stopped: nothing that it does now would be evidence.
  using _watch = watchSpace(directory, stop.stop, space);

  const live = await runScenario(started, context, evidence, (measured) => {
    timeouts = measured;
  });
  await evidence.keep({ ...live.performance.evidence, ...subtestFiles(live.performance.subtests) });
  notes.push(...describeVmSplats(live.performance));
  const { guest, fault: stepFault } = live;
  const { firstFinding } = evidence;
  const finish = await finishMachine({
    machine,
    guest,
    fault: stepFault,
    timeouts,
    stop,
    firstFinding,
    hasFinding: live.performance.findings.length > 0 || evidence.countFindings() > 0,
    notes,
    ...keeperOf(context),
  });
  const { splats, references } = await evidence.close(finish.log);
  const { performance } = live;
  return {
    bootMs: live.bootMs,
    consoleSpoke: evidence.watch.spoke,
    machine: finish.state,
    fault: finish.fault ?? (await findFullDisk(directory, space)),
    stoppedIn: performance.fault ? performance.stoppedIn : null,
    steps: performance.steps,
    findings: [...performance.findings, ...findInLog(settled, splats, live.bootMs !== null)],
    subtests: performance.subtests,
    coverage: live.coverage,
    splats: references,
    notes,
  };
}

/** A machine that is expected to die is no failure, and is not kept. */
function keeperOf({ keeper, settled, spec }: ObserveContext): Pick<FinishContext, 'keeper'> {
  if (!keeper || settled.expect.machine !== 'running') return {};
  return { keeper: { wants: () => keeper.wants(), take: (kept) => keeper.take(spec.id, kept) } };
}

/** Findings of the log. A splat that the scenario expects cannot have come where the scenario never began. */
function findInLog(settled: SettledScenario, splats: readonly Splat[], booted: boolean): readonly Finding[] {
  return compileSplatExpectation(settled)
    .findUnexpected(splats)
    .filter((finding) => booted || finding.kind === 'splat');
}

/** The part of a trial in which the guest is used. */
interface LivePart {
  readonly guest: Guest | null;
  readonly bootMs: number | null;
  readonly performance: Performance;
  readonly coverage: TrialCoverage | null;
  readonly fault: Fault | null;
}

const NOTHING: Performance = {
  steps: [],
  findings: [],
  subtests: [],
  fault: null,
  stoppedIn: null,
  evidence: {},
  vms: {},
};

/** Waits for the guest and performs the scenario in it. Never rejects. */
async function runScenario(
  { machine, clone, startedAt }: StartedMachine,
  context: ObserveContext,
  { watch, firstFinding, countFindings }: Evidence,
  onMeasured: (timeouts: Timeouts) => void,
): Promise<LivePart> {
  const { spec, settled, stop, emit, timeoutsFor } = context;
  let guest: Guest | null = null;
  let bootMs: number | null = null;
  try {
    guest = clone?.guest ?? (await awaitGuest(machine, timeoutsFor(null).bootMs, stop.signal));
    bootMs = clone?.upMs ?? Math.round(performance.now() - startedAt);
    const timeouts = timeoutsFor(clone?.bootMs ?? bootMs);
    onMeasured(timeouts);
    context.onBooted(bootMs);
    const counting = await startCounting(guest, spec.coverage ?? [], timeouts);
    const performed = await performTrial({
      spec,
      settled,
      machine,
      guest,
      timeouts,
      watch,
      stop,
      firstFinding,
      countFindings,
      emit,
    });
    const coverage = await counting.read(performed.fault);
    return { guest, bootMs, performance: performed, coverage, fault: performed.fault };
  } catch (error) {
    return { guest, bootMs, performance: NOTHING, coverage: null, fault: toFault(error) };
  }
}
