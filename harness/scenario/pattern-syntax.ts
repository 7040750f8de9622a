// SPDX-License-Identifier: MIT

/** Escapes of other engines, and what to write instead. RE2 refuses most of them, and reads the others differently. */
const ESCAPES: Readonly<Record<string, string>> = {
  h: '\\h is not in RE2: write [ \\t]',
  H: '\\H is not in RE2: write [^ \\t]',
  v: '\\v means different things in different engines: write \\n for a line feed, or \\x0b for a vertical tab',
  V: '\\V is not in RE2: write [^\\n\\r]',
  R: '\\R is not in RE2: write \\r?\\n',
  N: '\\N is not in RE2: write [^\\n]',
  X: '\\X is not in RE2: write a dot',
  K: '\\K is not in RE2, since nothing of a match is kept',
  G: '\\G is not in RE2, since a pattern is looked for once',
  Z: '\\Z is not in RE2: write \\n?\\z, or $ for the end of a line',
  u: '\\u is not in RE2: write \\x{1F600} for the character U+1F600',
  e: '\\e is not in RE2: write \\x1b',
  c: '\\c is not in RE2: write \\x01 for a control character',
  k: 'a reference back to a group is not in RE2: no engine finds it in linear time',
  '<': '\\< is a plain < in RE2: write \\b for the edge of a word',
  '>': '\\> is a plain > in RE2: write \\b for the edge of a word',
};

const LOOKAROUND = 'looking ahead or behind is not in RE2';

/** Beginnings of groups of other engines. */
const GROUPS: readonly (readonly [RegExp, string])[] = [
  [/^\(\?<?=/, `${LOOKAROUND}: match the text itself`],
  [/^\(\?<?!/, `${LOOKAROUND}: use lacks, or two patterns`],
  [/^\(\?>/, 'a group (?>…) is not in RE2, which never backtracks: write (?:…)'],
  [/^\(\?#/, 'a comment is not in RE2: write it after a # of YAML'],
  [/^\(\?P[=>]/, 'a reference back to a group is not in RE2: no engine finds it in linear time'],
  [/^\(\?[a-wyz]*x/i, 'the flag x is not in RE2: blanks in a pattern always count'],
  [/^\(\?[|R&(0-9+]/, 'branches and calls of groups are not in RE2'],
];

/** JavaScript's and Perl's way to write a pattern, with flags behind it: each at most once. */
const SLASHES = /^\/[\s\S]*\/(?!([a-z]*)([a-z])[a-z]*\2)([gimsuyx]{1,7})$/;

/**
 * Finds what other engines have and RE2 does not, or what it reads in another way than its author meant. Returns what
 * to write instead, or null.
 */
export function findForeignSyntax(pattern: string): string | null {
  const flags = SLASHES.exec(pattern)?.[3];
  if (flags !== undefined)
    return `it has slashes and flags: write it without slashes${flags.includes('i') ? ', with (?i) before it' : ''}; a slash that is meant is [/]`;
  let at = 0;
  let inClass = false;
  while (at < pattern.length) {
    const rest = pattern.slice(at, at + 16);
    const found = rest.startsWith('\\')
      ? findForeignEscape(rest, inClass)
      : inClass
        ? findForeignClass(rest)
        : findForeignGroup(rest);
    if (found !== null) return found;
    if (rest.startsWith('\\Q')) {
      const end = pattern.indexOf('\\E', at);
      at = end === -1 ? pattern.length : end + 2;
    } else if (rest.startsWith('\\')) at += 2;
    else if (inClass && /^\[:\^?[a-z]+:\]/.test(rest)) at = pattern.indexOf(':]', at) + 2;
    else if (inClass) {
      inClass = rest[0] !== ']';
      at += 1;
    } else if (rest[0] === '[') {
      inClass = true;
      // A bracket that comes first does not end the class.
      at += /^\[\^?\]?/.exec(rest)?.[0].length ?? 1;
    } else at += 1;
  }
  return null;
}

function findForeignEscape(rest: string, inClass: boolean): string | null {
  const escaped = rest[1] ?? '';
  if (/[1-9]/.test(escaped) && !/^\\[1-7][0-7]/.test(rest))
    return `\\${escaped}, a reference back to a group, is not in RE2: no engine finds it in linear time`;
  if (inClass && (escaped === '<' || escaped === '>')) return null;
  return Object.hasOwn(ESCAPES, escaped) ? (ESCAPES[escaped] ?? null) : null;
}

function findForeignClass(rest: string): string | null {
  const [found] = /^\[([=.]).+?\1\]/.exec(rest) ?? [];
  return found === undefined ? null : `${found} is not in RE2: write the characters themselves`;
}

function findForeignGroup(rest: string): string | null {
  const [name] = /^\[:\^?[a-z]+:\]/.exec(rest) ?? [];
  if (name !== undefined) return `${name} stands inside brackets: write [${name}]`;
  const [count] = /^\{,\d+\}/.exec(rest) ?? [];
  if (count !== undefined) return `${count} is no repeat count: write ${count.replace('{', '{0')}`;
  const [possessive] = /^[*+?]\+/.exec(rest) ?? [];
  if (possessive !== undefined)
    return `the + of ${possessive} is not in RE2, which never backtracks: leave it out`;
  return GROUPS.find(([beginning]) => beginning.test(rest))?.[1] ?? null;
}
