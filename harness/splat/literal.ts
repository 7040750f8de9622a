// SPDX-License-Identifier: MIT

/** Stands for what is no certain character. */
const GAP = '\0';
/** In this order: what may hold special characters, what they make optional, and the rest of them. */
const GAPS: readonly RegExp[] = [/\\./g, /\[[^\]]*\]/g];
const GROUP = /\([^()]*\)/g;
const OPTIONAL = /.(?:[*?]|\{\d[^}]*\})/g;
const SPECIAL = /[.^$+?]/g;

/**
 * The longest text that every match of an expression contains, as far as a look at it shows; '' if there is none. To search
 * a line for it is much cheaper than to try the expression.
 */
export function literalOf({ source, flags }: RegExp): string {
  // Case does not count, or a character stands as a number.
  if (/[iv]/.test(flags) || /\\[xuck\d]/i.test(source)) return '';
  let text = source.replaceAll('\\/', '/');
  for (const gap of GAPS) text = text.replace(gap, GAP);
  for (let before = ''; before !== text; ) {
    before = text;
    text = text.replace(GROUP, GAP);
  }
  if (text.includes('|')) return '';
  const runs = text.replace(OPTIONAL, GAP).replace(SPECIAL, GAP).split(GAP);
  return runs.reduce((longest, run) => (run.length > longest.length ? run : longest), '');
}
