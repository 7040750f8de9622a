// SPDX-License-Identifier: MIT
import { linesOfPrograms } from './build-failure.ts';

/** What programs print when a sandbox keeps them from something. The first row that matches a line counts. */
const BLOCKED: readonly { readonly pattern: RegExp; readonly from: string }[] = [
  { pattern: /Read-only file system/, from: 'writing outside of its output directory' },
  {
    pattern:
      /Network is unreachable|Could not resolve host|Temporary failure in name resolution|Name or service not known/,
    from: 'the network',
  },
  { pattern: /(?:fork|clone|vfork)\b.{0,80}Resource temporarily unavailable/, from: 'more processes' },
  { pattern: /No space left on device/, from: 'more space for temporary files' },
  { pattern: /File too large|File size limit exceeded/, from: 'a larger file' },
  { pattern: /Operation not permitted/, from: 'what only root may do, or the sandbox forbids' },
];

/** Lines of one kind that are quoted. */
const QUOTED = 2;

/** What a build was kept from, as far as its programs said so: one sentence for each kind, with their words. */
export function findBlocked(log: string): string[] {
  const found = new Map<string, string[]>();
  for (const line of linesOfPrograms(log)) {
    const from = BLOCKED.find(({ pattern }) => pattern.test(line))?.from;
    if (from !== undefined) found.set(from, [...(found.get(from) ?? []), line.trim().slice(0, 160)]);
  }
  return [...found].map(([from, lines]) => {
    const more = lines.length > QUOTED ? ` (and ${lines.length - QUOTED} more)` : '';
    return `was kept from ${from}: ${lines.slice(0, QUOTED).join('; ')}${more}`;
  });
}
