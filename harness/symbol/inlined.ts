// SPDX-License-Identifier: MIT

/** What debug information says of one function of a source file. */
export interface CompiledFunction {
  /** Whether it has code of its own. */
  readonly hasCode: boolean;
  /** Whether callers have copies of it. */
  readonly isInlined: boolean;
}

/** Functions by name, of one source file. */
export type CompiledFunctions = ReadonlyMap<string, CompiledFunction>;

interface Entry {
  tag: string;
  name: string | null;
  origin: string | null;
  hasCode: boolean;
}

/**
 * Reads `readelf --debug-dump=info` and gives the functions of each compile unit, by the path of its source file as the
 * compiler had it.
 */
export function parseCompiledFunctions(output: string): ReadonlyMap<string, CompiledFunctions> {
  const units: { file: string | null; readonly entries: Map<string, Entry> }[] = [];
  let entry: Entry | null = null;
  for (const line of output.split('\n')) {
    const begin = /^ *<[0-9a-f]+><([0-9a-f]+)>: Abbrev Number: \d+ \((DW_TAG_\w+)\)/.exec(line);
    if (begin) {
      const [, offset = '', tag = ''] = begin;
      entry = null;
      if (tag === 'DW_TAG_compile_unit') units.push({ file: null, entries: new Map() });
      if (!/^DW_TAG_(?:compile_unit|subprogram|inlined_subroutine)$/.test(tag)) continue;
      entry = { tag, name: null, origin: null, hasCode: false };
      units.at(-1)?.entries.set(offset, entry);
      continue;
    }
    if (!entry) continue;
    const [, key, value = ''] = /^ *<[0-9a-f]+> +(DW_AT_\w+) *: ?(.*)$/.exec(line) ?? [];
    // Whatever stands before it about its form, a name is the last word.
    if (key === 'DW_AT_name') entry.name = /(\S+)\s*$/.exec(value)?.[1] ?? null;
    else if (key === 'DW_AT_abstract_origin') entry.origin = /<0x([0-9a-f]+)>/.exec(value)?.[1] ?? null;
    else if (key === 'DW_AT_low_pc' || key === 'DW_AT_ranges') entry.hasCode = true;
    const unit = units.at(-1);
    if (unit && entry.tag === 'DW_TAG_compile_unit' && entry.name !== null) unit.file = entry.name;
  }
  return new Map(units.flatMap(({ file, entries }) => (file === null ? [] : [[file, functionsOf(entries)]])));
}

function functionsOf(entries: ReadonlyMap<string, Entry>): CompiledFunctions {
  const found = new Map<string, CompiledFunction>();
  for (const entry of entries.values()) {
    if (entry.tag === 'DW_TAG_compile_unit') continue;
    const isCopy = entry.tag === 'DW_TAG_inlined_subroutine';
    const name = entry.name ?? (entry.origin === null ? null : (entries.get(entry.origin)?.name ?? null));
    if (name === null) continue;
    const before = found.get(name);
    found.set(name, {
      hasCode: (before?.hasCode ?? false) || (!isCopy && entry.hasCode),
      isInlined: (before?.isInlined ?? false) || isCopy,
    });
  }
  return found;
}
