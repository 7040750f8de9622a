// SPDX-License-Identifier: MIT

/** One option and the values that are asked of it: some of `y`, `m` and `n`. */
export interface Term {
  /** Without `CONFIG_`. */
  readonly symbol: string;
  readonly allowed: string;
}

/** Terms of which one must hold. */
export type Condition = readonly Term[];

/** What a place in a makefile depends on: every condition must hold. Null: it is never reached. */
export type Conditions = readonly Condition[] | null;

/** Both of two places. */
export function both(a: Conditions, b: Conditions): Conditions {
  if (a === null || b === null) return null;
  const known = new Set(a.map(keyOf));
  return [...a, ...b.filter((one) => !known.has(keyOf(one)))];
}

function keyOf(condition: Condition): string {
  return condition.map(({ symbol, allowed }) => `${symbol}=${allowed}`).join('|');
}

/** Whether conditions hold with these values; an option that is not there is `n`. */
export function hold(conditions: readonly Condition[], values: ReadonlyMap<string, string>): boolean {
  return conditions.every((condition) =>
    condition.some(({ symbol, allowed }) => allowed.includes(values.get(symbol) ?? 'n')),
  );
}

/** A condition for people: `CONFIG_ZRAM`, `CONFIG_A or CONFIG_B`, `CONFIG_X=y`. */
export function describeCondition(condition: Condition): string {
  return condition
    .map(({ symbol, allowed }) =>
      allowed === 'ym' ? `CONFIG_${symbol}` : `CONFIG_${symbol}=${[...allowed].join('/')}`,
    )
    .join(' or ');
}

const SYMBOL = /\$[({]CONFIG_(\w+)[)}]/g;

function symbolsOf(text: string): string[] {
  return [...text.matchAll(SYMBOL)].map((match) => match[1] as string);
}

/** The conditions of a variable's suffix: `$(CONFIG_X)`, `$(subst m,y,$(CONFIG_X))`, `$(CONFIG_A)$(CONFIG_B)`. */
export function conditionsOfSuffix(suffix: string): Conditions {
  return symbolsOf(suffix).map((symbol) => [{ symbol, allowed: 'ym' }]);
}

/** What a line `ifeq`, `ifneq`, `ifdef` or `ifndef` asks for. What is not understood asks for nothing. */
export function parseConditional(line: string, constants: ReadonlyMap<string, string>): Conditions {
  const [, keyword = '', rest = ''] = /^(ifn?eq|ifn?def)\s*(.*)$/.exec(line) ?? [];
  if (keyword.endsWith('def')) {
    const symbol = /^CONFIG_(\w+)$/.exec(rest.trim())?.[1];
    return symbol === undefined ? [] : [[{ symbol, allowed: keyword === 'ifdef' ? 'ym' : 'n' }]];
  }
  const sides = splitSides(rest.trim());
  if (!sides) return [];
  const expand = (text: string) =>
    text.replace(/\$[({](\w+)[)}]/g, (whole, name: string) => constants.get(name) ?? whole).trim();
  const [left, right] = sides.map(expand) as [string, string];
  const compared = compare(left, right);
  return keyword === 'ifeq' ? compared : negate(compared);
}

function splitSides(text: string): readonly string[] | null {
  const quoted = /^(["'])(.*?)\1\s+(["'])(.*?)\3$/.exec(text);
  if (quoted) return [quoted[2] as string, quoted[4] as string];
  const inner = /^\((.*)\)$/.exec(text)?.[1];
  if (inner === undefined) return null;
  let depth = 0;
  for (const [at, character] of [...inner].entries()) {
    if (character === '(' || character === '{') depth += 1;
    if (character === ')' || character === '}') depth -= 1;
    if (character === ',' && depth === 0) return [inner.slice(0, at), inner.slice(at + 1)];
  }
  return null;
}

function compare(left: string, right: string): Conditions {
  if (!left.includes('$') && !right.includes('$')) return left === right ? [] : null;
  if (right.includes('$')) return left.includes('$') ? [] : compare(right, left);
  const symbols = symbolsOf(left);
  const filter = /^\$\(filter ([ym ]+),/.exec(left)?.[1];
  if (filter !== undefined && right === '') {
    // Nothing of it is left: every one has another value.
    const allowed = 'ymn'.replace(new RegExp(`[${filter.replaceAll(' ', '')}]`, 'g'), '');
    return symbols.map((symbol) => [{ symbol, allowed }]);
  }
  const isPlain = left.replace(SYMBOL, '').trim() === '';
  if (!isPlain || symbols.length === 0) return [];
  if (right === '') return symbols.map((symbol) => [{ symbol, allowed: 'n' }]);
  if (!/^[ym]+$/.test(right) || right.length !== symbols.length) return [];
  return symbols.map((symbol, index) => [{ symbol, allowed: right[index] as string }]);
}

/** The opposite: one of the conditions does not hold. */
export function negate(conditions: Conditions): Conditions {
  if (conditions === null) return [];
  // Nothing was asked for, or nothing that was understood: the other branch may be reached as well.
  if (conditions.length === 0 || conditions.some((one) => one.length !== 1)) return [];
  return [
    conditions.flatMap(([term]) =>
      term ? [{ symbol: term.symbol, allowed: 'ymn'.replace(new RegExp(`[${term.allowed}]`, 'g'), '') }] : [],
    ),
  ];
}
