// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { type Diagnostic, type ReadOptions, readYaml } from '../document/index.ts';
import type { KnownIssue } from '../model/index.ts';

const DATE = /^\d{4}-\d{2}-\d{2}$/;

const file = z.strictObject({
  knownIssues: z
    .array(
      z.strictObject({
        signature: z.string().min(1).max(500),
        reason: z.string().min(1).max(1000),
        link: z.string().regex(/^https?:\/\/\S+$/, 'an address that begins with https://'),
        expires: z.string().regex(DATE, 'a date such as 2027-01-31'),
        rate: z.number().min(0).max(1),
      }),
    )
    .min(1),
});

export type KnownIssuesResult =
  | { readonly ok: true; readonly issues: readonly KnownIssue[] }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/**
 * The faults that somebody knows of and waits for, from the bytes of their file. `today` is a date such as `2026-11-26`: an entry
 * whose date is past is an error, so that nothing is overlooked for ever.
 */
export function parseKnownIssues(
  content: string | Uint8Array,
  name: string,
  today: string,
  options: ReadOptions = {},
): KnownIssuesResult {
  const read = readYaml(content, name, file, options);
  if (!read.ok) return read;
  const { value, source } = read;
  const seen = new Set<string>();
  const diagnostics = value.knownIssues.flatMap((one, index) => {
    const path = ['knownIssues', index];
    const found: Diagnostic[] = [];
    if (!isDate(one.expires))
      found.push(
        source.diagnose('error', 'WRONG_FORM', `got ${one.expires}, expected a day that there is`, [
          ...path,
          'expires',
        ]),
      );
    else if (one.expires < today)
      found.push(
        source.diagnose(
          'error',
          'OUT_OF_RANGE',
          `this known issue expired on ${one.expires}: remove it, or look at it again and give it a new date`,
          [...path, 'expires'],
        ),
      );
    if (seen.has(one.signature))
      found.push(
        source.diagnose('error', 'DUPLICATE_NAME', 'the same signature stands above', [...path, 'signature']),
      );
    seen.add(one.signature);
    return found;
  });
  return diagnostics.length > 0 ? { ok: false, diagnostics } : { ok: true, issues: value.knownIssues };
}

function isDate(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}
