// SPDX-License-Identifier: MIT

/** What a report may depend on besides the campaign's state. */
export interface ReportOptions {
  /** Where the run's files are, as its reader finds them. */
  readonly runDirectory: string;
  readonly color: boolean;
  /** Columns that text for people keeps to, where it can be cut or folded. */
  readonly columns: number;
  /** Frames that the unwinder only guessed, and traces of any length. */
  readonly verbose: boolean;
}
