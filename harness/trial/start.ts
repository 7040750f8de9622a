// SPDX-License-Identifier: MIT
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type BootMethod, type Guest, makeTimeouts } from '../model/index.ts';
import {
  bootMachine,
  keyOfTemplate,
  type Machine,
  measureMemoryMib,
  type TemplateStore,
  thawClone,
} from '../vm/index.ts';
import { messageOf } from './fault.ts';
import type { ResolvedTrial } from './resolve.ts';
import { type MachinePlace, makeDataDisk, planMachine, specifyMachine, specifyTemplate } from './specify.ts';

/** A machine for one trial. A clone is up already; one that boots is waited for by whoever holds it. */
export interface StartedMachine {
  readonly machine: Machine;
  readonly bootMethod: BootMethod;
  readonly clone: CloneUp | null;
  /** When the work on it began, by `performance.now()`. */
  readonly begun: number;
}

/** What is known of a clone that came up. */
export interface CloneUp {
  readonly guest: Guest;
  /** From its start to a session, its clock set and its data disk mounted, in milliseconds; its template has run commands. */
  readonly upMs: number;
  /** What a boot of its kernel would take now, in milliseconds, by how long the thaw took: time-outs are scaled by that. */
  readonly bootMs: number;
}

/** A clone is up in a second; one that is not by then, in milliseconds, on the busiest computer will not come. */
const CLONE_UP_MS = 60_000;

/**
 * A boot to its first command by a thaw to a session, as measured (docs/performance.md). The template's own boot may have
 * been on a computer with more to do, or less, than it has now.
 */
const BOOT_PER_THAW = 25;

const COLD: BootMethod = { kind: 'cold', template: null, qmpMs: null, memoryMib: null, fallbackReason: null };

/**
 * Starts a trial's machine: a clone where the trial allows one and there are templates, else one that boots. When there
 * is no clone to be had, or it does not come up, the machine boots instead, `onReplaced` is told why, and the failed
 * clone's logs are kept as `clone-*.log`. What a boot does wrong is then judged as always: templates judge nothing.
 */
export async function startMachine(
  trial: ResolvedTrial,
  place: MachinePlace,
  templates: TemplateStore | null,
  signal: AbortSignal,
  onReplaced: (reason: string) => void,
): Promise<StartedMachine> {
  let replaced: string | null = null;
  if (templates && trial.spec.boot === 'clone') {
    try {
      return await bringClone(trial, place, templates, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      replaced = messageOf(error);
      onReplaced(replaced);
      for (const log of ['console.log', 'qemu.log'])
        await rename(join(place.directory, log), join(place.directory, `clone-${log}`)).catch(() => {});
    }
  }
  const begun = performance.now();
  const machine = await bootMachine(await specifyMachine(trial, place, signal), { signal });
  return { machine, bootMethod: { ...COLD, fallbackReason: replaced }, clone: null, begun };
}

async function bringClone(
  trial: ResolvedTrial,
  place: MachinePlace,
  templates: TemplateStore,
  signal: AbortSignal,
): Promise<StartedMachine> {
  // Arms of a series often share the boot image and differ in modules: these do not make the template another.
  const contents = [trial.kernel.bootDigest, trial.image.digest];
  const key = await keyOfTemplate(planMachine(trial, place), contents);
  const specify = (directory: string) => specifyTemplate(trial, { ...place, directory }, signal);
  const dataDisk = await makeDataDisk(trial, place, templates, signal);
  const template = await templates.open(key, specify, {
    bootLimitMs: makeTimeouts({
      accelerator: place.accelerator.kind,
      measuredBootMs: null,
      scenarioMs: trial.settled.timeoutMs,
    }).bootMs,
    dataDisk,
    signal,
  });
  const begun = performance.now();
  const clone = await thawClone(template, {
    name: trial.spec.id,
    directory: place.directory,
    dataDisk,
    signal,
  });
  const { machine, qmpMs } = clone;
  try {
    const guest = await machine.connect(CLONE_UP_MS, signal);
    await clone.revived;
    const upMs = Math.round(performance.now() - begun);
    const memoryMib = await measureMemoryMib(machine.pid);
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
      begun,
    };
  } catch (error) {
    await machine[Symbol.asyncDispose]();
    throw error;
  }
}
