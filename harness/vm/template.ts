// SPDX-License-Identifier: MIT
import type { MachineSpec } from './spec.ts';

/** Files of a template, in its directory. */
export const RAM_FILE = 'ram';
/** The empty disk in whose place a clone has its cargo. */
export const CARGO_FILE = 'cargo';
export const STATE_FILE = 'state';
export const OVERLAY_FILE = 'overlay.squashfs';

/** A booted machine frozen to disk: any number of clones can be thawed from it, at the same time. */
export interface Template {
  readonly directory: string;
  /** What the frozen machine was; clones differ in name, directory and whose RAM it is. */
  readonly spec: MachineSpec;
  /** Whether an SSH server waits at the serial port. */
  readonly serial: boolean;
  /** What that server has said already, base64. */
  readonly greeting: string;
  /** From power-on to the first guest command, in milliseconds. */
  readonly bootMs: number;
}
