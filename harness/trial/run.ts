// SPDX-License-Identifier: MIT
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestFile } from '../host/index.ts';
import {
  type BootMethod,
  Fault,
  type FileRef,
  type Finding,
  type Guest,
  MAXIMUM_TRIAL_SPLATS,
  makeTimeouts,
  type RunEmitter,
  type RunEventBody,
  type Splat,
  type Timeouts,
  type TrialResult,
  type TrialRunner,
  type TrialSpec,
} from '../model/index.ts';
import {
  findUnexpectedSplats,
  type Performance,
  performScenario,
  type SettledScenario,
} from '../scenario/index.ts';
import { judgeTrial, type MachineState } from '../verdict/index.ts';
import { type Machine, OVERLAY_FILE, type TemplateStore } from '../vm/index.ts';
import { collectEvidence } from './collect.ts';
import { diagnoseMachine, powerOffMachine } from './diagnose.ts';
import { asFault, blameOf, messageOf, requireSpace, watchSpace } from './fault.ts';
import { type ArtifactResolver, type ResolvedTrial, resolveTrial } from './resolve.ts';
import { sleep } from './sleep.ts';
import type { MachinePlace } from './specify.ts';
import { type StartedMachine, startMachine } from './start.ts';
import { type ConsoleWatch, watchConsole } from './watch.ts';

/** Its directory is the one under which each trial gets its own, named by its id. */
export interface TrialLab extends MachinePlace {
  readonly artifacts: ArtifactResolver;
  /** Where clones come from; without it every machine is booted. */
  readonly templates?: TemplateStore;
}

/** A runner that starts each trial's own machine on this computer. */
export function createTrialRunner(lab: TrialLab): TrialRunner {
  return async (spec, emit, signal) => new TrialRun(lab, spec, emit, signal).run();
}

/** One trial while it lasts. */
class TrialRun {
  readonly #lab: TrialLab;
  readonly #spec: TrialSpec;
  readonly #emitEvent: RunEmitter;
  readonly #signal: AbortSignal;
  readonly #directory: string;
  readonly #watch: ConsoleWatch;
  readonly #startedAt = new Date().toISOString();
  readonly #begun = performance.now();
  #bootMs: number | null = null;
  #bootMethod: BootMethod | null = null;
  #machineCommand: string | null = null;
  #announceComplaint: () => void = () => {};
  readonly #complaint = new Promise<void>((resolve) => {
    this.#announceComplaint = resolve;
  });

  constructor(lab: TrialLab, spec: TrialSpec, emit: RunEmitter, signal: AbortSignal) {
    this.#lab = lab;
    this.#spec = spec;
    this.#emitEvent = emit;
    this.#signal = signal;
    this.#directory = join(lab.directory, spec.id);
    this.#watch = watchConsole(
      (title) => this.#emit({ type: 'splatSeen', trial: spec.id, title }),
      () => this.#announceComplaint(),
    );
  }

  #emit(event: RunEventBody): void {
    this.#emitEvent(event);
  }

  async run(): Promise<TrialResult> {
    await mkdir(this.#directory, { recursive: true });
    this.#emit({
      type: 'trialStarted',
      trial: this.#spec.id,
      scenario: this.#spec.scenario,
      arm: this.#spec.arm,
      kernel: this.#spec.kernel.digest,
    });
    let result: TrialResult;
    try {
      result = await this.#perform();
    } catch (error) {
      if (this.#signal.aborted) throw error;
      result = await this.#resultOf(
        { outcome: 'failed', blame: blameOf(error), reason: messageOf(error), findings: [] },
        [],
        [],
      );
    }
    this.#emit({ type: 'trialEnded', trial: this.#spec.id, result });
    return result;
  }

  async #perform(): Promise<TrialResult> {
    const { templates = null, artifacts, ...lab } = this.#lab;
    const trial = await resolveTrial(this.#spec, artifacts);
    const started = await startMachine(
      trial,
      { ...lab, directory: this.#directory },
      templates,
      this.#signal,
      (reason) => this.#emit({ type: 'cloneFellBack', trial: this.#spec.id, reason }),
    );
    const { machine } = started;
    this.#bootMethod = started.bootMethod;
    this.#machineCommand = machine.command;
    machine.onConsole((chunk) => this.#watch.push(chunk));
    // A machine that can no longer write its log stands still: nothing that it does now would be evidence.
    const stopWatching = watchSpace(this.#directory, () => void machine.stop());
    try {
      return await this.#hold(trial, started);
    } finally {
      stopWatching();
      await machine[Symbol.asyncDispose]();
      await rm(join(this.#directory, OVERLAY_FILE), { force: true });
    }
  }

  /** Files that the scenario brought out of the guest, such as the console of a VM inside it. */
  async #keep(evidence: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, text] of Object.entries(evidence)) {
      await writeFile(join(this.#directory, name.replace(/[^\w.-]/g, '_')), text);
    }
  }

  /** From power-on, or a clone's first command, to judgement. */
  async #hold(
    { settled }: ResolvedTrial,
    { machine, clone, begun, bootMethod }: StartedMachine,
  ): Promise<TrialResult> {
    let guest: Guest | null = null;
    let performed: Performance = { steps: [], findings: [], fault: null, stoppedIn: null, evidence: {} };
    let state: MachineState;
    let timeouts = this.#makeTimeouts(settled, null);
    try {
      guest = clone?.guest ?? (await this.#awaitGuest(machine, timeouts));
      this.#bootMs = clone?.upMs ?? Math.round(performance.now() - begun);
      timeouts = this.#makeTimeouts(settled, clone?.bootMs ?? this.#bootMs);
      this.#emit({
        type: 'machineBooted',
        trial: this.#spec.id,
        bootMs: this.#bootMs,
        accelerator: this.#lab.accelerator,
        bootMethod,
      });
      performed = await this.#performWith(machine, guest, settled, timeouts);
    } catch (error) {
      if (this.#signal.aborted) throw error;
      performed = { ...performed, fault: asFault(error) };
    }
    await this.#keep(performed.evidence);
    state = await diagnoseMachine(machine, performed.fault, timeouts);
    const extra: Finding[] = [];
    if (state.kind === 'running' && guest) {
      await collectEvidence(machine, guest, this.#directory);
      try {
        extra.push(...(await powerOffMachine(machine, guest, timeouts, this.#complaint)));
      } catch (error) {
        // A guest that can no longer be told to power off is gone or hung: which of the two decides who is to blame.
        const fault = asFault(error);
        performed = { ...performed, fault: performed.fault ?? fault };
        state = await diagnoseMachine(machine, fault, timeouts);
      }
    }
    await guest?.close().catch(() => {});
    await machine[Symbol.asyncDispose]();
    await requireSpace(this.#directory);
    const splats = this.#watch.end();
    const findings = [...performed.findings, ...findUnexpectedSplats(settled, splats), ...extra];
    if (state.kind === 'running' && extra.length === 0 && machine.hasEnded()?.reason === 'panic')
      state = { kind: 'panicked' };
    const judgement = judgeTrial({
      booted: this.#bootMs !== null,
      consoleSpoke: this.#watch.spoke,
      machine: state,
      fault: performed.fault,
      stoppedIn: performed.fault ? performed.stoppedIn : null,
      findings,
      splats,
      expectedEnd: settled.expect.machine,
    });
    return await this.#resultOf(judgement, performed.steps, splats);
  }

  async #awaitGuest(machine: Machine, { bootMs: limitMs }: Timeouts): Promise<Guest> {
    const guest = await machine.connect(limitMs);
    const hello = await guest.run('true', { timeoutMs: limitMs });
    if (hello.exitCode === 0) return guest;
    throw new Fault({ blame: 'lab', code: 'TRIAL_NO_SHELL', message: 'the guest cannot run a command' });
  }

  #makeTimeouts(settled: SettledScenario, measuredBootMs: number | null): Timeouts {
    const { kind } = this.#lab.accelerator;
    return makeTimeouts({
      accelerator: kind,
      measuredBootMs,
      scenarioMs: settled.timeoutMs,
      graceMs: settled.graceMs,
    });
  }

  async #performWith(
    machine: Machine,
    guest: Guest,
    settled: SettledScenario,
    timeouts: Timeouts,
  ): Promise<Performance> {
    const stop = new AbortController();
    const ended = machine.ended.then(() => stop.abort());
    const timer = setTimeout(() => stop.abort(), timeouts.scenarioMs);
    try {
      return await performScenario(settled, {
        guest,
        consoleMark: () => this.#watch.mark(),
        waitForConsole: (pattern, timeoutMs) => this.#watch.waitFor(pattern, timeoutMs, stop.signal),
        now: () => Date.now(),
        sleep,
        signal: AbortSignal.any([stop.signal, this.#signal]),
        timeouts,
        consoleSilentMs: () => 0,
        firstFinding: new Promise(() => {}),
        seed: this.#spec.seed,
        onStepStarted: (phase, label) =>
          this.#emit({ type: 'stepStarted', trial: this.#spec.id, phase, label }),
        onStepEnded: (step) => this.#emit({ type: 'stepEnded', trial: this.#spec.id, step }),
      });
    } finally {
      clearTimeout(timer);
      void ended;
    }
  }

  async #resultOf(
    judgement: Pick<TrialResult, 'outcome' | 'blame' | 'reason' | 'findings'>,
    steps: TrialResult['steps'],
    splats: readonly Splat[],
  ): Promise<TrialResult> {
    const { id, scenario, arm, attempt } = this.#spec;
    return {
      format: 1,
      id,
      scenario,
      arm,
      attempt,
      control: this.#spec.control,
      kernel: this.#spec.kernel.digest,
      fault: null,
      ...judgement,
      splats: splats.slice(0, MAXIMUM_TRIAL_SPLATS).map((splat) => ({ ...splat, text: null })),
      splatCount: splats.length,
      steps,
      notes: [],
      startedAt: this.#startedAt,
      durationMs: Math.round(performance.now() - this.#begun),
      bootMs: this.#bootMs,
      bootMethod: this.#bootMethod,
      accelerator: this.#lab.accelerator,
      files: await this.#listFiles(),
      machineCommand: this.#machineCommand,
    };
  }

  async #listFiles(): Promise<Record<string, FileRef>> {
    const files: Record<string, FileRef> = {};
    for (const [key, name] of Object.entries({
      console: 'console.log',
      dmesg: 'dmesg.txt',
      qemu: 'qemu.log',
    })) {
      const path = join(this.#directory, name);
      const there = await stat(path).catch(() => null);
      if (there) files[key] = { name, digest: await digestFile(path), bytes: there.size };
    }
    return files;
  }
}
