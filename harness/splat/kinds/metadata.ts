// SPDX-License-Identifier: MIT

/** A line that names task, processor and taint. */
export const CPU_HINT = 'PID: ';
export const CPU_LINE: RegExp =
  /CPU: (?<cpu>\d+) (?:UID: \d+ )?PID: (?<pid>-?\d+) Comm: (?<comm>.{1,15}?) (?:Kdump: loaded )?(?:Tainted: ([A-Z() ]+?)|Not tainted)\s+\S*/;

/** A cheap test that every line of the next table passes. */
export const TASK_HINT: RegExp = /INFO: task |^Process |\/\d+|CPU#|comm "| PID: |^Pid: |\): Oops/;

/** Lines that name the task in reports without the line above: hung tasks, old arm, lockdep, KASAN, warnings of 2025. */
export const TASK_LINES: readonly RegExp[] = [
  /INFO: task (?<comm>.+):(?<pid>\d+) (?:blocked|can't die)/,
  /^Process (?<comm>\S+) \(pid: (?<pid>\d+)/,
  /^(?<comm>\S+)\/(?<pid>\d+) (?:is trying to|just changed)/,
  /\bby task (?<comm>\S+)\/(?<pid>\d+)/,
  /^WARNING: .*CPU#(?<cpu>\d+): (?<comm>\S+)\/(?<pid>\d+)/,
  /soft lockup - CPU#(?<cpu>\d+) stuck for .*\[(?<comm>.+):(?<pid>\d+)\]/,
  /^WARNING: CPU: (?<cpu>\d+) PID: (?<pid>-?\d+) at /,
  /^Pid: (?<pid>\d+), comm: (?<comm>.{1,15}?) (?:Not tainted|Tainted)/,
  /^(?<comm>\S+)\((?<pid>\d+)\): Oops/,
  /^\s*comm "(?<comm>[^"]*)", pid (?<pid>\d+)/,
];

/** The letters of `Tainted: G    B   W  5.10`, or of the new `Tainted: [B]=BAD_PAGE, [W]=WARN`. */
export const TAINT_HINT = 'Tainted: ';
export const TAINT_WORDS: RegExp = /Tainted: ((?:\[\w+\]=\w+|[A-Z](?![a-z])|,| )+)/;

/** The modules, up to the one that was unloaded last. */
export const MODULES_HINT = 'Modules linked in:';
export const MODULES_END: RegExp = /\[last unloaded.*/;
