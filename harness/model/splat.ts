// SPDX-License-Identifier: MIT

/** One line of a call trace. */
export interface Frame {
  readonly function: string;
  /** Bytes into the function and its size, as the kernel printed them; null where it did not. */
  readonly offset: number | null;
  readonly size: number | null;
  readonly module: string | null;
  /** False for what the unwinder only guessed (`? func`). */
  readonly reliable: boolean;
  /** True for a frame that exists only in debug information: inlined into the next frame that is not inline. */
  readonly inline: boolean;
  readonly file: string | null;
  readonly line: number | null;
}

/** One trace of a splat: `Call Trace`, `Allocated by task 5`, `backtrace`, or the instruction pointer alone. */
export interface Trace {
  readonly label: string;
  readonly frames: readonly Frame[];
}

/** What a series did to a line of the tree that it is quoted from: the base has what it takes away. */
export type LineChange = 'added' | 'removed';

/** A line of source with its neighbours. */
export interface SourceLines {
  /** The line that is meant, one of `lines`. */
  readonly line: number;
  readonly lines: readonly {
    readonly number: number;
    readonly text: string;
    /** Null for a line that the series leaves alone. */
    readonly change: LineChange | null;
  }[];
}

/** The source round the place of a frame. */
export interface SourceExcerpt extends SourceLines {
  readonly function: string;
  /** Relative to the source tree. */
  readonly file: string;
  /**
   * Lines of the same function and text that have no code of their own. Compilers make one piece of code of equal ends
   * of branches, and debug information names one line for it: the frame may as well stand at one of these.
   */
  readonly merged: readonly SourceLines[];
}

/** One complaint of the kernel in a log. */
export interface Splat {
  /** In the field's customary form: `KASAN: use-after-free Read in f`. */
  readonly title: string;
  /** Family of the complaint, such as `kasan`, `warning`, `lockdep`, `hang`. */
  readonly type: string;
  /** The function that the complaint is about, or null when the report gives none. */
  readonly culprit: string | null;
  readonly corrupted: boolean;
  readonly corruptedReason: string | null;
  readonly panicked: boolean;
  readonly comm: string | null;
  readonly pid: number | null;
  readonly cpu: number | null;
  /** The tainted line's letters, such as `G B W`, or null. */
  readonly taint: string | null;
  readonly modules: readonly string[];
  /** The instruction pointer's frame (`RIP:`, `pc :`), or null. */
  readonly pc: Frame | null;
  /** The frames of the first trace, top first, the instruction pointer not repeated. */
  readonly frames: readonly Frame[];
  readonly traces: readonly Trace[];
  /** The source round the culprit's frame; absent where it was not looked up or is not known. */
  readonly source?: SourceExcerpt;
  /** The source round the first frame in a file that the series touches, where the culprit's lies in another. */
  readonly touched?: SourceExcerpt;
  /** Byte range in the log: from the first byte of its first line to after its last. */
  readonly start: number;
  readonly end: number;
  /** The report's own lines, stamps removed, joined by line feeds. At most 64 KiB. */
  readonly text: string;
  /** Index of the splat in the same log that this one follows from, or null for a root. */
  readonly follows: number | null;
  /** What makes two splats the same bug; see `splat/signature.ts`. */
  readonly signature: string;
}

/** A piece of a file in a trial's directory. */
export interface TextRef {
  readonly file: string;
  /** First byte, from 0. */
  readonly offset: number;
  /** In bytes. */
  readonly length: number;
}

/** What reports and comparisons read of a complaint: all but its text. */
export type SplatBody = Omit<Splat, 'text'>;

/** A complaint as a trial's result has it: its text is in a file. */
export type TrialSplat = SplatBody & { readonly text: TextRef | null };
