// SPDX-License-Identifier: MIT
import type { Fault, FaultBlame } from '../model/index.ts';

const PARTY: Readonly<Record<FaultBlame, string>> = {
  request: 'request',
  scenario: 'scenario',
  lab: 'lab',
  harness: 'ktrial',
  kernel: 'kernel',
};

/** Longer lines of a message are cut here: nobody reads them, and a log should not hold them. */
const LONGEST_LINE = 2000;

/** A fault as text for people: what, where, why, what next; a stack only on demand. */
export function describeFault(fault: Fault, debug: boolean): string {
  // Each message is one line: a line feed in a name does not start another.
  const lines = [oneLineOf(`ktrial: ${fault.message} [${PARTY[fault.blame]}: ${fault.code}]`)];
  for (const detail of fault.details)
    for (const line of detail.split('\n')) lines.push(oneLineOf(`  ${line}`));
  if (fault.next !== undefined) lines.push(oneLineOf(`  next: ${fault.next}`));
  if (debug) {
    lines.push(fault.stack ?? '');
    if (fault.cause instanceof Error) lines.push(`caused by: ${fault.cause.stack}`);
  }
  return `${lines.join('\n')}\n`;
}

function oneLineOf(text: string): string {
  const line = text.replaceAll('\n', '?');
  if (line.length <= LONGEST_LINE) return line;
  const end = line.slice(-300);
  return `${line.slice(0, LONGEST_LINE - end.length)} … ${end}`;
}
