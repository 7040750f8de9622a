// SPDX-License-Identifier: MIT
import { createLines } from './lines.ts';
import type { Reporter } from './reporter.ts';
import { createTree, type TreeOptions } from './tree.ts';

/** `write` goes to standard error, or what stands for it; nothing is ever written elsewhere. */
export interface ProgressOptions extends TreeOptions {
  /** A terminal: lines that change. Otherwise dated lines. */
  readonly interactive: boolean;
}

/** Progress for people, from a run's events. */
export function createProgress(options: ProgressOptions): Reporter {
  return options.interactive ? createTree(options) : createLines(options.write);
}
