// SPDX-License-Identifier: MIT
import type { Command } from 'commander';

/** Adds one verb to the command line; its code is loaded when it runs. */
export type AddVerb = (command: Command, load: () => Promise<{ readonly execute: unknown }>) => void;
