// SPDX-License-Identifier: MIT
import { readInput } from '../host/index.ts';
import { DEFAULT_LIMITS, Fault, type Limits, quoteArg, requireWithin } from '../model/index.ts';

/** One option that a fragment asks for. */
export interface RequestedOption {
  readonly name: string;
  /** `y`, `m`, `n`, a number or a quoted string, as in a `.config`. */
  readonly value: string;
  /** The file that asks for it, or `--config`. */
  readonly file: string;
  readonly line: number | null;
  /** How the fragment was named, such as `ktrial/machine`; absent and null for a user's. */
  readonly from?: string | null;
}

/** An option whose value in the finished configuration is not the requested one. */
export interface LostOption extends RequestedOption {
  /** The value in the finished configuration; `n` when it is not set. */
  readonly got: string;
}

/** How fragments are read. */
export interface FragmentOptions {
  readonly limits?: Limits | undefined;
  readonly signal?: AbortSignal | undefined;
}

const ASSIGNMENT = /^(CONFIG_\w+)=(.*)$/;
/** `y`, `m`, `n`, a number, a hexadecimal number or a text in quotes; then the reason. */
const VALUE = /^([ymn]|-?\d+|0[xX][0-9a-fA-F]+|"(?:[^"\\]|\\.)*")\s*(?:#.*)?$/;
const NOT_SET = /^# (CONFIG_\w+) is not set\s*$/;
/** Characters that people do not see: of the format kind, blanks other than space and tab, and what cannot be decoded. */
const INVISIBLE = /[\p{Cf}\p{Cc}\ufffd\u2028\u2029]|(?![ \t])\p{Zs}/u;

/**
 * Reads and parses a config fragment. Faults: those of `readInput`, `CONFIG_BAD_LINE`, `CONFIG_NO_TEXT`, `CONFIG_EMPTY`,
 * `LIMIT_EXCEEDED`, all of the request.
 */
export async function readFragment(path: string, options: FragmentOptions = {}): Promise<RequestedOption[]> {
  const text = await readConfigFile(path, options);
  const requested = parseFragment(text, path);
  if (requested.length > 0) return requested;
  throw new Fault({
    blame: 'request',
    code: 'CONFIG_EMPTY',
    message: `the config fragment ${path} has no option`,
    next: 'write CONFIG_NAME=value lines into it, or do not name it',
  });
}

/** The first lines of what make writes: no fragment has them. */
const WHOLE_HEAD = /^# Automatically generated (?:file|make config)[\s\S]*^# .*Kernel Configuration$/m;

/** Whether a file is a whole `.config` by its head. Faults: those of `readInput`, `CONFIG_NO_TEXT`. */
export async function isWholeConfig(path: string, options: FragmentOptions = {}): Promise<boolean> {
  return WHOLE_HEAD.test((await readConfigFile(path, options)).slice(0, 500));
}

/** The text of a whole `.config`. Faults: those of `readInput`, `CONFIG_NO_TEXT`, `CONFIG_EMPTY`, all of the request. */
export async function readWholeConfig(path: string, options: FragmentOptions): Promise<string> {
  const text = await readConfigFile(path, options);
  if (/^CONFIG_\w+=/m.test(text)) return text;
  throw new Fault({
    blame: 'request',
    code: 'CONFIG_EMPTY',
    message: `the configuration ${path} has no option`,
    next: 'name a .config as make leaves it',
  });
}

/** The text of a fragment or a `.config`. */
async function readConfigFile(
  path: string,
  { limits = DEFAULT_LIMITS, signal }: FragmentOptions,
): Promise<string> {
  const most = limits['fragment-lines'];
  const bytes = await readInput(path, {
    what: 'config fragment',
    limitBytes: most * 200,
    raise: `--limit fragment-lines=${2 * most}`,
    signal,
  });
  const text = decodeText(bytes, path);
  requireWithin(limits, 'fragment-lines', text.split('\n').length - 1, path);
  return text;
}

/** The text of a file in UTF-8, without the mark that some editors put before it. Fault `CONFIG_NO_TEXT`. */
function decodeText(bytes: Buffer, path: string): string {
  const text = bytes.toString('utf8').replace(/^\ufeff/, '');
  if (!text.includes('\0')) return text;
  const isWide = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  throw new Fault({
    blame: 'request',
    code: 'CONFIG_NO_TEXT',
    message: `got ${isWide ? 'UTF-16' : 'bytes that are no text'} in the config fragment ${path}, expected UTF-8`,
    next: isWide
      ? `convert it: iconv -f UTF-16 -t UTF-8 ${quoteArg(path)}`
      : 'name a file with CONFIG_NAME=value lines',
  });
}

/**
 * Parses a config fragment. In addition to the kernel's syntax, a `# why` may follow an assignment, and lines may end as on
 * Windows. Fault `CONFIG_BAD_LINE` for a line that is neither an option, a comment nor empty.
 */
export function parseFragment(text: string, file: string): RequestedOption[] {
  const options: RequestedOption[] = [];
  text.split('\n').forEach((raw, index) => {
    const line = raw.trimEnd();
    const [, unset] = NOT_SET.exec(line) ?? [];
    if (unset !== undefined) options.push({ name: unset, value: 'n', file, line: index + 1 });
    else if (line !== '' && !line.startsWith('#'))
      options.push({ ...parseAssignment(line, file, index + 1), file, line: index + 1 });
  });
  return options;
}

/** Parses `CONFIG_NAME=VALUE`; `where` is what the message begins with. Fault `CONFIG_BAD_LINE` (request). */
export function parseOption(text: string, where: string): Pick<RequestedOption, 'name' | 'value'> {
  return parseAssignment(text, where, null);
}

function parseAssignment(
  line: string,
  file: string,
  number: number | null,
): Pick<RequestedOption, 'name' | 'value'> {
  const [, name = '', rest = ''] = ASSIGNMENT.exec(line) ?? [];
  const [, value = ''] = VALUE.exec(rest) ?? [];
  const invisible = INVISIBLE.exec(value === '' ? line : value);
  if (invisible)
    throw badLine(
      `it contains the character ${codeOf(invisible[0])}, which is not visible`,
      'type the line again',
    );
  if (name === '') throw badLine('expected an option or a comment', HOW);
  if (value === '') throw badLine('expected y, m, n, a number, or a text in quotes after the =', HOW);
  // Such texts are in files that make includes.
  if (/[$`]/.test(value)) throw badLine('a value cannot contain $ or `: make would expand it', HOW);
  return { name, value };

  function badLine(why: string, next: string): Fault {
    return new Fault({
      blame: 'request',
      code: 'CONFIG_BAD_LINE',
      message: `${number === null ? file : `${file}:${number}:`} got ${line.length > 120 ? `${line.slice(0, 120)}…` : line}: ${why}`,
      next,
      ...(number === null ? {} : { span: { file, line: number, column: 1, length: line.length } }),
    });
  }
}

const HOW = 'write CONFIG_NAME=value, and the reason after a # on the same line';

function codeOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
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
