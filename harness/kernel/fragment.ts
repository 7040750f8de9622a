// SPDX-License-Identifier: MIT
import { Fault } from '../model/index.ts';

/** One option that a fragment asks for. */
export interface RequestedOption {
  readonly name: string;
  /** `y`, `m`, `n`, a number or a quoted string, as in a `.config`. */
  readonly value: string;
  readonly file: string;
  readonly line: number;
}

/** An option whose value in the finished configuration is not the requested one. */
export interface LostOption extends RequestedOption {
  /** The value in the finished configuration; `n` when it is not set. */
  readonly got: string;
}

const ASSIGNMENT = /^(CONFIG_\w+)=("(?:[^"\\]|\\.)*"|[^\s#]+)\s*(?:#.*)?$/;
const NOT_SET = /^# (CONFIG_\w+) is not set\s*$/;

/**
 * Parses a config fragment. In addition to the kernel's syntax, a `# why` may follow an assignment.
 * Fault `CONFIG_BAD_LINE` for a line that is neither an option, a comment nor empty.
 */
export function parseFragment(text: string, file: string): RequestedOption[] {
  const options: RequestedOption[] = [];
  text.split('\n').forEach((raw, index) => {
    const line = raw.trimEnd();
    const set = ASSIGNMENT.exec(line);
    const unset = NOT_SET.exec(line);
    if (set?.[1] && set[2]) options.push({ name: set[1], value: set[2], file, line: index + 1 });
    else if (unset?.[1]) options.push({ name: unset[1], value: 'n', file, line: index + 1 });
    else if (line !== '' && !line.startsWith('#')) {
      throw new Fault({
        blame: 'request',
        code: 'CONFIG_BAD_LINE',
        message: `${file}:${index + 1}: got ${line}, expected an option or a comment`,
        next: 'write CONFIG_NAME=value, and the reason after a # on the same line',
        span: { file, line: index + 1, column: 1, length: line.length },
      });
    }
  });
  return options;
}

/** The options of a finished `.config` by name, without those that are not set. */
export function parseConfig(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    const set = /^(CONFIG_\w+)=(.*)$/.exec(line);
    if (set?.[1]) found.set(set[1], set[2] ?? '');
  }
  return found;
}

/** Finds the options that did not survive. Of an option that is requested twice, the later request counts. */
export function findLostOptions(
  requested: readonly RequestedOption[],
  config: ReadonlyMap<string, string>,
): LostOption[] {
  const last = new Map(requested.map((option) => [option.name, option]));
  return [...last.values()]
    .map((option) => ({ ...option, got: config.get(option.name) ?? 'n' }))
    .filter((option) => option.got !== option.value);
}
