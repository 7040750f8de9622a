// SPDX-License-Identifier: MIT
import type { DocumentPath } from '../document/index.ts';

/** `${{name}}`: stands for a parameter's value. Only this form is replaced; a shell's own `${name}` is left alone. */
export const PLACEHOLDER: RegExp = /\$\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/g;

/** What begins like a placeholder: no shell has such a text. */
const BEGINNING = /\$\{\{[^{}\n]{0,100}\}{0,2}/g;

/** Replaces every placeholder; a placeholder alone is no special case. */
export function replaceAllPlaceholders(text: string, replace: (key: string) => string): string {
  return text.replaceAll(PLACEHOLDER, (_all, key: string) => replace(key));
}

/** The names of the placeholders of a text. */
export function listKeys(text: string): readonly string[] {
  return [...text.matchAll(PLACEHOLDER)].map(([, key = '']) => key);
}

/** One use of a placeholder. */
export interface PlaceholderUse {
  /** The parameter; null for what begins like a placeholder and is none, such as `${{ a-b }}`. */
  readonly key: string | null;
  readonly written: string;
  readonly path: DocumentPath;
}

/** Each placeholder in the texts of a value, with its place. */
export function* findPlaceholders(value: unknown, path: DocumentPath): Generator<PlaceholderUse> {
  if (Array.isArray(value))
    for (const [index, one] of value.entries()) yield* findPlaceholders(one, [...path, index]);
  else if (typeof value === 'object' && value !== null)
    for (const [key, one] of Object.entries(value)) yield* findPlaceholders(one, [...path, key]);
  else if (typeof value === 'string')
    for (const [written] of value.matchAll(BEGINNING))
      yield { key: new RegExp(`^${PLACEHOLDER.source}$`).exec(written)?.[1] ?? null, written, path };
}
