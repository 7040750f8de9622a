// SPDX-License-Identifier: MIT
import { createLines } from './lines.ts';
import type { Reporter } from './reporter.ts';
import { createTree, type TreeOptions } from './tree.ts';

/** `write` writes to standard error; progress goes nowhere else. */
export interface ProgressOptions extends TreeOptions {
  /** Redraw lines on a terminal; otherwise write dated lines. */
  readonly interactive: boolean;
  /** Also write a line for each step that begins, where there is no terminal. */
  readonly verbose?: boolean;
}

/** Creates the progress display of a run. */
export function createProgress(options: ProgressOptions): Reporter {
  return options.interactive ? createTree(options) : createLines(options.write, options.verbose);
}
