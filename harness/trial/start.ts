// SPDX-License-Identifier: MIT
import { rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type BootMethod, Fault, type Guest, type Timeouts } from '../model/index.ts';
import type { Machine, MachineStarter, TemplateSource } from '../vm/index.ts';
import type { ResolvedTrial } from './resolve.ts';
import { type MachinePlace, makeDataDisk, planMachine, specifyMachine, specifyTemplate } from './specify.ts';

/** A machine for one trial. A clone is up already; for a cold boot the caller waits until the guest is up. */
export interface StartedMachine {
  readonly machine: Machine;
  readonly bootMethod: BootMethod;
  readonly clone: CloneUp | null;
  /** When it was started, by `performance.now()`. */
  readonly startedAt: number;
}

/** A clone that came up. */
export interface CloneUp {
  readonly guest: Guest;
  /** From its start to a session, its clock set and its data disk mounted, in milliseconds; its template has run commands. */
  readonly upMs: number;
  /** Estimated cold-boot time under the current load, derived from the thaw; it scales the time limits. In milliseconds. */
  readonly bootMs: number;
}

/** Where a trial's machine comes from. */
export interface StartContext {
  readonly place: MachinePlace;
  readonly starter: MachineStarter;
  /** Null: every machine is booted. */
  readonly templates: TemplateSource | null;
  /** Limits before anything was measured. */
  readonly timeouts: Timeouts;
  readonly signal: AbortSignal;
  /** Called with the reason when there is no clone although one was allowed. */
  readonly onFallback: (reason: string) => void;
}

/**
 * Time of a boot to its first command, divided by the time of a thaw to a session, under the same load. Measured by
 * `make/boot-per-thaw.ts` (docs/performance.md). The template's own boot time is not used: the load may have been different then.
 */
const BOOT_PER_THAW = 12;

/** Logs of a machine, in its directory. */
export const MACHINE_LOGS = { console: 'console.log', qemu: 'qemu.log' };

/** Beside the trials' directories: disks that clones share, kept so that each machine can be booted by hand. */
const DISKS_DIRECTORY = 'disks';

/** The name under which a log of a clone is kept that did not come up. */
export function nameOfCloneLog(log: string): string {
  return `clone-${log}`;
}

const COLD: BootMethod = { kind: 'cold', template: null, qmpMs: null, memoryMib: null, fallbackReason: null };

/**
 * Starts a trial's machine: a clone where the trial allows one and there are templates, else a cold boot. When there is
 * no clone to be had, or it does not come up, the machine boots instead, and the failed clone's logs are kept as
 * `clone-*.log`. What a boot does wrong is then judged as always: templates judge nothing.
 */
export async function startMachine(trial: ResolvedTrial, context: StartContext): Promise<StartedMachine> {
  const { place, templates, signal } = context;
  let fallbackReason: string | null = null;
  if (templates && trial.spec.boot === 'clone') {
    try {
      return await startClone(trial, context, templates);
    } catch (error) {
      signal.throwIfAborted();
      fallbackReason = error instanceof Error ? error.message : String(error);
      context.onFallback(fallbackReason);
      for (const log of Object.values(MACHINE_LOGS))
        await rename(join(place.directory, log), join(place.directory, nameOfCloneLog(log))).catch(() => {});
    }
  }
  const spec = await specifyMachine(trial, place, signal);
  const startedAt = performance.now();
  const machine = await context.starter.boot(spec, { signal, ...limitsOf(place) });
  return { machine, bootMethod: { ...COLD, fallbackReason }, clone: null, startedAt };
}

async function startClone(
  trial: ResolvedTrial,
  { place, starter, timeouts, signal }: StartContext,
  templates: TemplateSource,
): Promise<StartedMachine> {
  // Arms of a series often share the boot image and differ in modules: these do not make the template another.
  const { template: boot = 0 } = trial.spec;
  const contents = [trial.kernel.bootDigest, trial.image.digest, ...(boot === 0 ? [] : [`boot ${boot}`])];
  const key = await templates.keyOf(await planMachine(trial, place), contents);
  const specify = (directory: string) => specifyTemplate(trial, { ...place, directory }, signal);
  const dataDisk = await makeDataDisk(trial, place, templates, signal);
  const template = await templates.open(key, specify, {
    bootLimitMs: timeouts.bootMs,
    dataDisk,
    signal,
    ...limitsOf(place),
  });
  const startedAt = performance.now();
  const clone = await starter.thaw(template, {
    name: trial.spec.id,
    directory: place.directory,
    bootImage: trial.kernel.bootImage,
    rootPath: trial.image.rootPath,
    dataDisk,
    disksDirectory: join(dirname(place.directory), DISKS_DIRECTORY),
    seed: trial.spec.seed,
    signal,
    ...limitsOf(place),
  });
  const { machine, qmpMs } = clone;
  try {
    const guest = await machine.connect(timeouts.cloneUpMs, signal);
    await clone.revived;
    const upMs = Math.round(performance.now() - startedAt);
    const memoryMib = await machine.measureMemoryMib();
    return {
      machine,
      bootMethod: {
        kind: 'clone',
        template: key,
        qmpMs,
        memoryMib: memoryMib === null ? null : Math.round(memoryMib),
        fallbackReason: null,
      },
      clone: { guest, upMs, bootMs: upMs * BOOT_PER_THAW },
      startedAt,
    };
  } catch (error) {
    await machine[Symbol.asyncDispose]();
    throw error;
  }
}

function limitsOf({ limits }: MachinePlace): Pick<MachinePlace, 'limits'> {
  return limits ? { limits } : {};
}

/** Waits for the guest of a machine that boots, until it runs a command. */
export async function awaitGuest(machine: Machine, limitMs: number, signal: AbortSignal): Promise<Guest> {
  const guest = await machine.connect(limitMs, signal);
  const hello = await guest.run('true', { timeoutMs: limitMs });
  if (hello.exitCode === 0) return guest;
  throw new Fault({
    blame: 'lab',
    code: 'TRIAL_NO_SHELL',
    message: `the guest cannot run a command: got exit code ${hello.exitCode}, expected 0`,
    details: hello.stderr === '' ? [] : hello.stderr.slice(-2_000).trimEnd().split('\n').slice(-5),
  });
}
