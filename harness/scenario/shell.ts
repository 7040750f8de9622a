// SPDX-License-Identifier: MIT

/** A word as a POSIX shell reads it back. */
export function quoteWord(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A command line of words that are each taken as they are. */
export function quoteWords(words: readonly string[]): string {
  return words.map(quoteWord).join(' ');
}
