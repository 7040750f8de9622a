// SPDX-License-Identifier: MIT
import { faultOf } from '../document/index.ts';
import type { KnownIssue, Limits } from '../model/index.ts';
import { parseKnownIssues } from '../scenario/index.ts';
import { readScenario } from './scenarios.ts';

/**
 * Reads the faults that decide nothing. `now` dates them: one that has expired is refused. Faults: `DOCUMENT_INVALID` and those of
 * `readInput` (request).
 */
export async function readKnownIssues(
  file: string,
  now: Date,
  options: { readonly signal?: AbortSignal; readonly limits?: Limits } = {},
): Promise<readonly KnownIssue[]> {
  const content = await readScenario(file, options);
  const today = now.toISOString().slice(0, 10);
  const parsed = parseKnownIssues(content, file, today, options);
  if (!parsed.ok) throw faultOf(parsed.diagnostics, file, 'request');
  return parsed.issues;
}
