// SPDX-License-Identifier: MIT
import { stat } from 'node:fs/promises';
import { runCommand } from '../host/index.ts';

/** Debug information of greater files is not read. */
const READABLE_BYTES = 64 * 1024 * 1024;

/** The size of a section of an ELF file in bytes; null where it has none of this name. Faults of `readelf`. */
export async function measureSection(
  binary: string,
  section: string,
  signal?: AbortSignal,
): Promise<number | null> {
  const options = signal ? { signal } : {};
  const { stdout } = await runCommand('readelf', ['-W', '--section-headers', '--', binary], options);
  return parseSectionSize(stdout, section);
}

/**
 * The size of a struct in bytes, from the debug information of a module; null where that does not have it, or the file is
 * greater than is read. Faults of `readelf`.
 */
export async function measureStruct(
  binary: string,
  name: string,
  signal?: AbortSignal,
): Promise<number | null> {
  if ((await stat(binary)).size > READABLE_BYTES) return null;
  const options = signal ? { signal } : {};
  const { stdout } = await runCommand('readelf', ['-W', '--debug-dump=info', '--', binary], options);
  return parseStructSize(stdout, name);
}

/** Reads `readelf -W --section-headers`: `[ 2] .text PROGBITS 0000000000000000 000070 001c92 …`. Pure. */
export function parseSectionSize(text: string, section: string): number | null {
  for (const line of text.split('\n')) {
    const [, name, size] =
      /^\s*\[\s*\d+\]\s+(\S+)\s+\S+\s+[0-9a-f]+\s+[0-9a-f]+\s+([0-9a-f]+)\s/.exec(line) ?? [];
    if (name === section && size !== undefined) return Number.parseInt(size, 16);
  }
  return null;
}

/** Reads `readelf --debug-dump=info`: the entry of a struct, its name, and its size among the attributes after it. Pure. */
export function parseStructSize(text: string, name: string): number | null {
  let isStruct = false;
  let isWanted = false;
  for (const line of text.split('\n')) {
    const entry = /^ *<[0-9a-f]+><[0-9a-f]+>: Abbrev Number:.*?(?:\((\w+)\))?$/.exec(line);
    if (entry) {
      isStruct = entry[1] === 'DW_TAG_structure_type';
      isWanted = false;
      continue;
    }
    if (!isStruct) continue;
    const [, attribute, value = ''] = /(DW_AT_name|DW_AT_byte_size) *: (.*)$/.exec(line) ?? [];
    // The value is the last word; forms and offsets in parentheses may stand before it.
    const last = /(\S+)\s*$/.exec(value)?.[1] ?? '';
    if (attribute === 'DW_AT_name') isWanted = last === name;
    else if (attribute === 'DW_AT_byte_size' && isWanted) return Number(last);
  }
  return null;
}
