// SPDX-License-Identifier: MIT

/** One patch of a series, as it came. */
export interface Patch {
  /** 1 for the first. */
  readonly number: number;
  /** Subject without the bracketed prefix. */
  readonly subject: string;
  readonly author: string;
  readonly messageId: string | null;
  /** Files that its diff touches, as paths in the tree after it (before it, for a deleted file). */
  readonly files: readonly string[];
  /** The mail, ready for `git am`. */
  readonly mail: string;
}

/** Patches in order, with their base and cover letter. */
export interface Series {
  readonly title: string;
  /** 2 for `[PATCHv2 …]`, 1 where none is given. */
  readonly version: number;
  /** The cover letter's text, or null. */
  readonly cover: string | null;
  readonly patches: readonly Patch[];
  /** `base-commit:` where it was given. */
  readonly baseCommit: string | null;
  /** SHA-256, hex, over the patches' mails in order. */
  readonly digest: string;
  /** Where it came from, as the user named it. */
  readonly origin: string;
  /** What was set right or left out on the way in, each a sentence: sorted, replies dropped, … */
  readonly notes: readonly string[];
}

/** What applying one patch came to. */
export interface AppliedPatch {
  readonly number: number;
  readonly subject: string;
  readonly commit: string;
  /** `plain`, `threeWay` (`git am -3` had to merge) or `reducedContext` (fewer context lines had to match). */
  readonly how: 'plain' | 'threeWay' | 'reducedContext';
  readonly files: readonly string[];
}

/** A patch that does not apply: news about the series, not an exception. */
export interface PatchConflict {
  readonly number: number;
  readonly subject: string;
  readonly file: string | null;
  /** The hunk's header (`@@ -1,2 +1,3 @@`) or null when git named none. */
  readonly hunk: string | null;
  /** Git's own words. */
  readonly words: string;
}

export type ApplyResult =
  | { readonly ok: true; readonly tip: string; readonly patches: readonly AppliedPatch[] }
  | { readonly ok: false; readonly conflict: PatchConflict; readonly patches: readonly AppliedPatch[] };
