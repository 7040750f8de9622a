// SPDX-License-Identifier: MIT
import type { Frame } from '../model/index.ts';

const ADDRESS = String.raw`\(?\[<?(?:0x)?[0-9a-f]{4,16}>?\]\)?\s*`;
const MARK = String.raw`<{1,2}\/?[#A-Z_]{2,10}>{1,2}\s*`;
const NAME = String.raw`[A-Za-z_.$][\w.$]*`;
const PLACE = String.raw`\+(?:0x)?([0-9a-f]+)(?:\/(?:0x)?([0-9a-f]+))?`;
const MODULE = String.raw`(?: \[([\w-]+)(?:\([A-Z+-]+\))?(?: [0-9a-f]+)?\])?`;

const PAIR_SOURCE = String.raw`(?: (\S+\.[a-zA-Z]+):(\d+))?(?: \[inline\])?`;

const FRAME = new RegExp(
  String.raw`^\s*(?:${MARK})*(?:${ADDRESS}){0,2}(?:[0-9a-f]{16} )?(?:${MARK})*(\?\s+)?\(?(?:\[<[0-9a-f]+>\] )?(?::([\w-]+):)?(${NAME})${PLACE}\)?${MODULE}(.*)$`,
);
/** arm: `[<a>] (f) from [<b>] (g+0x1/0x2)`, and without addresses `f from g+0x1/0x2`; a symboliser may add places. */
const PAIR = new RegExp(
  String.raw`^\s*(?:${ADDRESS})?\(?(${NAME})(?:${PLACE})?${MODULE}${PAIR_SOURCE}\)? from (?:${ADDRESS})?\(?(${NAME})${PLACE}${MODULE}${PAIR_SOURCE}\)?`,
);
const INLINE = new RegExp(String.raw`^\s*(?:${ADDRESS}){0,2}(${NAME}) (\S+\.[a-zA-Z]+):(\d+) \[inline\]`);
/** One or more places in the source, as the kernel's decode_stacktrace.sh prints them: inlined code first. */
const SOURCE_PLACE = String.raw`[^\s()]+:[\d?]+(?: \(discriminator \d+\))?`;
const PLACES = String.raw`\((${SOURCE_PLACE}(?: ${SOURCE_PLACE})*)\)(?: +\[?([\w-]+)(?: [0-9a-f]+)?\]?)?`;
/** A frame that this script decoded: it has no offset any more. */
const DECODED = new RegExp(
  String.raw`^\s*(?:${MARK})*(?:${ADDRESS}){0,2}(\?\s+)?(${NAME}) ${PLACES}(?: \([A-Z]+\))?\s*$`,
);
const DECODED_PLACES = new RegExp(`^ ?${PLACES}`);
/** A frame without a name. */
const ADDRESS_ONLY = /^\s*(?:\[<[0-9a-f]+>\] )?(\? )?(0x[0-9a-f]{8,16})\s*$/;
const SPACE = 0x20;
const QUESTION = 0x3f;
/** By character code: 1 if a function's name may contain it. */
const IN_NAME: Uint8Array = Uint8Array.from({ length: 256 }, (_, code) =>
  code < 128 && /[\w.$]/.test(String.fromCharCode(code)) ? 1 : 0,
);
const SOURCE = /^\s+([^\s(]+\.[a-zA-Z]+):(\d+)/;

/**
 * The form that most frames have, ` function+0x12/0x34 [module]`, by hand: null for every other line, which may be a
 * frame all the same. With `? ` before the name the frame is not reliable.
 */
export function parsePlainFrame(text: string): Frame | null {
  const { length } = text;
  let at = 0;
  while (at < length && text.charCodeAt(at) === SPACE) at += 1;
  if (at === length) return null;
  const reliable = text.charCodeAt(at) !== QUESTION;
  if (!reliable) {
    if (!text.startsWith(' ', at + 1)) return null;
    at += 2;
  }
  const name = at;
  while (at < length && IN_NAME[text.charCodeAt(at)] === 1) at += 1;
  const plus = at;
  const offset = skipHex(text, plus, '+0x');
  if (name === plus || offset < 0 || isDigit(text.charCodeAt(name))) return null;
  const size = skipHex(text, offset, '/0x');
  if (size < 0) return null;
  let module: string | null = null;
  if (size < length) {
    if (!text.startsWith(' [', size) || !text.endsWith(']')) return null;
    module = text.slice(size + 2, -1);
    if (!/^[\w-]+$/.test(module)) return null;
  }
  return {
    function: text.slice(name, plus),
    offset: readHex(text, plus + 3, offset),
    size: readHex(text, offset + 3, size),
    module,
    reliable,
    inline: false,
    file: null,
    line: null,
  };
}

const ZERO = 0x30;
const PLUS = 0x2b;
const SLASH = 0x2f;
const SMALL_X = 0x78;

/** What `testPlainFrame` finds. */
export type PlainFrame = 'reliable' | 'guessed';

/**
 * Whether a line of the log, from `from` up to `to`, has a form that `parsePlainFrame` reads, the one without a module; null
 * for every other line. It makes no text and no frame, which most lines of a flood need not have.
 */
export function testPlainFrame(bytes: Uint8Array, from: number, to: number): PlainFrame | null {
  let at = from;
  while (at < to && bytes[at] === SPACE) at += 1;
  const isGuessed = at < to && bytes[at] === QUESTION;
  if (isGuessed) {
    if (at + 1 >= to || bytes[at + 1] !== SPACE) return null;
    at += 2;
  }
  const name = at;
  while (at < to && IN_NAME[bytes[at] as number] === 1) at += 1;
  if (at === name || isDigit(bytes[name] as number)) return null;
  const offset = skipHexBytes(bytes, at, to, PLUS);
  if (offset < 0 || skipHexBytes(bytes, offset, to, SLASH) !== to) return null;
  return isGuessed ? 'guessed' : 'reliable';
}

/** As `skipHex`, for a mark such as `+0x` that is named by its first byte. */
function skipHexBytes(bytes: Uint8Array, from: number, to: number, mark: number): number {
  if (from + 3 >= to || bytes[from] !== mark || bytes[from + 1] !== ZERO || bytes[from + 2] !== SMALL_X)
    return -1;
  let at = from + 3;
  for (; at < to; at += 1) {
    const code = bytes[at] as number;
    if (!isDigit(code) && (code < 0x61 || code > 0x66)) break;
  }
  return at === from + 3 ? -1 : at;
}

/** The place after the hexadecimal digits that follow a mark; -1 if there is no mark, or no digit. */
function skipHex(text: string, from: number, mark: string): number {
  if (!text.startsWith(mark, from)) return -1;
  let at = from + mark.length;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (!isDigit(code) && (code < 0x61 || code > 0x66)) break;
  }
  return at === from + mark.length ? -1 : at;
}

/** The number that hexadecimal digits say, from one place up to another. */
function readHex(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const code = text.charCodeAt(at);
    value = value * 16 + code - (isDigit(code) ? 0x30 : 0x57);
  }
  return value;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Parses a line of a call trace: one frame, or two on arm, or none for any other line. */
export function parseFrames(text: string): readonly Frame[] {
  if (text.includes(' from ')) {
    const pair = PAIR.exec(text);
    if (pair) return readPair(pair);
  }
  if (text.includes('+0x') || text.includes('[inline]')) {
    const frame = parseFrame(text);
    return frame ? [frame] : [];
  }
  const decoded = text.includes(' (') ? parseDecodedFrame(text) : null;
  return decoded ? [decoded] : [];
}

/** Parses a line of a call trace with one frame; null for any other line. */
export function parseFrame(text: string): Frame | null {
  const match = FRAME.exec(text);
  if (match?.[3]) {
    const rest = match[7] ?? '';
    return makeFrame(match[3], match[4], match[5], match[2] ?? match[6], {
      reliable: match[1] === undefined && !rest.includes('(unreliable)'),
      ...readSource(rest),
    });
  }
  const inline = INLINE.exec(text);
  if (!inline?.[1]) return null;
  return makeFrame(inline[1], undefined, undefined, undefined, {
    inline: true,
    file: tidyPath(inline[2] ?? ''),
    line: Number(inline[3]),
  });
}

function parseDecodedFrame(text: string): Frame | null {
  const match = DECODED.exec(text);
  if (!match?.[2]) return null;
  return makeFrame(match[2], undefined, undefined, match[4], {
    reliable: match[1] === undefined,
    ...lastPlace(match[3] ?? ''),
  });
}

/** Parses a frame that is an address in no function; null for any other line. */
export function parseAddressFrame(text: string): Frame | null {
  const match = ADDRESS_ONLY.exec(text);
  if (!match?.[2]) return null;
  return makeFrame(match[2], undefined, undefined, undefined, { reliable: match[1] === undefined });
}

type Source = Pick<Frame, 'file' | 'line'>;

/** The place in the source that follows a frame on its line, ` file.c:12` or ` (file.c:12) module`. */
export function readSource(rest: string): Source & { readonly module?: string } {
  const source = SOURCE.exec(rest);
  if (source) return { file: tidyPath(source[1] ?? ''), line: Number(source[2]) };
  const decoded = rest.includes('(') ? DECODED_PLACES.exec(rest) : null;
  if (!decoded) return { file: null, line: null };
  const place = lastPlace(decoded[1] ?? '');
  return decoded[2] === undefined ? place : { ...place, module: decoded[2] };
}

/** The function's own place: that of code which was inlined into it stands before. Null where the script knew none. */
function lastPlace(places: string): Source {
  const known = [...places.matchAll(/(\S+):(\d+)(?=\s|$)/g)].at(-1);
  if (!known?.[1] || known[2] === '0' || known[1].startsWith('??')) return { file: null, line: null };
  return { file: tidyPath(known[1]), line: Number(known[2]) };
}

/** Compilers write `./include/a.h` and `fs/pond/../pond.c`. */
function tidyPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '.') continue;
    const last = parts.at(-1);
    if (part === '..' && last !== undefined && last !== '' && last !== '..') parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}

/** Whether the unwinder marks this line as a guess. */
export function isUnreliable(text: string): boolean {
  if (text.includes('(unreliable)')) return true;
  return (
    text.includes('? ') && !text.includes('<EOI>') && /(?:^|\s)\? +[\w.$]+(?:\+0x| \([^\s()]+:)/.test(text)
  );
}

function readPair(pair: RegExpExecArray): readonly Frame[] {
  const [, inner = '', innerOffset, innerSize, innerModule, innerFile, innerLine, ...rest] = pair;
  const [outer = '', offset, size, module, file, line] = rest;
  return [
    makeFrame(inner, innerOffset, innerSize, innerModule, sourceOf(innerFile, innerLine)),
    makeFrame(outer, offset, size, module, sourceOf(file, line)),
  ];
}

function sourceOf(file: string | undefined, line: string | undefined): Source {
  return file === undefined ? { file: null, line: null } : { file: tidyPath(file), line: Number(line) };
}

/** Makes a frame of the groups of a line: hexadecimal digits without `0x`. */
export function makeFrame(
  name: string,
  offset: string | undefined,
  size: string | undefined,
  module: string | undefined,
  more: Partial<Frame>,
): Frame {
  return {
    function: name,
    offset: offset === undefined ? null : Number.parseInt(offset, 16),
    size: size === undefined ? null : Number.parseInt(size, 16),
    module: module ?? null,
    reliable: true,
    inline: false,
    file: null,
    line: null,
    ...more,
  };
}

/** A function's name without the compiler's suffixes: `.isra.0`, `.constprop.0`, `.cold`. */
export function bareName(name: string): string {
  const own = name.startsWith('.') ? name.slice(1) : name;
  const dot = own.indexOf('.');
  return dot < 0 ? own : own.slice(0, dot);
}
