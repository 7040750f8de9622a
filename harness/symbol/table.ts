// SPDX-License-Identifier: MIT
import { runCommand } from '../host/index.ts';

/** An address in a binary: in a relocatable one (a `.ko`) relative to its section, otherwise of the whole. */
export interface Place {
  readonly section: string;
  readonly address: bigint;
}

/** The functions of a binary, by name. */
export interface SymbolTable {
  /**
   * Where `name` is, when the kernel printed `name+offset/size`. Several places mean several functions of that name
   * and size; none means that this binary has no such function.
   */
  find(name: string, offset: number | null, size: number | null): readonly Place[];
}

interface CodeSymbol extends Place {
  readonly name: string;
  readonly size: bigint | null;
}

/** Later symbols that may bound a function: kallsyms leaves some of nm's out, so the next one need not be it. */
const NEIGHBOURS = 16;

/** Reads a binary's functions with nm. Faults of `runCommand`. */
export async function readSymbols(binary: string, relocatable: boolean): Promise<SymbolTable> {
  const { stdout } = await runCommand('nm', ['--format=sysv', '--', binary]);
  return makeTable(parseSymbols(stdout), relocatable);
}

/** Functions out of `nm --format=sysv`: `name |address|class|type|size|line|section`. */
export function parseSymbols(text: string): CodeSymbol[] {
  const symbols: CodeSymbol[] = [];
  for (const line of text.split('\n')) {
    const [name, address, kind, , size, , section] = line.split('|').map((column) => column.trim());
    if (!name || !address || !section || !/^[tTwWi]$/.test(kind ?? '')) continue;
    symbols.push({ name, section, address: BigInt(`0x${address}`), size: size ? BigInt(`0x${size}`) : null });
  }
  return symbols;
}

/** A table of functions. In a relocatable binary every section has its own addresses. */
export function makeTable(symbols: readonly CodeSymbol[], relocatable: boolean): SymbolTable {
  const spaces = new Map<string, bigint[]>();
  const named = new Map<string, CodeSymbol[]>();
  for (const symbol of symbols) {
    const space = relocatable ? symbol.section : '';
    const addresses = spaces.get(space);
    if (addresses) addresses.push(symbol.address);
    else spaces.set(space, [symbol.address]);
    const same = named.get(symbol.name);
    if (same) same.push(symbol);
    else named.set(symbol.name, [symbol]);
  }
  for (const [space, addresses] of spaces)
    spaces.set(space, [...new Set(addresses)].sort((a, b) => (a < b ? -1 : 1)));
  const fits = (symbol: CodeSymbol, offset: bigint, size: bigint | null): boolean => {
    const addresses = spaces.get(relocatable ? symbol.section : '') ?? [];
    const from = indexAfter(addresses, symbol.address);
    const extents = addresses.slice(from, from + NEIGHBOURS).map((address) => address - symbol.address);
    if (symbol.size !== null) extents.unshift(symbol.size);
    if (size !== null && extents.includes(size)) return offset <= size;
    const [first = null] = extents;
    // The last function of a section: what bounds it in memory is not in this binary.
    const isLast = relocatable && from === addresses.length;
    if (size !== null && !(isLast && (first === null || size >= first))) return false;
    return isLast || first === null || offset <= first;
  };
  return {
    find(name, offset, size) {
      const wanted = size === null ? null : BigInt(size);
      const found = (named.get(name) ?? []).filter((symbol) => fits(symbol, BigInt(offset ?? 0), wanted));
      const places = found.map(({ section, address }) => ({ section, address }));
      return places.filter((place, index) => places.findIndex((one) => isSame(one, place)) === index);
    },
  };
}

function isSame(a: Place, b: Place): boolean {
  return a.address === b.address && a.section === b.section;
}

/** Index of the first of some ascending addresses that is greater. */
function indexAfter(addresses: readonly bigint[], address: bigint): number {
  let [low, high] = [0, addresses.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((addresses[middle] ?? 0n) <= address) low = middle + 1;
    else high = middle;
  }
  return low;
}
