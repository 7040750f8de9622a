// SPDX-License-Identifier: MIT
import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  Fault,
  type Finding,
  type Guest,
  type BootMethod,
  type RunEvent,
  type RunListener,
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
import { bootLimitMs, timeScaleOf } from './time-scale.ts';
import { sleep } from './sleep.ts';
import type { MachinePlace } from './specify.ts';
import { type StartedMachine, startMachine } from './start.ts';
import { type ConsoleWatch, watchConsole } from './watch.ts';

/** Its directory is the one under which each trial gets its own, named by its id. */
export interface TrialLab extends MachinePlace {
  /** Where clones come from; without it every machine is booted. */
  readonly templates?: TemplateStore;
}

/** A runner that starts each trial's own machine on this computer. */
export function createTrialRunner(lab: TrialLab): TrialRunner {
  return async (spec, listen, signal) => new TrialRun(lab, spec, listen, signal).run();
}

/** One trial while it lasts. */
class TrialRun {
  readonly #lab: TrialLab;
  readonly #spec: TrialSpec;
  readonly #listen: RunListener;
  readonly #signal: AbortSignal;
  readonly #directory: string;
  readonly #watch: ConsoleWatch;
  readonly #startedAt = new Date().toISOString();
  readonly #begun = performance.now();
  #bootMs: number | null = null;
  #timeScale = timeScaleOf(0);
  #bootMethod: BootMethod | null = null;
  #machineCommand = '';
  #tellComplaint: () => void = () => {};
  readonly #complaint = new Promise<void>((resolve) => {
    this.#tellComplaint = resolve;
  });

  constructor(lab: TrialLab, spec: TrialSpec, listen: RunListener, signal: AbortSignal) {
    this.#lab = lab;
    this.#spec = spec;
    this.#listen = listen;
    this.#signal = signal;
    this.#directory = join(lab.directory, spec.id);
    this.#watch = watchConsole(
      (title) => this.#tell({ type: 'splatSeen', trial: spec.id, title }),
      () => this.#tellComplaint(),
    );
  }

  #tell(event: DistributiveOmit<RunEvent, 'format' | 'at'>): void {
    const full = { format: 1, at: new Date().toISOString(), ...event } as RunEvent;
    this.#listen(full);
    void appendFile(join(this.#directory, 'events.ndjson'), `${JSON.stringify(full)}\n`).catch(() => {});
  }

  async run(): Promise<TrialResult> {
    await mkdir(this.#directory, { recursive: true });
    this.#tell({
      type: 'trialStarted',
      trial: this.#spec.id,
      scenario: this.#spec.scenario,
      arm: this.#spec.arm,
    });
    let result: TrialResult;
    try {
      result = await this.#perform();
    } catch (error) {
      if (this.#signal.aborted) throw error;
      result = this.#resultOf(
        { outcome: 'failed', blame: blameOf(error), reason: messageOf(error), findings: [] },
        [],
        [],
      );
    }
    result = await writeFile(
      join(this.#directory, 'trial.json'),
      `${JSON.stringify(result, null, 2)}\n`,
    ).then(
      () => result,
      (error: unknown): TrialResult => ({
        ...result,
        outcome: 'failed',
        blame: blameOf(error),
        reason: messageOf(error),
      }),
    );
    this.#tell({ type: 'trialEnded', trial: this.#spec.id, result });
    return result;
  }

  async #perform(): Promise<TrialResult> {
    const { templates = null, ...lab } = this.#lab;
    const started = await startMachine(
      this.#spec,
      { ...lab, directory: this.#directory },
      templates,
      this.#signal,
      (reason) => this.#tell({ type: 'cloneFellBack', trial: this.#spec.id, reason }),
    );
    const { machine } = started;
    this.#bootMethod = started.bootMethod;
    this.#machineCommand = machine.command;
    machine.onConsole((chunk) => this.#watch.push(chunk));
    // A machine that can no longer write its log stands still: nothing that it does now would be evidence.
    const stopWatching = watchSpace(this.#directory, () => void machine.stop());
    try {
      return await this.#hold(started);
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
  async #hold({ machine, clone, begun }: StartedMachine): Promise<TrialResult> {
    const settled = this.#spec.settled as SettledScenario;
    let guest: Guest | null = null;
    let performed: Performance = { steps: [], findings: [], fault: null };
    let state: MachineState;
    try {
      guest = clone?.guest ?? (await this.#awaitGuest(machine));
      this.#bootMs = clone?.upMs ?? Math.round(performance.now() - begun);
      this.#timeScale = timeScaleOf(clone?.bootMs ?? this.#bootMs);
      this.#tell({
        type: 'machineBooted',
        trial: this.#spec.id,
        bootMs: this.#bootMs,
        accelerator: `${this.#lab.accelerator.kind} (${this.#lab.accelerator.reason})`,
        ...(this.#bootMethod ? { bootMethod: this.#bootMethod } : {}),
      });
      performed = await this.#performWith(machine, guest, settled);
    } catch (error) {
      if (this.#signal.aborted) throw error;
      performed = { ...performed, fault: asFault(error) };
    }
    await this.#keep(performed.evidence ?? {});
    const timeScale = this.#timeScale;
    state = await diagnoseMachine(machine, performed.fault, timeScale);
    const extra: Finding[] = [];
    if (state.kind === 'running' && guest) {
      await collectEvidence(machine, guest, this.#directory);
      try {
        extra.push(...(await powerOffMachine(machine, guest, timeScale, this.#complaint)));
      } catch (error) {
        // A guest that can no longer be told to power off is gone or hung: which of the two decides who is to blame.
        const fault = asFault(error);
        performed = { ...performed, fault: performed.fault ?? fault };
        state = await diagnoseMachine(machine, fault, timeScale);
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
      findings,
      splats,
      expectedEnd: settled.expect.machine,
    });
    return this.#resultOf(judgement, performed.steps, splats);
  }

  async #awaitGuest(machine: Machine): Promise<Guest> {
    const limitMs = bootLimitMs(this.#lab.accelerator.kind);
    const guest = await machine.connect(limitMs);
    const hello = await guest.run('true', { timeoutMs: limitMs });
    if (hello.exitCode === 0) return guest;
    throw new Fault({ blame: 'lab', code: 'TRIAL_NO_SHELL', message: 'the guest cannot run a command' });
  }

  /** Performs the steps; a machine that ends or panics ends them at once. */
  async #performWith(machine: Machine, guest: Guest, settled: SettledScenario): Promise<Performance> {
    const stop = new AbortController();
    const ended = machine.ended.then(() => stop.abort());
    const timer = setTimeout(() => stop.abort(), this.#spec.timeoutMs * this.#timeScale);
    try {
      return await performScenario(settled, {
        guest,
        consoleMark: () => this.#watch.mark(),
        waitForConsole: (pattern, timeoutMs) => this.#watch.waitFor(pattern, timeoutMs, stop.signal),
        now: () => Date.now(),
        sleep: (ms) => sleep(ms, stop.signal),
        signal: AbortSignal.any([stop.signal, this.#signal]),
        timeScale: this.#timeScale,
        onStepStarted: (phase, label) =>
          this.#tell({ type: 'stepStarted', trial: this.#spec.id, phase, label }),
        onStepEnded: (step) => this.#tell({ type: 'stepEnded', trial: this.#spec.id, step }),
      });
    } finally {
      clearTimeout(timer);
      void ended;
    }
  }

  #resultOf(
    judgement: Pick<TrialResult, 'outcome' | 'blame' | 'reason' | 'findings'>,
    steps: TrialResult['steps'],
    splats: TrialResult['splats'],
  ): TrialResult {
    const { id, scenario, arm, attempt } = this.#spec;
    return {
      format: 1,
      id,
      scenario,
      arm,
      attempt,
      ...judgement,
      splats,
      steps,
      startedAt: this.#startedAt,
      durationMs: Math.round(performance.now() - this.#begun),
      bootMs: this.#bootMs,
      ...(this.#bootMethod ? { bootMethod: this.#bootMethod } : {}),
      accelerator: `${this.#lab.accelerator.kind} (${this.#lab.accelerator.reason})`,
      files: { console: 'console.log', events: 'events.ndjson', dmesg: 'dmesg.txt' },
      machineCommand: this.#machineCommand,
    };
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
