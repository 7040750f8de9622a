// SPDX-License-Identifier: MIT
import { Fault, type GuestResult } from '../model/index.ts';
import type { Failure } from './step.ts';
import { type ErrnoExpectation, type TextExpectation, toRegExp } from './words.ts';

const LINES_KEPT = 20;

/** The last lines of what a command wrote, each stream named. */
export function quoteOutput(result: Pick<GuestResult, 'stdout' | 'stderr'>): string[] {
  const quoted: string[] = [];
  for (const stream of ['stdout', 'stderr'] as const) {
    const lines = result[stream].trimEnd().split('\n');
    if (lines.length === 1 && lines[0] === '') continue;
    if (lines.length > LINES_KEPT) quoted.push(`${stream}: … ${lines.length - LINES_KEPT} lines before`);
    quoted.push(...lines.slice(-LINES_KEPT).map((line) => `${stream}: ${line}`));
  }
  return quoted;
}

/** What is wrong with a text; `what` names it in the signature: `stdout`, `content`. */
export function checkText(text: string, expected: TextExpectation | undefined, what: string): Failure[] {
  if (!expected) return [];
  const failures: Failure[] = [];
  const add = (clause: string, title: string) => failures.push({ what: `${what} ${clause}`, title });
  if (expected.equals !== undefined && text.trim() !== expected.equals.trim())
    add('equals', `${what} is "${shorten(text.trim())}" and not "${shorten(expected.equals.trim())}"`);
  if (expected.matches !== undefined && !toRegExp(expected.matches).test(text))
    add('matches', `${what} has nothing like /${expected.matches}/`);
  if (expected.lacks !== undefined && toRegExp(expected.lacks).test(text))
    add(
      'lacks',
      `${what} has "${shorten(toRegExp(expected.lacks).exec(text)?.[0] ?? '')}", which it must not`,
    );
  if (expected.everyLine !== undefined) {
    const wish = toRegExp(expected.everyLine);
    const odd = text.split('\n').filter((line) => line.trim() !== '' && !wish.test(line));
    if (odd.length > 0)
      add(
        'everyLine',
        `${what} has ${odd.length} line(s) not like /${expected.everyLine}/, such as "${shorten(odd[0] as string)}"`,
      );
  }
  return failures;
}

/**
 * What is wrong with how a command ended. `exit` is the exit codes that are right. Fault `SCENARIO_NO_COMMAND` (blame
 * scenario) when the shell did not find the command.
 */
export function checkEnd(result: GuestResult, exit: readonly number[] | 'any', command: string): Failure[] {
  const details = quoteOutput(result);
  if (result.timedOut)
    return [
      { what: 'deadline', title: `it was not done after ${Math.round(result.durationMs / 1000)} s`, details },
    ];
  if (result.signal !== null)
    return [{ what: `signal ${result.signal}`, title: `it was ended by SIG${result.signal}`, details }];
  if (exit === 'any' || exit.includes(result.exitCode ?? -1)) return [];
  if (result.exitCode === 127 || result.exitCode === 126)
    throw new Fault({
      blame: 'scenario',
      code: 'SCENARIO_NO_COMMAND',
      message: `the guest has no such command: ${command}`,
      details,
    });
  return [
    {
      what: 'exit code',
      title: `it ended with exit code ${result.exitCode}, not ${exit.join(' or ')}`,
      details,
    },
  ];
}

/** The errnos that our writer told, one for each value, in order. */
export function readErrnos(stdout: string): readonly string[] {
  return [...stdout.matchAll(/^errno=(\S+)/gm)].map((match) =>
    match[1] === '0' ? 'success' : String(match[1]),
  );
}

/** What is wrong with what our writer told, which owes us so many answers. Each errno that should not be is a failure of its own. */
export function checkErrnos(result: GuestResult, expected: ErrnoExpectation, owed: number): Failure[] {
  const right: readonly string[] = typeof expected === 'string' ? [expected] : expected;
  const came = readErrnos(result.stdout);
  const failures: Failure[] = [];
  for (const errno of new Set(came)) {
    if (right.includes(errno)) continue;
    const count = came.filter((one) => one === errno).length;
    const often = came.length > 1 ? ` (${count} of ${came.length} times)` : '';
    failures.push({
      what: `errno ${errno}`,
      title: `the kernel answered ${errno}${often}, and ${right.join(' or ')} would be right`,
      details: [`errno: ${countErrnos(result.stdout)}`, ...quoteOutput(result)],
    });
  }
  const died = result.timedOut || result.signal !== null;
  if (died || came.length < owed) failures.push(...checkEnd(result, [], 'errno-write'));
  return failures;
}

/** How often each errno came, as a line for the record. */
export function countErrnos(stdout: string): string {
  const came = readErrnos(stdout);
  return [...new Set(came)]
    .map((errno) => `${errno} ${came.filter((one) => one === errno).length}`)
    .join(', ');
}

function shorten(text: string): string {
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
