// SPDX-License-Identifier: MIT

/** Where a kind's culprit is looked for, in order. */
export type CulpritSource = 'header' | 'pc' | 'trace';

/** A kind of complaint: what its first line looks like, and how it is named. */
export interface Kind {
  readonly type: string;
  /** Group 1, where there is one, is put into the title for `$1`. A group called `f` is a function named by the header. */
  readonly header: RegExp;
  /** `$1` and further groups from the header, `$f` the culprit. */
  readonly title: string;
  readonly culprit: readonly CulpritSource[];
  readonly skip?: readonly RegExp[];
  /** Only follows an open report: its head, when it is alone, was lost. */
  readonly continues?: boolean;
}
