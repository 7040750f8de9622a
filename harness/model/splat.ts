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
  /** Other titles that a sensible reader might give it, such as `bad-access in f`: see `groupFindings`. */
  readonly alternatives: readonly string[];
  /** Family of the complaint, such as `KASAN-USE-AFTER-FREE-READ`, `WARNING`, `LOCKDEP`, `HANG`: see `splat/kinds/type.ts`. */
  readonly type: string;
  /** The function that the complaint is about, or null when the report gives none. */
  readonly culprit: string | null;
  readonly corrupted: boolean;
  readonly corruptedReason: string | null;
  readonly panicked: boolean;
  /** The stamp of its headline, in seconds since boot; null in a log without stamps. */
  readonly seconds: number | null;
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
  /** Where the culprit lies outside the files that the series touches: the source around the first frame inside them. */
  readonly touched?: SourceExcerpt;
  /** Byte range in the log: from the first byte of its first line to after its last. */
  readonly start: number;
  readonly end: number;
  /** The report's own lines, stamps removed, joined by line feeds. At most 64 KiB. */
  readonly text: string;
  /**
   * Index of an earlier splat of the same log whose consequence this one probably is; null for a root. It orders the
   * display. Whether it excuses a splat is decided by `findExplained`.
   */
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

/**
 * The splats that need no finding of their own: each follows, directly or by way of others, from a root that is itself a
 * finding. A splat whose root is allowed or expected is not among them and is judged by itself.
 */
export function findExplained<One extends Pick<Splat, 'follows'>>(
  splats: readonly One[],
  isFinding: (splat: One) => boolean,
): ReadonlySet<One> {
  const explained = new Set<One>();
  for (const [index, splat] of splats.entries()) {
    const root = findRoot(splats, index);
    if (root !== null && isFinding(root)) explained.add(splat);
  }
  return explained;
}

/** The root of a chain; null for a splat that is one itself. A reference that does not point back ends the chain. */
function findRoot<One extends Pick<Splat, 'follows'>>(splats: readonly One[], start: number): One | null {
  let at = start;
  for (;;) {
    const next = splats[at]?.follows ?? at;
    if (next >= at || splats[next] === undefined) break;
    at = next;
  }
  return at === start ? null : (splats[at] ?? null);
}
