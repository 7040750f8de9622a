// SPDX-License-Identifier: MIT
import type { Condition } from './condition.ts';
import { type Expression, parseExpression } from './expression.ts';
import { type ConfigEntry, type ConfigFile, parseKconfig } from './kconfig.ts';
import type { TreeReader } from './tree.ts';

/** The options of a tree, each looked up once. */
export interface KconfigReader {
  find(symbol: string): Promise<readonly ConfigEntry[]>;
  /** Options with a prompt that select a symbol. */
  findSelectors(symbol: string): Promise<readonly ConfigEntry[]>;
}

const KCONFIG_FILES = ['Kconfig*', '*/Kconfig*'];

/** Reads the Kconfig files of a tree. Those of other architectures than `sourceArch` do not count. */
export function openKconfig(tree: TreeReader, sourceArch: string): KconfigReader {
  const files = new Map<string, Promise<ConfigFile>>();
  const found = new Map<string, Promise<readonly ConfigEntry[]>>();
  const parse = (path: string) => {
    const known = files.get(path);
    if (known !== undefined) return known;
    const reading = tree.read(path).then((text) => parseKconfig(text ?? '', path));
    files.set(path, reading);
    return reading;
  };
  const isOurs = (path: string) =>
    !path.startsWith('arch/') || path === 'arch/Kconfig' || path.startsWith(`arch/${sourceArch}/`);
  /** The files that define or select a symbol, by `config SYMBOL` and `select SYMBOL`: one search of the tree finds all. */
  let index: Promise<ReadonlyMap<string, ReadonlySet<string>>> | null = null;
  const indexFiles = async () => {
    const places = new Map<string, Set<string>>();
    const lines = await tree.grep('^[[:space:]]*(menuconfig|config|select)[[:space:]]', KCONFIG_FILES);
    for (const { path, text } of lines) {
      const [, keyword, symbol] = /^\s*(?:menu)?(config|select)\s+(\w+)/.exec(text) ?? [];
      if (symbol === undefined || !isOurs(path)) continue;
      const key = `${keyword} ${symbol}`;
      places.set(key, (places.get(key) ?? new Set()).add(path));
    }
    return places;
  };
  const search = async (keyword: 'config' | 'select', symbol: string) => {
    index ??= indexFiles();
    return [...((await index).get(`${keyword} ${symbol}`) ?? [])];
  };
  /** What a file's options depend on because of where the file is sourced. */
  const around = async (path: string, depth = 0): Promise<readonly string[]> => {
    if (depth > 6) return [];
    const parts = path.split('/');
    for (let length = parts.length - 2; length >= 0; length -= 1) {
      const parent = [...parts.slice(0, length), 'Kconfig'].join('/');
      if (parent === path) continue;
      const source = (await parse(parent)).sources.find((one) => one.path === path);
      if (source) return [...source.depends, ...(await around(parent, depth + 1))];
    }
    return [];
  };
  const complete = async (entry: ConfigEntry): Promise<ConfigEntry> => ({
    ...entry,
    depends: [...entry.depends, ...(await around(entry.file))],
  });
  return {
    find(symbol) {
      const known = found.get(symbol);
      if (known !== undefined) return known;
      const looking = (async () => {
        const paths = await search('config', symbol);
        const all = (await Promise.all(paths.map(parse))).flatMap(({ entries }) => entries);
        return Promise.all(all.filter((one) => one.symbol === symbol).map(complete));
      })();
      found.set(symbol, looking);
      return looking;
    },
    async findSelectors(symbol) {
      const paths = await search('select', symbol);
      const all = (await Promise.all(paths.slice(0, 20).map(parse))).flatMap(({ entries }) => entries);
      return Promise.all(
        all
          .filter((one) => one.hasPrompt && one.selects.includes(symbol))
          .slice(0, 5)
          .map(complete),
      );
    },
  };
}

/** Options to set, `CONFIG_X` to `y` or `m`. */
export type Options = Map<string, string>;

/** Options by name without `CONFIG_`. */
export type Values = ReadonlyMap<string, string>;

/** What is known of a configuration before it is made. */
export interface ConfigValues {
  /** What it asks for. */
  readonly asked: Values;
  /** What it is expected to come to. */
  readonly usual: Values;
  /** What the user asks for: nothing is put on top of it. */
  readonly firm: Values;
}

const DEPTH = 8;

/**
 * Chooses the options for conditions: modules where that is possible, with what they depend on. Nothing is said of what
 * `asked` has already, nor of a dependency that `usual` has: what the configuration is expected to come to.
 */
export async function chooseOptions(
  conditions: readonly Condition[],
  { asked, usual, firm }: ConfigValues,
  kconfig: KconfigReader,
): Promise<Options> {
  const chosen: Options = new Map();
  for (const condition of conditions) {
    const isMet = condition.some(({ symbol, allowed }) => allowed.includes(asked.get(symbol) ?? '-'));
    const term = condition.find(({ allowed }) => /[ym]/.test(allowed));
    if (!isMet && term) await want(term.symbol, term.allowed.includes('m') ? 'm' : 'y', 0);
  }
  return chosen;

  async function want(symbol: string, value: 'm' | 'y', depth: number): Promise<void> {
    const name = `CONFIG_${symbol}`;
    const had = chosen.get(name);
    if (had === 'y' || had === value || depth > DEPTH || firm.has(symbol)) return;
    const [entry] = (await kconfig.find(symbol)).toSorted(
      (a, b) => Number(b.hasPrompt) - Number(a.hasPrompt),
    );
    if (!entry) return;
    if (!entry.hasPrompt) {
      if (entry.hasDefault) return;
      const [selector] = await kconfig.findSelectors(symbol);
      if (selector) await want(selector.symbol, value, depth + 1);
      return;
    }
    const own = entry.type === 'tristate' ? value : 'y';
    chosen.set(name, own);
    for (const text of entry.depends) {
      const expression = parseExpression(text);
      if (expression) await meet(expression, own === 'm' ? 'm' : value, depth + 1);
    }
  }

  async function meet(expression: Expression, value: 'm' | 'y', depth: number): Promise<void> {
    switch (expression.kind) {
      case 'all':
        for (const part of expression.parts) await meet(part, value, depth);
        return;
      case 'any': {
        const { parts } = expression;
        if (parts.some(isMet)) return;
        const part = parts.find((one) => !mentions(one, 'COMPILE_TEST') && one.kind !== 'not') ?? parts[0];
        if (part) await meet(part, value, depth);
        return;
      }
      case 'symbol':
        if (!isMet(expression) && /^[A-Z]/.test(expression.name)) await want(expression.name, value, depth);
        return;
      case 'compare':
        if (expression.equal && /^[ym]$/.test(expression.right) && !isMet(expression))
          await want(expression.left, expression.right as 'm' | 'y', depth);
        return;
      default:
        return;
    }
  }

  /** Whether an expression holds already, or does where nothing else is asked for. */
  function isMet(expression: Expression): boolean {
    const valueNow = (name: string) => chosen.get(`CONFIG_${name}`) ?? usual.get(name) ?? 'n';
    switch (expression.kind) {
      case 'all':
        return expression.parts.every(isMet);
      case 'any':
        return expression.parts.some(isMet);
      case 'not':
        return !isMet(expression.part);
      case 'symbol':
        return expression.name === 'y' || expression.name === 'm' || valueNow(expression.name) !== 'n';
      case 'compare':
        return (valueNow(expression.left) === expression.right) === expression.equal;
    }
  }
}

function mentions(expression: Expression, name: string): boolean {
  if ('parts' in expression) return expression.parts.some((part) => mentions(part, name));
  if (expression.kind === 'not') return mentions(expression.part, name);
  return expression.kind === 'symbol' && expression.name === name;
}
