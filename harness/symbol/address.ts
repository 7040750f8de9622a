// SPDX-License-Identifier: MIT
import { runCommand } from '../host/index.ts';

/** Where a function lies in a binary. */
export interface FunctionPlace {
  readonly address: bigint;
  /** Bytes; 0 where the binary does not say. */
  readonly size: number;
}

const tables = new Map<string, Promise<ReadonlyMap<string, readonly FunctionPlace[]>>>();

/** All functions of a binary by name; read once for each binary. */
export function readFunctions(binary: string): Promise<ReadonlyMap<string, readonly FunctionPlace[]>> {
  let table = tables.get(binary);
  if (!table) {
    table = runCommand('nm', ['-S', binary]).then(({ stdout }) => parseNm(stdout));
    tables.set(binary, table);
  }
  return table;
}

/** Reads what `nm -S` prints; data symbols are left out. */
export function parseNm(text: string): ReadonlyMap<string, readonly FunctionPlace[]> {
  const found = new Map<string, FunctionPlace[]>();
  for (const match of text.matchAll(/^([0-9a-f]+) (?:([0-9a-f]+) )?[tTwW] (\S+)$/gm)) {
    const [, address = '0', size, name = ''] = match;
    const places = found.get(name) ?? [];
    places.push({ address: BigInt(`0x${address}`), size: size === undefined ? 0 : Number.parseInt(size, 16) });
    found.set(name, places);
  }
  return found;
}

/** Functions of the same name in different files are told apart by their size; null when that does not decide. */
export function choosePlace(places: readonly FunctionPlace[] | undefined, size: number | null): FunctionPlace | null {
  if (!places || places.length === 0) return null;
  if (places.length === 1) return places[0] ?? null;
  // The kernel counts up to the next symbol, alignment included: at most 15 bytes more.
  const fitting = places.filter((place) => size !== null && size >= place.size && size - place.size < 16);
  return fitting.length === 1 ? (fitting[0] ?? null) : null;
}
