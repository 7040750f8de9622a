// SPDX-License-Identifier: MIT
import type { ArmOutcome, Performer } from '../campaign/performer.ts';
import type { ArmBuild, KernelId, PlannedArm, TrialResult, TrialSpec } from '../model/index.ts';
import { aTrial } from './trials.ts';

/** What the world does to a campaign whose performer takes no time. */
export interface FakeWorld {
  /** Names of arms that do not compile. */
  readonly broken?: readonly string[];
  /** The series does not apply. */
  readonly conflict?: boolean;
  /** By arm, and then by scenario, what the kernel has not. */
  readonly unmet?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly patches?: number;
  readonly notes?: readonly string[];
  /** What a trial comes to; passed when absent. */
  readonly result?: (spec: TrialSpec) => Partial<TrialResult>;
  /** Awaited by each trial before it ends. */
  readonly delay?: (spec: TrialSpec, signal: AbortSignal) => Promise<void>;
}

/** A performer that does nothing and tells what was asked of it. */
export interface FakePerformer extends Performer {
  /** What was asked for, in order: `apply`, `build base`, `trial s.base.1`, … */
  readonly asked: readonly string[];
}

/** Same world, same answers: a campaign on it is a function of its plan. */
export function aPerformer(world: FakeWorld = {}): FakePerformer {
  const asked: string[] = [];
  const ask = async (what: string) => {
    asked.push(what);
    await null;
  };
  return {
    asked,
    async apply() {
      await ask('apply');
      const notes = world.notes ?? [];
      const patches = Array.from({ length: world.patches ?? 1 }, (_, index) => ({
        number: index + 1,
        subject: `patch ${index + 1}`,
        commit: `c${index + 1}`,
        how: 'plain' as const,
        files: [`file${index + 1}.c`],
      }));
      if (!world.conflict) return { ok: true, base: 'c0', config: 'cf', patches, notes };
      const conflict = {
        number: 1,
        subject: 'patch 1',
        file: 'file1.c',
        hunk: null,
        words: 'does not apply',
      };
      return { ok: false, rejection: { kind: 'conflict', conflict, applied: [] }, notes };
    },
    async buildArm(arm) {
      await ask(`build ${arm.name}`);
      const outcome = buildOf(arm, world.broken?.includes(arm.name) !== true);
      const unmet = world.unmet?.[arm.name];
      return unmet ? { ...outcome, build: { ...outcome.build, unmet } } : outcome;
    },
    async buildL2(name) {
      await ask(`l2 ${name}`);
      return aKernelId(name);
    },
    async makeImage() {
      await ask('image');
      return { digest: 'image', name: 'guest' };
    },
    async runTrial(spec, emit, signal) {
      await ask(`trial ${spec.id}`);
      const bootMethod = {
        kind: spec.boot,
        template: null,
        qmpMs: null,
        memoryMib: null,
        fallbackReason: null,
      };
      emit({
        type: 'machineBooted',
        trial: spec.id,
        bootMs: 1000,
        accelerator: { kind: 'tcg', reason: 'test' },
        bootMethod,
      });
      await world.delay?.(spec, signal);
      return aTrial(spec.id, {
        arm: spec.arm,
        scenario: spec.scenario,
        attempt: spec.attempt,
        control: spec.control,
        kernel: spec.kernel.digest,
        bootMethod,
        ...world.result?.(spec),
      });
    },
    async runStatic(trial) {
      await ask(`static ${trial.id}`);
      const { scenario, arm, attempt } = trial;
      const result = aTrial(trial.id, {
        scenario,
        arm,
        attempt,
        static: true,
        bootMs: null,
        bootMethod: null,
      });
      return { ...result, ...world.result?.({ ...trial } as unknown as TrialSpec) };
    },
    nameLines: async (result) => result,
    clearTrial: async () => {},
    findLost: async () => [],
    [Symbol.asyncDispose]: async () => {},
  };
}

function aKernelId(name: string): KernelId {
  return {
    digest: `kernel-${name}`,
    name: 'smoke-5.10',
    arch: 'x86_64',
    release: '5.10.223',
    bootDigest: 'boot',
    compiler: 'gcc 12',
    commit: name,
  };
}

function buildOf(arm: PlannedArm, built: boolean): ArmOutcome {
  const error = {
    severity: 'error',
    file: 'file1.c',
    line: 1,
    column: null,
    message: 'expected ;',
    option: null,
    patch: arm.patches,
  } as const;
  const build: ArmBuild = {
    arm: arm.name,
    patches: arm.patches,
    subject: arm.patches === 0 ? null : `patch ${arm.patches}`,
    built,
    cached: false,
    durationMs: 1000,
    newDiagnostics: built ? [] : [error],
    sameBoot: true,
  };
  const logTail = built ? [] : ['make: *** Error'];
  return { build, kernel: built ? aKernelId(arm.name) : null, logTail, notes: [] };
}
