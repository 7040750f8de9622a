// SPDX-License-Identifier: MIT

/** Who is to blame when a trial fails. `kernel` is the only one that counts against a series. */
export type Blame = 'kernel' | 'scenario' | 'lab' | 'harness';

/** Who is to blame for a fault. `request` is what the user typed or handed in: an option, a mailbox, a file. */
export type FaultBlame = Blame | 'request';

/** Where in a text something is wrong. Lines and columns count from 1, `offset` and `length` from 0 in UTF-16 units. */
export interface Span {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

export interface FaultOptions {
  readonly blame: FaultBlame;
  /** `ROOM_PROBLEM`, such as `CONFIG_LOST_OPTION`: stable, for programs and for searching. */
  readonly code: string;
  /** One sentence: what is wrong, where, and why. */
  readonly message: string;
  /** What the reader can do next; shown on a line of its own. */
  readonly next?: string;
  /** Further lines for a person: a log's tail, the command line, a code frame with a caret. */
  readonly details?: readonly string[];
  readonly span?: Span;
  readonly cause?: unknown;
}

/** The one error class of ktrial. Expected bad news (a splat, a patch that does not apply) is a value, not a Fault. */
export class Fault extends Error {
  readonly blame: FaultBlame;
  readonly code: string;
  readonly next: string | undefined;
  readonly details: readonly string[];
  readonly span: Span | undefined;

  constructor(options: FaultOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Fault';
    this.blame = options.blame;
    this.code = options.code;
    this.next = options.next;
    this.details = options.details ?? [];
    this.span = options.span;
  }
}

/** Whether an unknown thrown value is a Fault, optionally with this code. */
export function isFault(value: unknown, code?: string): value is Fault {
  return value instanceof Fault && (code === undefined || value.code === code);
}

/** The exit code of the command line for a fault: 2 bad request or scenario, 69 lab, 70 a bug in ktrial, 1 kernel. */
export function exitCodeOf(fault: Fault): number {
  switch (fault.blame) {
    case 'request':
    case 'scenario':
      return 2;
    case 'lab':
      return 69;
    case 'harness':
      return 70;
    case 'kernel':
      return 1;
  }
}
