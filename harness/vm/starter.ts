// SPDX-License-Identifier: MIT
import type { DataDisk, Limits } from '../model/index.ts';
import { bootMachine } from './boot.ts';
import type { FreezeOptions } from './freeze.ts';
import type { Machine } from './machine.ts';
import type { MachineSpec } from './spec.ts';
import type { Template } from './template.ts';
import { type Clone, type ClonePlace, thawClone } from './thaw.ts';

/** Starts machines: QEMU's in the product, scripted ones in tests. */
export interface MachineStarter {
  /** Boots a machine. When this resolves the machine runs; its guest is not up yet. */
  boot(
    spec: MachineSpec,
    options: { readonly signal?: AbortSignal; readonly limits?: Limits },
  ): Promise<Machine>;
  /** Thaws a clone of a template. Its CPUs run when this resolves. */
  thaw(template: Template, place: ClonePlace): Promise<Clone<Machine>>;
}

/** Where templates come from: a `TemplateStore` in the product. */
export interface TemplateSource {
  /** The key of the template for a machine; `contents` are digests of the files that the spec names by path. */
  keyOf(spec: MachineSpec, contents: readonly string[]): Promise<string>;
  /** Finds the template of a key, or boots and freezes the machine that `specify` describes. */
  open(
    key: string,
    specify: (directory: string) => Promise<MachineSpec>,
    options: FreezeOptions,
  ): Promise<Template>;
  /** Makes a data disk once for all clones that name it. */
  shareDataDisk(name: string, make: (path: string) => Promise<DataDisk>): Promise<DataDisk>;
}

/** Starts QEMU machines on this computer. */
export const qemuStarter: MachineStarter = { boot: bootMachine, thaw: thawClone };

/** The same, for machines that may be left running. */
export const keepableStarter: MachineStarter = {
  boot: (spec, options) => bootMachine(spec, { ...options, keepable: true }),
  thaw: (template, place) => thawClone(template, { ...place, keepable: true }),
};
