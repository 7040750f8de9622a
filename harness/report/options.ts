// SPDX-License-Identifier: MIT

/** All that a report depends on besides the campaign's state. */
export interface ReportOptions {
  /** The run's directory, as its reader finds it. */
  readonly runDirectory: string;
  readonly color: boolean;
  /** Width to which text for people is folded or cut, where it can be. */
  readonly columns: number;
  /** Print frames that the unwinder only guessed, and traces of any length. */
  readonly verbose: boolean;
}
