// SPDX-License-Identifier: MIT
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { runCommand } from '../host/index.ts';
import { Fault } from '../model/index.ts';

/** One option that a fragment asks for. */
export interface RequestedOption {
  readonly name: string;
  /** `y`, `m`, `n`, a number or a quoted string, as it stands in a `.config`. */
  readonly value: string;
  readonly file: string;
  readonly line: number;
}

/** An option that is not in the finished configuration as it was asked for. */
export interface LostOption extends RequestedOption {
  /** What the finished configuration has instead; `n` when it is not set. */
  readonly got: string;
}

const ASSIGNMENT = /^(CONFIG_\w+)=("(?:[^"\\]|\\.)*"|[^\s#]+)\s*(?:#.*)?$/;
const NOT_SET = /^# (CONFIG_\w+) is not set\s*$/;

/**
 * Reads a config fragment. Beside the kernel's own syntax, a `# why` may follow an assignment.
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
        message: `${file}:${index + 1}: this is neither an option nor a comment: ${line}`,
        next: 'write CONFIG_NAME=value, and the reason after a # on the same line',
        span: { file, line: index + 1, column: 1, length: line.length },
      });
    }
  });
  return options;
}

/** The options of a finished `.config` by name; what is not set is absent. */
export function parseConfig(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    const set = /^(CONFIG_\w+)=(.*)$/.exec(line);
    if (set?.[1]) found.set(set[1], set[2] ?? '');
  }
  return found;
}

/** Every option that did not survive; of an option that is asked for twice, the later request counts. */
export function findLostOptions(
  requested: readonly RequestedOption[],
  config: ReadonlyMap<string, string>,
): LostOption[] {
  const last = new Map(requested.map((option) => [option.name, option]));
  return [...last.values()]
    .map((option) => ({ ...option, got: config.get(option.name) ?? 'n' }))
    .filter((option) => option.got !== option.value);
}

export interface ConfigRequest {
  /** The kernel source. */
  readonly tree: string;
  /** A directory for the configuration alone: its host tools stay there between runs. */
  readonly directory: string;
  readonly base: string;
  readonly fragments: readonly string[];
  readonly makeArguments: readonly string[];
  readonly signal?: AbortSignal;
}

/**
 * Makes a kernel configuration: base, fragments on top, then `olddefconfig`. Returns its text.
 * Fault `CONFIG_LOST_OPTION` names each option that did not survive and the fragment's line that asked for it.
 */
export async function settleConfig(request: ConfigRequest): Promise<string> {
  await mkdir(request.directory, { recursive: true });
  const requested: RequestedOption[] = [];
  for (const file of request.fragments) requested.push(...parseFragment(await readFile(file, 'utf8'), file));
  const merged = join(request.directory, 'fragments.config');
  await writeFile(
    merged,
    requested
      .map((option) =>
        option.value === 'n' ? `# ${option.name} is not set\n` : `${option.name}=${option.value}\n`,
      )
      .join(''),
  );
  const options = { timeoutMs: 10 * 60_000, ...(request.signal ? { signal: request.signal } : {}) };
  const make = (targets: readonly string[]) =>
    runCommand(
      'make',
      ['-s', '-C', request.tree, `O=${request.directory}`, ...request.makeArguments, ...targets],
      options,
    );
  if (request.base === 'allnoconfig') {
    await make([`KCONFIG_ALLCONFIG=${merged}`, 'allnoconfig']);
  } else {
    await make([request.base]);
    await copyFile(join(request.directory, '.config'), join(request.directory, 'base.config'));
    await runCommand(
      join(request.tree, 'scripts/kconfig/merge_config.sh'),
      ['-m', '-O', request.directory, join(request.directory, 'base.config'), merged],
      { ...options, cwd: request.tree },
    );
  }
  await make(['olddefconfig']);
  const text = await readFile(join(request.directory, '.config'), 'utf8');
  const lost = findLostOptions(requested, parseConfig(text));
  if (lost.length > 0) throw lostFault(lost);
  return text;
}

function lostFault(lost: readonly LostOption[]): Fault {
  const details = lost.map(
    (option) =>
      `${option.file}:${option.line}: ${option.name}=${option.value} was asked for, the configuration has ${option.got}`,
  );
  const first = lost[0];
  const others = lost.length > 1 ? ` and ${lost.length - 1} more` : '';
  return new Fault({
    blame: 'request',
    code: 'CONFIG_LOST_OPTION',
    message: `${first?.name}=${first?.value} (${basename(first?.file ?? '')}:${first?.line})${others} did not survive olddefconfig`,
    next: 'add what the option depends on to the fragment, or take the option out; `make menuconfig`, then /NAME, shows its dependencies',
    details,
    ...(first ? { span: { file: first.file, line: first.line, column: 1, length: first.name.length } } : {}),
  });
}
