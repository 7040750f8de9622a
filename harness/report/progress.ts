// SPDX-License-Identifier: MIT
import { createLines } from './lines.ts';
import type { Reporter } from './reporter.ts';
import { createTree } from './tree.ts';

export interface ProgressOptions {
  /** Standard error, or what stands for it. Nothing is ever written elsewhere. */
  readonly write: (text: string) => void;
  /** A terminal: a task tree. Otherwise dated lines. */
  readonly interactive: boolean;
  readonly color: boolean;
  /** The terminal's size now, in characters; 80 by 24 where it is not given. */
  readonly size?: () => { readonly columns: number; readonly rows: number };
}

/** Progress for people, on standard error. */
export function createProgress(options: ProgressOptions): Reporter {
  return options.interactive ? createTree(options) : createLines(options.write);
}
