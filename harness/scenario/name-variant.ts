// SPDX-License-Identifier: MIT

/** A directory is called so, with the arm and the attempt behind it. */
export const LONGEST_NAME = 160;

/** A value of the matrix as part of a name that is fit for a file. */
export function nameValue(value: string): string {
  return value.replace(/[^A-Za-z0-9._-]+/g, '_');
}

/** What the name of a combination of the matrix has behind the scenario's: `@ports=2`, or nothing. */
export function nameVariant(variant: Readonly<Record<string, string>>): string {
  return Object.entries(variant)
    .map(([key, value]) => `@${key}=${nameValue(value)}`)
    .join('');
}
