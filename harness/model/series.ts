// SPDX-License-Identifier: MIT

/** What patches and cover letters have in common: each came as a mail, or is written as one. */
export interface MailHead {
  /** Without the bracketed prefix, as git commits it. */
  readonly subject: string;
  /** `Name <address>`. */
  readonly author: string;
  /** In the form of RFC 2822. */
  readonly date: string;
  readonly messageId: string | null;
  /** `To`, `Cc`, `Reply-To`, `In-Reply-To` and `References` as they came, one line each. */
  readonly headers: readonly string[];
}

/** One patch of a series, decoded. */
export interface Patch extends MailHead {
  /** 1 for the first. */
  readonly number: number;
  /** Below the subject, with its white space cleaned up as git commits it. */
  readonly message: string;
  /** The diff with the text around it (diffstat, remarks, signature), as bytes: files need not be UTF-8. */
  readonly diff: Uint8Array;
  /** Files that its diff touches, as paths in the tree after it (before it, for a deleted file). */
  readonly files: readonly string[];
}

export interface CoverLetter extends MailHead {
  readonly text: string;
}

/** Patches in order, with their base and cover letter. */
export interface Series {
  readonly title: string;
  /** 2 for `[PATCHv2 …]`, 1 where none is given. */
  readonly version: number;
  readonly cover: CoverLetter | null;
  readonly patches: readonly Patch[];
  /** `base-commit:` where it was given. */
  readonly baseCommit: string | null;
  /**
   * SHA-256, hex, over subject, author, message and diff of the patches in order: the same for the same patches in a
   * mailbox, single mails, a maildir or a git range.
   */
  readonly digest: string;
  /** Where it came from, as the user named it. */
  readonly origin: string;
  /** What was repaired or left out when the series was read, each a sentence. */
  readonly notes: readonly string[];
}

/** A patch that was applied. */
export interface AppliedPatch {
  readonly number: number;
  readonly subject: string;
  readonly commit: string;
  /** `plain`, `threeWay` (`git am -3` had to merge) or `reducedContext` (fewer context lines had to match). */
  readonly how: 'plain' | 'threeWay' | 'reducedContext';
  readonly files: readonly string[];
}

/** Why a patch does not apply, as far as that can be known. */
export type ConflictCause =
  | 'alreadyApplied'
  /** The lines are there with other white space or typographic quotes. */
  | 'whiteSpace'
  | 'otherText'
  | 'fileMissing'
  | 'fileExists'
  | 'badPath'
  | 'symbolicLink'
  | 'submodule'
  | 'binary'
  | 'mode'
  | 'author'
  | 'unknown';

/** A line that a hunk wants beside the line that the tree has there. */
export interface ComparedLine {
  /** Number of the line in the tree's file; null where only the hunk has one. */
  readonly line: number | null;
  readonly wanted: string | null;
  readonly found: string | null;
}

/** A patch that does not apply: news about the series, not an exception. */
export interface PatchConflict {
  readonly number: number;
  readonly subject: string;
  readonly file: string | null;
  /** The hunk's header (`@@ -1,2 +1,3 @@`) or null where no hunk is at fault. */
  readonly hunk: string | null;
  /** Git's own words, each sentence once. */
  readonly words: string;
  /** Records of earlier versions have none. */
  readonly cause?: ConflictCause;
  /** What differs, where that is more than the cause: `tabs became spaces`. */
  readonly difference?: string;
  /** The lines that the hunk wants beside the nearest ones of the file. Empty where the file has nothing like them. */
  readonly nearest?: readonly ComparedLine[];
}

export type ApplyResult =
  | { readonly ok: true; readonly tip: string; readonly patches: readonly AppliedPatch[] }
  | { readonly ok: false; readonly conflict: PatchConflict; readonly patches: readonly AppliedPatch[] };
