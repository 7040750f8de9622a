// SPDX-License-Identifier: MIT
import type { Frame } from '../model/index.ts';

const FRAME =
  /^\s*(?:(?:\[<?[0-9a-f]+>?\]|\(\[<[0-9a-f]+>\])\s*){0,2}(\?\s+)?([A-Za-z_.$][\w.$]*)\+0x([0-9a-f]+)\/0x([0-9a-f]+)\)?(?:\s+\[(\w+)(?:\s+[0-9a-f]+)?\])?(.*)$/;
const INLINE = /^\s*([A-Za-z_][\w.]*)\s+(\S+\.[chS]):(\d+)\s+\[inline\]\s*$/;

/** Reads a line of a call trace; null for any other line. */
export function parseFrame(text: string): Frame | null {
  const inline = INLINE.exec(text);
  if (inline?.[1])
    return {
      function: inline[1],
      offset: null,
      size: null,
      module: null,
      reliable: true,
      inline: true,
      file: inline[2] ?? null,
      line: Number(inline[3]),
    };
  const match = FRAME.exec(text);
  if (!match?.[2]) return null;
  const rest = match[6] ?? '';
  const place = /^\s+(\S+\.[chS]):(\d+)/.exec(rest);
  if (!place && !/^(\s*|\s*\([A-Z]+\)\s*|\s+\(unreliable\)\s*)$/.test(rest)) return null;
  return {
    function: match[2],
    offset: Number.parseInt(match[3] ?? '0', 16),
    size: Number.parseInt(match[4] ?? '0', 16),
    module: match[5] ?? null,
    reliable: match[1] === undefined && !rest.includes('(unreliable)'),
    inline: false,
    file: place?.[1] ?? null,
    line: place?.[2] === undefined ? null : Number(place[2]),
  };
}

const POINTER =
  /^(?:RIP: (?:0010:)?|pc\s*:\s*|PC is at |NIP \[[0-9a-f]+\] |epc\s*:\s*|Krnl PSW\s*:.*\()(?:\[<?[0-9a-f]+>?\]\s*)*([A-Za-z_][\w.]*)\+0x([0-9a-f]+)\/0x([0-9a-f]+)(?:\s+\[(\w+)[^\]]*\])?/;

/** Reads the line of the instruction pointer, kernel side only. */
export function parsePointer(text: string): Frame | null {
  const match = POINTER.exec(text.trimStart());
  if (!match?.[1]) return null;
  return {
    function: match[1],
    offset: Number.parseInt(match[2] ?? '0', 16),
    size: Number.parseInt(match[3] ?? '0', 16),
    module: match[4] ?? null,
    reliable: true,
    inline: false,
    file: null,
    line: null,
  };
}

/** A function's name without what the compiler appended: `.isra.0`, `.constprop.0`, `.cold`. */
export function bareName(name: string): string {
  const dot = name.indexOf('.', 1);
  return dot < 0 ? name : name.slice(0, dot);
}
