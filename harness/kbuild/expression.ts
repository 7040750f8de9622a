// SPDX-License-Identifier: MIT

/** An expression of Kconfig. */
export type Expression =
  | { readonly kind: 'all' | 'any'; readonly parts: readonly Expression[] }
  | { readonly kind: 'not'; readonly part: Expression }
  | { readonly kind: 'symbol'; readonly name: string }
  | { readonly kind: 'compare'; readonly left: string; readonly equal: boolean; readonly right: string };

/** Parses an expression; null where it is none that is understood. */
export function parseExpression(text: string): Expression | null {
  const words = text.match(/\(|\)|&&|\|\||!=|<=|>=|[!=<>]|"[^"]*"|\$\([^)]*\)+|[\w.-]+/g) ?? [];
  let at = 0;
  const any = (): Expression | null => list('any', '||', all);
  const all = (): Expression | null => list('all', '&&', one);
  const list = (kind: 'any' | 'all', joint: string, part: () => Expression | null): Expression | null => {
    const first = part();
    if (!first) return null;
    const parts = [first];
    while (words[at] === joint) {
      at += 1;
      const next = part();
      if (!next) return null;
      parts.push(next);
    }
    return parts.length === 1 ? first : { kind, parts };
  };
  const one = (): Expression | null => {
    const word = words[at++];
    if (word === undefined) return null;
    if (word === '!') {
      const part = one();
      return part && { kind: 'not', part };
    }
    if (word === '(') {
      const inner = any();
      return words[at++] === ')' ? inner : null;
    }
    const joint = words[at];
    if (joint !== undefined && /^(?:!=|[<>]=?|=)$/.test(joint)) {
      const right = words[at + 1] ?? '';
      at += 2;
      return { kind: 'compare', left: word, equal: joint === '=', right: right.replaceAll('"', '') };
    }
    return { kind: 'symbol', name: word };
  };
  const whole = any();
  return at === words.length ? whole : null;
}
