// SPDX-License-Identifier: MIT

/** A function that a C file defines. */
export interface Definition {
  readonly name: string;
  /** The lines from the beginning of its declaration to its closing brace, counted from 1. */
  readonly first: number;
  readonly last: number;
}

/**
 * Finds the functions that a C file of the kernel defines, in its order. A file need not be what a compiler would accept:
 * the branches of `#ifdef` are all read, and a brace in the first column ends whatever was open.
 */
export function findDefinitions(source: string): readonly Definition[] {
  const text = blankOut(source);
  const found: Definition[] = [];
  let line = 1;
  let depth = 0;
  let head = '';
  let headLine = 1;
  let open: { readonly name: string; readonly first: number } | null = null;
  const end = () => {
    if (open) found.push({ ...open, last: line });
    open = null;
    head = '';
  };
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === '\n') line++;
    if (depth > 0) {
      const isFirst = text[index - 1] === '\n';
      if (character === '{') depth++;
      else if (character === '}') depth = isFirst ? 0 : depth - 1;
      if (character === '}' && depth === 0) end();
      continue;
    }
    if (character === '{') {
      depth = 1;
      const name = nameOf(head);
      open = name === null ? null : { name, first: headLine };
    } else if (character === ';' || character === '}') head = '';
    else {
      if (head.trim() === '') headLine = line;
      head += character;
    }
  }
  return found;
}

/** Spaces for comments, literals and directives, so that what is left has only the braces of the language. */
function blankOut(source: string): string {
  const blank = (text: string) => text.replace(/[^\n]/g, ' ');
  return source
    .replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g, blank)
    .replace(/^[ \t]*#(?:\\\n|[^\n])*/gm, blank);
}

const STORAGE = new Set([
  'static',
  'inline',
  '__inline',
  '__always_inline',
  'noinline',
  'extern',
  'asmlinkage',
]);

/**
 * The name in the head of a definition; null where it is none of a function. `__printf(1, 2)` before it and `__releases(lock)`
 * after it are no names: nothing, or a storage class, stands before the one, and a parenthesis before the other.
 */
function nameOf(head: string): string | null {
  const text = head.trim();
  if (/^(?:typedef\b|(?:static\s+|const\s+)*(?:struct|union|enum)\b[^(]*$)/.test(text)) return null;
  let depth = 0;
  let macro: string | null = null;
  for (const { 0: token, index } of text.matchAll(/[A-Za-z_]\w*|[^\s\w]/g)) {
    if (token === '(') depth++;
    else if (token === ')') depth--;
    else if (token === '=' && depth === 0) return null;
    else if (depth === 0 && /^\w/.test(token) && /^\s*\(/.test(text.slice(index + token.length))) {
      const before = /([A-Za-z_]\w*|\*)\s*$/.exec(text.slice(0, index))?.[1];
      if (before !== undefined && !STORAGE.has(before)) return token;
      if (before === undefined && text.slice(0, index).trim() === '')
        macro = /^\w+\s*\(\s*([A-Za-z_]\w*)/.exec(text)?.[1] ?? null;
    }
  }
  if (macro === null) return null;
  return /^(?:COMPAT_)?SYSCALL_DEFINE\d/.test(text) ? `sys_${macro}` : macro;
}
