// SPDX-License-Identifier: MIT
import { type KtapTest, listSubtests, parseKtap } from '../ktap/index.ts';
import { type GuestResult, quoteArg, type Subtest } from '../model/index.ts';
import type { StepContext } from './step.ts';

/** Where the overlay has the selftests of the kernel under test, each target in a directory of its name. */
const INSTALLED = '/overlay/kselftest';
/** They are run from here: tests write beside themselves. */
const PLACE = '/tmp/kselftest';

const LOOK_MS = 60_000;
/** What kselftest's own runner gives a program that says nothing else. */
const DEFAULT_TIMEOUT_S = 45;
const DETAILS_KEPT = 30;

/** A target, or one program of it. */
export interface SelftestName {
  readonly target: string;
  /** Null for all programs. */
  readonly program: string | null;
}

/** Takes `target` or `target:program` apart. */
export function parseSelftest(name: string): SelftestName {
  const [target = '', program] = name.split(':');
  return { target, program: program ?? null };
}

/** What the build of a target left to be run. */
interface Target {
  readonly isAbsent: boolean;
  readonly programs: readonly string[];
  /** Programs that did not compile, each with the compiler's first error. */
  readonly notBuilt: ReadonlyMap<string, string>;
  /** From the target's settings; null where they say nothing. 0: no limit. */
  readonly timeoutS: number | null;
}

/** Copies a target to where it can be run, and reads what its build says about it. */
async function openTarget(target: string, context: StepContext): Promise<Target> {
  const [from, to] = [quoteArg(`${INSTALLED}/${target}`), quoteArg(`${PLACE}/${target}`)];
  const command = `[ -e ${from}/.programs ] || { echo absent; exit; }
mkdir -p ${to} && cp -r ${INSTALLED}/kselftest ${PLACE}/ 2>/dev/null; cp -r ${INSTALLED}/shared/. ${PLACE}/ 2>/dev/null
cp -r ${from}/. ${to}/ && chmod -R u+rwx ${to} || exit 1
sed 's/^/program /' ${to}/.programs; sed 's/^/missing /' ${to}/.notBuilt 2>/dev/null
sed 's/^/setting /' ${to}/settings 2>/dev/null; true`;
  const { stdout } = await context.guest.run(command, { timeoutMs: context.scale(LOOK_MS) });
  const lines = stdout.split('\n');
  const valuesOf = (kind: string) =>
    lines.filter((line) => line.startsWith(`${kind} `)).map((line) => line.slice(kind.length + 1));
  const timeout = valuesOf('setting').flatMap((line) => /^timeout=(\d+)$/.exec(line.trim())?.[1] ?? []);
  return {
    isAbsent: lines.includes('absent'),
    programs: valuesOf('program'),
    notBuilt: new Map(
      valuesOf('missing').map((line) => {
        const [name = '', why = ''] = line.split('\t');
        return [name, why] as const;
      }),
    ),
    timeoutS: timeout[0] === undefined ? null : Number(timeout[0]),
  };
}

/**
 * Runs the programs of a kselftest target, one after the other, and yields the tests of each. What cannot be run, for want
 * of a compiler's library or of a tool in the guest, is skipped with the reason.
 */
export async function* runTarget(
  { target, program }: SelftestName,
  timeoutMs: number | null,
  context: StepContext,
): AsyncGenerator<readonly Subtest[]> {
  const opened = await openTarget(target, context);
  if (opened.isAbsent) {
    yield [skipped(target, 'the tree under test has no such target')];
    return;
  }
  const programs = opened.programs.filter((name) => program === null || name === program);
  if (programs.length === 0) {
    const reason = program === null ? 'the target has no program' : 'the target has no such program';
    yield [skipped(program === null ? target : `${target}:${program}`, reason)];
  }
  for (const name of programs) {
    const missing = opened.notBuilt.get(name);
    if (missing !== undefined) yield [skipped(`${target}:${name}`, `it does not compile: ${missing}`)];
    else {
      const limitMs = timeoutMs ?? (opened.timeoutS ?? DEFAULT_TIMEOUT_S) * 1000;
      context.beginSubtest(`${target}:${name}`);
      yield await runProgram(target, name, limitMs, context);
    }
  }
}

function skipped(name: string, reason: string): Subtest {
  return { name, outcome: 'skip', reason, details: [] };
}

/** A day: what a program gets whose settings say that it has no limit. */
const NO_LIMIT_MS = 24 * 60 * 60_000;
const NEEDS = 'ktrial-needs: ';

async function runProgram(
  target: string,
  program: string,
  limitMs: number,
  context: StepContext,
): Promise<readonly Subtest[]> {
  const file = quoteArg(`./${program}`);
  const command = `cd ${quoteArg(`${PLACE}/${target}`)} || exit 1
if [ "$(head -c 2 ${file})" = '#!' ]; then
  set -- $(head -n 1 ${file} | cut -c 3-)
  case $1 in */env) command -v "$2" >/dev/null || { echo "${NEEDS}$2" >&2; exit 4; } ;;
  *) [ -x "$1" ] || { echo "${NEEDS}$1" >&2; exit 4; } ;; esac
fi
exec ${file}`;
  const timeoutMs = limitMs === 0 ? NO_LIMIT_MS : context.scale(limitMs);
  const result = await context.guest.run(command, { timeoutMs, env: context.env });
  return readProgram(`${target}:${program}`, result);
}

/** The tests of one program: those that it printed, and itself where none of these explains how it ended. */
function readProgram(name: string, result: GuestResult): readonly Subtest[] {
  const ktap = parseKtap(result.stdout);
  const details = lastLines(result);
  const whole: KtapTest = {
    name,
    ...judgeEnd(result, details),
    tests: ktap.tests,
    missing: ktap.missing,
    details,
  };
  return listSubtests({ ...ktap, tests: [whole], missing: 0, bailOut: null });
}

function judgeEnd(result: GuestResult, details: readonly string[]): Pick<KtapTest, 'outcome' | 'reason'> {
  const { exitCode, signal, timedOut, stderr } = result;
  if (timedOut) return { outcome: 'timeout', reason: `after ${Math.round(result.durationMs / 1000)} s` };
  if (signal !== null) return { outcome: 'crashed', reason: `killed by SIG${signal}` };
  if (exitCode === 0) return { outcome: 'ok', reason: null };
  const needed = stderr.split('\n').find((line) => line.startsWith(NEEDS));
  if (needed !== undefined)
    return { outcome: 'skip', reason: `the guest has no ${needed.slice(NEEDS.length)}` };
  const said = details.at(-1) ?? null;
  if (exitCode === 4) return { outcome: 'skip', reason: said };
  // A shell that finds no such program; of a script it is the last command.
  if (exitCode === 127) return { outcome: 'skip', reason: said };
  return { outcome: 'notOk', reason: `exit=${exitCode}` };
}

function lastLines({ stdout, stderr }: GuestResult): readonly string[] {
  return `${stdout}\n${stderr}`
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-DETAILS_KEPT)
    .map((line) => line.slice(0, 300));
}
