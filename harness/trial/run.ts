// SPDX-License-Identifier: MIT
import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bakeOverlay, makeKeys, type OverlayFile } from '../image/index.ts';
import {
  Fault,
  type Finding,
  type Guest,
  type TrialEvent,
  type TrialListener,
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
import { type Accelerator, bootMachine, type Machine } from '../vm/index.ts';
import { collectEvidence } from './collect.ts';
import { diagnoseMachine, powerOffMachine } from './diagnose.ts';
import { asFault, blameOf, messageOf, mustHaveSpace, watchSpace } from './fault.ts';
import { bootLimitMs, paceOf } from './pace.ts';
import { sleep } from './sleep.ts';
import { type ConsoleWatch, watchConsole } from './watch.ts';

export interface TrialLab {
  /** Directory under which each trial gets its own, named by its id. */
  readonly directory: string;
  readonly accelerator: Accelerator;
  /** Makes the root file system of a VM inside the guest, by its name in images/; returns its path. */
  readonly bakeL2Root: (name: string, signal: AbortSignal) => Promise<string>;
}

/** A runner that boots each trial's own machine on this computer. */
export function createTrialRunner(lab: TrialLab): TrialRunner {
  return async (spec, listen, signal) => new TrialRun(lab, spec, listen, signal).run();
}

/** One trial while it lasts. */
class TrialRun {
  readonly #lab: TrialLab;
  readonly #spec: TrialSpec;
  readonly #listen: TrialListener;
  readonly #signal: AbortSignal;
  readonly #directory: string;
  readonly #watch: ConsoleWatch;
  readonly #startedAt = new Date().toISOString();
  readonly #begun = performance.now();
  #bootMs: number | null = null;
  #machineCommand = '';
  #complained = false;

  constructor(lab: TrialLab, spec: TrialSpec, listen: TrialListener, signal: AbortSignal) {
    this.#lab = lab;
    this.#spec = spec;
    this.#listen = listen;
    this.#signal = signal;
    this.#directory = join(lab.directory, spec.id);
    this.#watch = watchConsole((title) => {
      this.#complained = true;
      this.#tell({ type: 'splatSeen', trial: spec.id, title });
    });
  }

  #tell(event: DistributiveOmit<TrialEvent, 'format' | 'at'>): void {
    const full = { format: 1, at: new Date().toISOString(), ...event } as TrialEvent;
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
    const { kernel, image, machine: needs } = this.#spec;
    const keys = makeKeys();
    const overlayPath = join(this.#directory, 'overlay.squashfs');
    await bakeOverlay(
      overlayPath,
      { keys, modulesDirectory: kernel.modules, files: await this.#l2Files() },
      { signal: this.#signal },
    );
    const machine = await bootMachine(
      {
        name: this.#spec.id,
        directory: this.#directory,
        bootImage: kernel.bootImage,
        rootPath: image.rootPath,
        overlayPath,
        cpus: needs.cpus,
        memoryMib: needs.memoryMib,
        kernelArgs: needs.kernelArgs,
        accelerator: this.#lab.accelerator,
        keys,
      },
      { signal: this.#signal },
    );
    this.#machineCommand = machine.command;
    machine.onConsole((chunk) => this.#watch.push(chunk));
    // A machine that can no longer write its log stands still: nothing that it does now would be evidence.
    const stopWatching = watchSpace(this.#directory, () => void machine.stop());
    try {
      return await this.#hold(machine);
    } finally {
      stopWatching();
      await machine[Symbol.asyncDispose]();
      await rm(overlayPath, { force: true });
    }
  }

  async #l2Files(): Promise<OverlayFile[]> {
    const settled = this.#spec.settled as SettledScenario;
    const files: OverlayFile[] = [];
    for (const [name, kernel] of Object.entries(this.#spec.l2)) {
      const root = await this.#lab.bakeL2Root(settled.l2[name]?.image ?? 'l2', this.#signal);
      files.push(
        { path: `/l2/${name}/bzImage`, from: kernel.bootImage },
        { path: `/l2/${name}/initramfs.cpio`, from: root },
      );
    }
    return files;
  }

  /** Files that the scenario brought out of the guest, such as the console of a VM inside it. */
  async #keep(evidence: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, text] of Object.entries(evidence)) {
      await writeFile(join(this.#directory, name.replace(/[^\w.-]/g, '_')), text);
    }
  }

  /** From power-on to judgement. */
  async #hold(machine: Machine): Promise<TrialResult> {
    const settled = this.#spec.settled as SettledScenario;
    let guest: Guest | null = null;
    let performance_: Performance = { steps: [], findings: [], fault: null };
    let state: MachineState;
    try {
      guest = await machine.connect(bootLimitMs(this.#lab.accelerator.kind));
      const hello = await guest.run('true', { timeoutMs: bootLimitMs(this.#lab.accelerator.kind) });
      if (hello.exitCode !== 0)
        throw new Fault({ blame: 'lab', code: 'TRIAL_NO_SHELL', message: 'the guest cannot run a command' });
      this.#bootMs = Math.round(performance.now() - this.#begun);
      this.#tell({
        type: 'machineBooted',
        trial: this.#spec.id,
        bootMs: this.#bootMs,
        accelerator: `${this.#lab.accelerator.kind} (${this.#lab.accelerator.reason})`,
      });
      performance_ = await this.#performWith(machine, guest, settled);
    } catch (error) {
      if (this.#signal.aborted) throw error;
      performance_ = { ...performance_, fault: asFault(error) };
    }
    await this.#keep(performance_.evidence ?? {});
    const pace = paceOf(this.#bootMs ?? 0);
    state = await diagnoseMachine(machine, performance_.fault, pace);
    const extra: Finding[] = [];
    if (state.kind === 'running' && guest) {
      await collectEvidence(guest, this.#directory);
      try {
        extra.push(...(await powerOffMachine(machine, guest, pace, this.#complained)));
      } catch (error) {
        // A guest that can no longer be told to power off is gone or hung: which of the two decides who is to blame.
        const fault = asFault(error);
        performance_ = { ...performance_, fault: performance_.fault ?? fault };
        state = await diagnoseMachine(machine, fault, pace);
      }
    }
    await guest?.close().catch(() => {});
    await machine[Symbol.asyncDispose]();
    await mustHaveSpace(this.#directory);
    const splats = this.#watch.end();
    const findings = [...performance_.findings, ...findUnexpectedSplats(settled, splats), ...extra];
    if (state.kind === 'running' && extra.length === 0 && machine.hasEnded()?.reason === 'panic')
      state = { kind: 'panicked' };
    const judgement = judgeTrial({
      booted: this.#bootMs !== null,
      consoleSpoke: this.#watch.spoke,
      machine: state,
      fault: performance_.fault,
      findings,
      splats,
      expectedEnd: settled.expect.machine,
    });
    return this.#resultOf(judgement, performance_.steps, splats);
  }

  /** Performs the steps; a machine that ends or panics ends them at once. */
  async #performWith(machine: Machine, guest: Guest, settled: SettledScenario): Promise<Performance> {
    const stop = new AbortController();
    const ended = machine.ended.then(() => stop.abort());
    const timer = setTimeout(() => stop.abort(), this.#spec.timeoutMs * paceOf(this.#bootMs ?? 0));
    try {
      return await performScenario(settled, {
        guest,
        consoleMark: () => this.#watch.mark(),
        waitForConsole: (pattern, timeoutMs) => this.#watch.waitFor(pattern, timeoutMs, stop.signal),
        now: () => Date.now(),
        sleep: (ms) => sleep(ms, stop.signal),
        signal: AbortSignal.any([stop.signal, this.#signal]),
        pace: paceOf(this.#bootMs ?? 0),
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
      accelerator: `${this.#lab.accelerator.kind} (${this.#lab.accelerator.reason})`,
      files: { console: 'console.log', events: 'events.ndjson', dmesg: 'dmesg.txt' },
      machineCommand: this.#machineCommand,
    };
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
