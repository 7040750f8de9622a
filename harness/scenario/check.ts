// SPDX-License-Identifier: MIT
import { Fault, type GuestResult } from '../model/index.ts';
import type { TextExpectation } from './expectation.ts';
import { compilePattern, type Pattern } from './pattern.ts';
import type { Failure } from './step.ts';

const LINES_KEPT = 20;
const EXCERPT_LENGTH = 120;

/** The last lines that a command wrote, each with the name of its stream. */
export function quoteOutput(result: Pick<GuestResult, 'stdout' | 'stderr'>): string[] {
  const quoted: string[] = [];
  for (const stream of ['stdout', 'stderr'] as const) {
    const lines = result[stream].trimEnd().split('\n');
    if (lines.length === 1 && lines[0] === '') continue;
    if (lines.length > LINES_KEPT)
      quoted.push(`${stream}: … (${lines.length - LINES_KEPT} earlier lines left out)`);
    quoted.push(...lines.slice(-LINES_KEPT).map((line) => `${stream}: ${line}`));
  }
  return quoted;
}

/** Compares a text with what is expected of it; `what` names the text in messages and signatures: `stdout`, `content`. */
export function checkText(text: string, expected: TextExpectation | null, what: string): Failure[] {
  if (!expected) return [];
  const { equals, matches, lacks, everyLine } = expected;
  const failures: Failure[] = [];
  const add = (clause: string, title: string) => failures.push({ what: `${what} ${clause}`, title });
  if (equals !== null && text.trim() !== equals.trim())
    add('equals', `got ${what} "${excerpt(text.trim())}", expected "${excerpt(equals.trim())}"`);
  if (matches !== null && !compilePattern(matches).test(text))
    add('matches', `${what} does not match /${matches}/`);
  if (lacks !== null) {
    const unwanted = compilePattern(lacks);
    if (unwanted.test(text))
      add('lacks', `${what} contains "${excerpt(findLine(text, unwanted))}", which matches /${lacks}/`);
  }
  if (everyLine !== null) {
    const wanted = compilePattern(everyLine);
    const odd = text.split('\n').filter((line) => line.trim() !== '' && !wanted.test(line));
    if (odd.length > 0)
      add(
        'everyLine',
        `${odd.length} line(s) of ${what} do not match /${everyLine}/, such as "${excerpt(odd[0] as string)}"`,
      );
  }
  return failures;
}

/**
 * Compares how a command ended with the acceptable exit codes. Fault `SCENARIO_NO_COMMAND` (scenario) when the shell did
 * not find the command.
 */
export function checkEnd(result: GuestResult, exit: readonly number[] | 'any', command: string): Failure[] {
  const details = quoteOutput(result);
  if (result.timedOut)
    return [
      { what: 'deadline', title: `timed out after ${Math.round(result.durationMs / 1000)} s`, details },
    ];
  if (result.signal !== null)
    return [{ what: `signal ${result.signal}`, title: `killed by SIG${result.signal}`, details }];
  if (exit === 'any' || exit.includes(result.exitCode ?? -1)) return [];
  requireCommand(result, command);
  const title = `got exit code ${result.exitCode}, expected ${exit.join(' or ')}`;
  return [{ what: 'exit code', title, details }];
}

/** The exit codes with which a shell says that it did not find a command, or could not execute it. */
const NO_COMMAND: readonly (number | null)[] = [126, 127];

/** Fault `SCENARIO_NO_COMMAND` (scenario) when the shell did not find the command. */
export function requireCommand(result: GuestResult, command: string): void {
  if (!NO_COMMAND.includes(result.exitCode)) return;
  throw new Fault({
    blame: 'scenario',
    code: 'SCENARIO_NO_COMMAND',
    message: `the guest has no such command: ${command}`,
    details: quoteOutput(result),
    next: 'docs/scenarios.md lists the programs that a guest has',
  });
}

/** The errnos that errno-write reported, one for each write, in order. */
function readErrnos(stdout: string): readonly string[] {
  return [...stdout.matchAll(/^errno=(\S+)/gm)].map((match) =>
    match[1] === '0' ? 'success' : String(match[1]),
  );
}

/**
 * Checks the errnos that errno-write reported; at least `owed` of them must be there. Each errno that is not expected is
 * one failure.
 */
export function checkErrnos(result: GuestResult, expected: readonly string[], owed: number): Failure[] {
  const reported = readErrnos(result.stdout);
  const failures: Failure[] = [];
  for (const errno of new Set(reported)) {
    if (expected.includes(errno)) continue;
    const times = reported.filter((one) => one === errno).length;
    const share = reported.length > 1 ? ` (${times} of ${reported.length} writes)` : '';
    failures.push({
      what: `errno ${errno}`,
      title: `got ${errno}${share}, expected ${expected.join(' or ')}`,
      details: [`errno: ${countErrnos(result.stdout)}`, ...quoteOutput(result)],
    });
  }
  const died = checkEnd(result, 'any', 'errno-write');
  if (died.length > 0) return [...failures, ...died];
  requireCommand(result, 'errno-write');
  if (reported.length < owed)
    failures.push({
      what: 'exit code',
      title: `errno-write exited with code ${result.exitCode} after ${reported.length} of ${owed} writes`,
      details: quoteOutput(result),
    });
  return failures;
}

/** How often each errno was reported, as one line. */
export function countErrnos(stdout: string): string {
  const reported = readErrnos(stdout);
  return [...new Set(reported)]
    .map((errno) => `${errno} ${reported.filter((one) => one === errno).length}`)
    .join(', ');
}

/** The line that matches, or the beginning of the text where only several lines together do. */
function findLine(text: string, pattern: Pattern): string {
  return text.split('\n').find((line) => pattern.test(line)) ?? text.trim();
}

function excerpt(text: string): string {
  return text.length > EXCERPT_LENGTH ? `${text.slice(0, EXCERPT_LENGTH)}…` : text;
}
