// SPDX-License-Identifier: MIT
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type BootMethod,
  makeTimeouts,
  type RunEmitter,
  type Timeouts,
  type TrialResult,
  type TrialRunner,
  type TrialSpec,
  toFault,
} from '../model/index.ts';
import type { SettledScenario } from '../scenario/index.ts';
import { type MachineStarter, qemuStarter, type TemplateSource } from '../vm/index.ts';
import type { Keeper } from './finish.ts';
import { type Observation, observeTrial } from './observe.ts';
import { type ArtifactResolver, resolveTrial } from './resolve.ts';
import { describeResult } from './result.ts';
import { HOST_SPACE, type SpaceProbe } from './space.ts';
import type { MachinePlace } from './specify.ts';
import { startMachine } from './start.ts';
import { createTrialStop } from './stop.ts';

/** Where trials run. Its directory is the one under which each trial gets its own, named by its id. */
export interface TrialLab extends MachinePlace {
  readonly artifacts: ArtifactResolver;
  /** Where clones come from; without it every machine is booted. */
  readonly templates?: TemplateSource;
  /** Starts machines: QEMU's unless another one is given. */
  readonly starter?: MachineStarter;
  /** Makes the time limits of a trial. */
  readonly timeouts?: typeof makeTimeouts;
  /** How the disk is watched. */
  readonly space?: SpaceProbe;
  /** Asked whether the machine of a failed trial is to be left running. */
  readonly keeper?: Keeper;
}

/** A runner that starts each trial's own machine on this computer. */
export function createTrialRunner(lab: TrialLab): TrialRunner {
  return (spec, emit, signal) => runTrial(lab, spec, emit, signal);
}

/** What is known of a trial's machine once it was started. */
interface MachineFacts {
  bootMethod: BootMethod | null;
  machineCommand: string | null;
  confinement: string | null;
}

async function runTrial(
  lab: TrialLab,
  spec: TrialSpec,
  emit: RunEmitter,
  signal: AbortSignal,
): Promise<TrialResult> {
  const startedAt = new Date();
  const directory = join(lab.directory, spec.id);
  const facts: MachineFacts = { bootMethod: null, machineCommand: null, confinement: null };
  const observed = await observe({ ...lab, directory }, spec, emit, signal, facts);
  return describeResult(observed, {
    spec,
    directory,
    startedAt,
    ...facts,
    accelerator: facts.bootMethod === null ? null : lab.accelerator,
  });
}

/** The observation and the scenario's expectations; a trial whose machine never started has nothing but its fault. */
async function observe(
  lab: TrialLab,
  spec: TrialSpec,
  emit: RunEmitter,
  signal: AbortSignal,
  facts: MachineFacts,
): Promise<{ readonly observation: Observation; readonly settled: SettledScenario | null }> {
  const { directory, accelerator, artifacts, starter = qemuStarter, templates = null } = lab;
  const make = lab.timeouts ?? makeTimeouts;
  let settled: SettledScenario | null = null;
  const timeoutsFor = (measuredBootMs: number | null): Timeouts =>
    make({
      accelerator: accelerator.kind,
      measuredBootMs,
      scenarioMs: settled?.timeoutMs ?? 0,
      ...(settled ? { graceMs: settled.graceMs } : {}),
    });
  try {
    await mkdir(directory, { recursive: true });
    const trial = await resolveTrial(spec, artifacts);
    settled = trial.settled;
    using stop = createTrialStop(signal, timeoutsFor(null).trialMs);
    const started = await startMachine(trial, {
      place: lab,
      starter,
      templates,
      timeouts: timeoutsFor(null),
      signal: stop.signal,
      onFallback: (reason) => emit({ type: 'cloneFellBack', trial: spec.id, reason }),
    }).catch((error: unknown) => {
      throw stop.reason() ?? error;
    });
    const { bootMethod } = started;
    facts.bootMethod = bootMethod;
    facts.machineCommand = started.machine.command;
    facts.confinement = started.machine.confinement;
    const observation = await observeTrial(started, {
      spec,
      settled,
      directory,
      stop,
      emit,
      onBooted: (bootMs) => emit({ type: 'machineBooted', trial: spec.id, bootMs, accelerator, bootMethod }),
      timeoutsFor,
      space: lab.space ?? HOST_SPACE,
      ...(lab.keeper ? { keeper: lab.keeper } : {}),
    });
    return { observation, settled };
  } catch (error) {
    return { observation: withoutMachine(error), settled };
  }
}

function withoutMachine(error: unknown): Observation {
  return {
    bootMs: null,
    consoleSpoke: false,
    machine: { kind: 'running' },
    fault: toFault(error),
    stoppedIn: null,
    steps: [],
    findings: [],
    subtests: [],
    coverage: null,
    splats: [],
    notes: [],
  };
}
