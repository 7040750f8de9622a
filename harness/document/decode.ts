// SPDX-License-Identifier: MIT
import { showName } from './phrase.ts';

/** A document's text, or why its bytes are none and where. */
export type Decoded =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly message: string; readonly text: string; readonly offset: number };

const FORMATS: readonly (readonly [bytes: readonly number[], what: string])[] = [
  [[0xff, 0xfe, 0, 0], 'UTF-32'],
  [[0, 0, 0xfe, 0xff], 'UTF-32'],
  [[0xff, 0xfe], 'UTF-16'],
  [[0xfe, 0xff], 'UTF-16'],
  [[0x1f, 0x8b], 'a gzip file'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'an xz file'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'a zstd file'],
  [[0x50, 0x4b, 3, 4], 'a zip file'],
  [[0x7f, 0x45, 0x4c, 0x46], 'an ELF file'],
];

/** Text that is YAML, from bytes that must be UTF-8, or from a text that must have no character that YAML forbids. */
export function decodeDocument(content: string | Uint8Array): Decoded {
  if (typeof content === 'string') return checkCharacters(content);
  const format = findFormat(content);
  if (format !== null)
    return refuse(`got ${format}, expected UTF-8 text${/UTF/.test(format) ? `: ${convert(format)}` : ''}`);
  const wrong = findInvalidByte(content);
  // A byte-order mark stays: what counts bytes or characters must not be off by it.
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(content);
  if (wrong === null) return checkCharacters(text);
  const before = new TextDecoder('utf-8', { ignoreBOM: true }).decode(content.subarray(0, wrong));
  const byte = `0x${(content[wrong] ?? 0).toString(16).padStart(2, '0')}`;
  const message = `byte ${wrong + 1} of the file, ${byte}, is not UTF-8: ${convert('Latin-1')}, if it is that`;
  return { ok: false, message, text, offset: before.length };
}

function convert(from: string): string {
  const name = { 'UTF-16': 'UTF-16', 'UTF-32': 'UTF-32' }[from] ?? 'ISO-8859-1';
  return `convert it with iconv -f ${name} -t UTF-8`;
}

function refuse(message: string): Decoded {
  return { ok: false, message, text: '', offset: 0 };
}

function findFormat(bytes: Uint8Array): string | null {
  const known = FORMATS.find(([start]) => start.every((byte, index) => bytes[index] === byte));
  if (known) return known[1];
  // Text of Latin letters in UTF-16 without a mark has a zero byte beside each letter.
  const head = bytes.subarray(0, 512);
  const zeros = [0, 1].map((odd) => head.filter((byte, index) => byte === 0 && index % 2 === odd).length);
  const [even = 0, odd = 0] = zeros;
  return head.length >= 4 && Math.max(even, odd) > head.length / 4 && Math.min(even, odd) === 0
    ? 'UTF-16'
    : null;
}

/** The first byte that is not part of a character, or null. */
function findInvalidByte(bytes: Uint8Array): number | null {
  const isValid = (length: number, isEnd: boolean) => {
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, length), { stream: !isEnd });
      return true;
    } catch {
      return false;
    }
  };
  if (isValid(bytes.length, true)) return null;
  let [valid, invalid] = [0, bytes.length + 1];
  // The longest beginning that may still go on to be valid.
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >> 1;
    if (isValid(middle, false)) valid = middle;
    else invalid = middle;
  }
  // It may end within a character; the first byte of that is the wrong one.
  while (valid > 0 && !isValid(valid, true)) valid -= 1;
  return valid;
}

/** What YAML forbids in a file: control characters but tab and line ends, and halves of surrogate pairs. */
const FORBIDDEN =
  /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

function checkCharacters(text: string): Decoded {
  const found = FORBIDDEN.exec(text);
  if (!found) return { ok: true, text };
  const message = `got the character ${showName(found[0])}, which YAML does not allow in a file: write it as an escape in double quotes`;
  return { ok: false, message, text, offset: found.index };
}
