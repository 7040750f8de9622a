// SPDX-License-Identifier: MIT
import type { Fault, FaultBlame } from '../model/index.ts';
import { printable } from '../report/index.ts';

const PARTY: Readonly<Record<FaultBlame, string>> = {
  request: 'request',
  scenario: 'scenario',
  lab: 'lab',
  harness: 'ktrial',
  kernel: 'kernel',
};

/** A fault as text for people: what, where, why, what next; a stack only on demand. */
export function describeFault(fault: Fault, debug: boolean): string {
  const lines = [printable(`ktrial: ${fault.message} [${PARTY[fault.blame]}: ${fault.code}]`)];
  for (const detail of fault.details)
    for (const line of detail.split('\n')) lines.push(`  ${printable(line)}`);
  if (fault.next !== undefined) lines.push(printable(`  next: ${fault.next}`));
  if (debug) {
    lines.push(fault.stack ?? '');
    if (fault.cause instanceof Error) lines.push(`caused by: ${fault.cause.stack}`);
  }
  return `${lines.join('\n')}\n`;
}
