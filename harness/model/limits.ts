// SPDX-License-Identifier: MIT
import { Fault } from './fault.ts';

/** One bound on a count or a size of what comes from outside. */
export interface Limit {
  /** The greatest value that is accepted without a word. */
  readonly maximum: number;
  /** What is counted, for people, after a number: `12 mails`. */
  readonly unit: string;
  /** What the number bounds, for the documentation. */
  readonly what: string;
}

/**
 * Every bound, each well above what legitimate users have, and low enough that the work stays within seconds and some
 * hundreds of megabytes. `--limit NAME=NUMBER` changes one. `docs/limits.md` lists them.
 */
export const LIMITS = {
  'document-kib': { maximum: 512, unit: 'KiB', what: 'a scenario, kernel definition or image recipe' },
  'document-depth': { maximum: 64, unit: 'levels', what: 'maps and lists inside one another in a document' },
  diagnostics: { maximum: 50, unit: 'diagnostics', what: 'problems of one document that are printed' },
  'fragment-lines': { maximum: 50_000, unit: 'lines', what: 'a config fragment' },
  scenarios: {
    maximum: 1000,
    unit: 'scenarios',
    what: 'scenarios of a run, with every combination of a matrix',
  },
  steps: { maximum: 10_000, unit: 'steps', what: 'steps of one scenario, those inside steps included' },
  uuids: { maximum: 10_000, unit: 'UUIDs', what: 'UUIDs of one scenario' },
  rounds: { maximum: 100_000, unit: 'rounds', what: 'rounds of one race' },
  faults: { maximum: 10_000, unit: 'allocations', what: 'allocations that one step `failNth` lets fail' },
  stress: { maximum: 100, unit: 'processes', what: 'processes of one kind in one step `stress`' },
  trials: { maximum: 20_000, unit: 'trials', what: 'trials of a run' },
  'mailbox-mib': { maximum: 2048, unit: 'MiB', what: 'a mailbox or one patch file, unpacked' },
  mails: { maximum: 200_000, unit: 'mails', what: 'mails of a mailbox or directory' },
  'header-kib': { maximum: 256, unit: 'KiB', what: 'the headers of one mail' },
  'mime-depth': { maximum: 16, unit: 'levels', what: 'parts of a mail inside one another' },
  patches: { maximum: 1000, unit: 'patches', what: 'patches of a series' },
  'patch-mib': { maximum: 32, unit: 'MiB', what: 'one patch' },
  'log-mib': { maximum: 4096, unit: 'MiB', what: 'one log that `ktrial scan` reads whole, unpacked' },
  subtests: { maximum: 20_000, unit: 'tests', what: 'tests of one (K)TAP log that are kept' },
  splats: { maximum: 1000, unit: 'complaints', what: 'complaints that are kept of one log' },
  'console-mib': { maximum: 64, unit: 'MiB', what: 'the console of one machine' },
  'output-mib': { maximum: 16, unit: 'MiB', what: 'each output of one command in a guest' },
  'build-processes': {
    maximum: 4096,
    unit: 'processes',
    what: 'processes and threads of one kernel build at once',
  },
  'build-memory-mib': {
    maximum: 65_536,
    unit: 'MiB',
    what: 'memory of one kernel build; never more than four fifths of the computer',
  },
  'build-minutes': { maximum: 360, unit: 'minutes', what: 'one kernel build' },
  'build-output-gib': { maximum: 100, unit: 'GiB', what: 'disk space that one kernel build takes' },
  'build-log-mib': { maximum: 64, unit: 'MiB', what: 'what one kernel build prints' },
  'archive-gib': { maximum: 8, unit: 'GiB', what: 'a source archive, unpacked' },
} as const satisfies Readonly<Record<string, Limit>>;

export type LimitName = keyof typeof LIMITS;

/** The bounds of one command. */
export type Limits = Readonly<Record<LimitName, number>>;

/** The bounds as they are when nobody changes one. */
export const DEFAULT_LIMITS: Limits = Object.freeze(
  Object.fromEntries(Object.entries(LIMITS).map(([name, { maximum }]) => [name, maximum])),
) as Limits;

/** No bounds, for what ktrial wrote itself. */
export const NO_LIMITS: Limits = Object.freeze(
  Object.fromEntries(Object.keys(LIMITS).map((name) => [name, Number.MAX_SAFE_INTEGER])),
) as Limits;

/** Reads `NAME=NUMBER`, repeated, as bounds. Fault `LIMIT_UNKNOWN` or `LIMIT_BAD_NUMBER` (request). */
export function parseLimits(args: readonly string[]): Limits {
  const changed: Partial<Record<LimitName, number>> = {};
  for (const arg of args) {
    const [, name = '', number = ''] = /^([^=]*)=?(.*)$/s.exec(arg) ?? [];
    if (!Object.hasOwn(LIMITS, name))
      throw new Fault({
        blame: 'request',
        code: 'LIMIT_UNKNOWN',
        message: `got --limit ${arg}, expected NAME=NUMBER`,
        next: `NAME is one of ${Object.keys(LIMITS).join(', ')}`,
      });
    if (!/^[1-9]\d{0,14}$/.test(number))
      throw new Fault({
        blame: 'request',
        code: 'LIMIT_BAD_NUMBER',
        message: `got --limit ${arg}, expected a whole number from 1 up after ${name}=`,
        next: `such as --limit ${name}=${2 * LIMITS[name as LimitName].maximum}`,
      });
    changed[name as LimitName] = Number(number);
  }
  return { ...DEFAULT_LIMITS, ...changed };
}

/**
 * Passes when `got` is within a bound. Fault `LIMIT_EXCEEDED` (request) names the subject, both numbers and the option
 * that raises the bound. `isAtLeast`: counting stopped at `got`.
 */
export function requireWithin(
  limits: Limits,
  name: LimitName,
  got: number,
  subject: string,
  isAtLeast = false,
): void {
  if (got <= limits[name]) return;
  throw new Fault({
    blame: 'request',
    code: 'LIMIT_EXCEEDED',
    message: `${subject}: got ${isAtLeast ? 'at least ' : ''}${got} ${LIMITS[name].unit}, expected at most ${limits[name]}`,
    next: `if that is what you want: --limit ${name}=${Math.ceil(isAtLeast ? 2 * got : got)}`,
  });
}
