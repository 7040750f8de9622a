// SPDX-License-Identifier: MIT

/** A function of a binary. Addresses are bigint: the kernel lives at the upper end of 64 bits. */
export interface TextSymbol {
  readonly name: string;
  /** Absolute in a linked binary, from the section's beginning in a module's `.ko`. */
  readonly address: bigint;
  readonly section: string;
  /** Sizes in bytes that the kernel may print for it; empty where every size will do. */
  readonly sizes: readonly number[];
  /** It is the last of its section: the kernel then counts up to whatever follows in memory. */
  readonly last: boolean;
}

export interface SymbolTable {
  readonly byName: ReadonlyMap<string, readonly TextSymbol[]>;
  /** By the name without what the compiler appended. */
  readonly byBareName: ReadonlyMap<string, readonly TextSymbol[]>;
}

interface Entry {
  readonly name: string;
  readonly address: bigint;
  readonly size: number;
  readonly section: string;
}

const LINE = /^(.+?)\s*\|([0-9a-f]{8,16})\|\s*([tTwW])\s*\|[^|]*\|\s*([0-9a-f]*)\s*\|[^|]*\|(\S+)$/;

/**
 * Reads the output of `nm --format=sysv`. The size that a kernel prints in `name+0x1/0x20` is the distance to the next
 * symbol (kallsyms has no sizes), so it may be larger than the ELF's by the alignment; both are kept.
 */
export function parseSymbols(output: string): SymbolTable {
  const sections = new Map<string, Entry[]>();
  for (const line of output.split('\n')) {
    const match = LINE.exec(line);
    if (!match) continue;
    const [, name = '', address = '', , size = '', section = ''] = match;
    if (name.startsWith('.L') || name.startsWith('$')) continue;
    const entry = {
      name,
      address: BigInt(`0x${address}`),
      size: size === '' ? 0 : Number.parseInt(size, 16),
      section,
    };
    const entries = sections.get(section);
    if (entries) entries.push(entry);
    else sections.set(section, [entry]);
  }
  const byName = new Map<string, TextSymbol[]>();
  const byBareName = new Map<string, TextSymbol[]>();
  for (const entries of sections.values()) {
    for (const symbol of measure(entries)) {
      append(byName, symbol.name, symbol);
      append(byBareName, bareName(symbol.name), symbol);
    }
  }
  return { byName, byBareName };
}

function measure(entries: readonly Entry[]): TextSymbol[] {
  const sorted = [...entries].sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
  const found: TextSymbol[] = [];
  let next: bigint | null = null;
  for (let index = sorted.length - 1; index >= 0; index--) {
    const entry = sorted[index];
    if (!entry) continue;
    const after = sorted[index + 1];
    if (after && after.address > entry.address) next = after.address;
    const distance = next === null ? null : Number(next - entry.address);
    const sizes = [entry.size, distance].filter((size) => size !== null && size > 0) as number[];
    const { name, address, section } = entry;
    found.push({ name, address, section, sizes: [...new Set(sizes)], last: next === null });
  }
  return found;
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/**
 * The function that a trace means, or null when none fits or several do: a wrong source line is worse than none.
 * Same-named statics are told apart by size. A size that fits nothing means another build of the kernel.
 */
export function findSymbol(table: SymbolTable, name: string, size: number | null): TextSymbol | null {
  const named = table.byName.get(name) ?? table.byBareName.get(name) ?? [];
  const fitting = named.filter((symbol) => fits(symbol, size));
  const places = new Set(fitting.map((symbol) => `${symbol.section}\0${symbol.address}`));
  return places.size === 1 ? (fitting[0] ?? null) : null;
}

function fits(symbol: TextSymbol, size: number | null): boolean {
  if (size === null || symbol.sizes.length === 0 || symbol.sizes.includes(size)) return true;
  return symbol.last && size > Math.max(...symbol.sizes);
}

/** What the compiler split off a function: `name.cold`, `name.part.0`. */
export function findParts(table: SymbolTable, name: string): readonly TextSymbol[] {
  const parts: TextSymbol[] = [];
  for (const [other, symbols] of table.byName) if (other.startsWith(`${name}.`)) parts.push(...symbols);
  return parts;
}

/** A function's name without `.isra.0`, `.constprop.0` and the like. `.cold` is a separate function. */
function bareName(name: string): string {
  return name.replace(/(?:\.(?:isra|constprop|part|llvm)\.\d+)+/g, '');
}
