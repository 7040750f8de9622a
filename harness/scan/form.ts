// SPDX-License-Identifier: MIT

/** What the first bytes of a log say that it is. */
export type LogForm =
  | { readonly kind: 'text' }
  | { readonly kind: 'packed'; readonly program: string }
  | { readonly kind: 'utf16'; readonly encoding: 'utf-16le' | 'utf-16be' }
  | { readonly kind: 'other'; readonly what: string; readonly next?: string };

/** As many bytes are looked at. */
export const LOOKED_AT = 64 * 1024;

/** Compressed forms, and the program that unpacks each; gzip is unpacked without one. */
const PACKED: readonly (readonly [magic: string, program: string])[] = [
  ['1f8b', 'gzip'],
  ['fd377a585a00', 'xz'],
  ['28b52ffd', 'zstd'],
  ['425a68', 'bzip2'],
  ['04224d18', 'lz4'],
];

const JOURNAL = 'read it with journalctl: journalctl -k --file FILE | ktrial scan';
const UNPACK = 'unpack it, and name the log inside';

/** Forms that are no text: where their mark stands, the mark in hexadecimal, and what it is. */
const OTHERS: readonly (readonly [at: number, magic: string, what: string, next?: string])[] = [
  [0, '7f454c46', 'an ELF file: a program, a module, a kernel or a core dump'],
  [0, '89504e47', 'a PNG image'],
  [0, 'ffd8ff', 'a JPEG image'],
  [0, '47494638', 'a GIF image'],
  [0, '52494646', 'a RIFF file: an image, sound or video'],
  [4, '66747970', 'a video or image'],
  [0, '25504446', 'a PDF document'],
  [0, '504b0304', 'a ZIP archive', UNPACK],
  [257, '7573746172', 'a tar archive', UNPACK],
  [0, '303730373031', 'a cpio archive', UNPACK],
  [0, '377abcaf271c', 'a 7z archive', UNPACK],
  [0, '526172211a07', 'a RAR archive', UNPACK],
  [0, '213c617263683e', 'an ar archive or a Debian package', UNPACK],
  [0, '894c5a4f', 'an lzop file', UNPACK],
  [0, '02214c18', 'a file of the old lz4 form', UNPACK],
  [0, '1f9d', 'a file of compress(1)', UNPACK],
  [0, '1fa0', 'a file of compress(1)', UNPACK],
  [0, '4c5a4950', 'an lzip file', UNPACK],
  [0, '5d0000', 'an lzma file', UNPACK],
  [0, '4c504b5348485248', 'a journal of systemd', JOURNAL],
  [0, '4b44554d50202020', 'a crash dump of kdump', 'take the log out of it: vmcore-dmesg FILE | ktrial scan'],
  [
    0,
    '4449534b44554d50',
    'a crash dump of diskdump',
    'take the log out of it: vmcore-dmesg FILE | ktrial scan',
  ],
  [0, '514649fb', 'a QCOW2 disk image'],
  [0, '68737173', 'a squashfs image'],
  [0x202, '48647253', 'a kernel boot image'],
  [0, '53514c69746520666f726d6174', 'an SQLite database'],
  [0, '50455246494c4532', 'a recording of perf', 'take the text out of it: perf script'],
  [0, '1708447472616365', 'a recording of trace-cmd', 'take the text out of it: trace-cmd report'],
  [0, 'd4c3b2a1', 'a packet capture'],
  [0, '0a0d0d0a', 'a packet capture'],
  [0, '0061736d', 'a WebAssembly module'],
  [0, 'cafebabe', 'a Java class'],
  [0, 'fffe0000', 'text in UTF-32', 'write it as UTF-8: iconv -f UTF-32 -t UTF-8'],
  [0, '0000feff', 'text in UTF-32', 'write it as UTF-8: iconv -f UTF-32 -t UTF-8'],
];

/** Recognises what a log is by its first bytes: at most `LOOKED_AT` of them are used. Pure. */
export function recogniseForm(bytes: Buffer): LogForm {
  const head = bytes.subarray(0, LOOKED_AT);
  const has = (at: number, magic: string) =>
    head.subarray(at, at + magic.length / 2).toString('hex') === magic;
  const packed = PACKED.find(([magic]) => has(0, magic));
  if (packed) return { kind: 'packed', program: packed[1] };
  const other = OTHERS.find(([at, magic]) => has(at, magic));
  if (other) return { kind: 'other', what: other[2], ...(other[3] === undefined ? {} : { next: other[3] }) };
  if (has(0, 'fffe')) return { kind: 'utf16', encoding: 'utf-16le' };
  if (has(0, 'feff')) return { kind: 'utf16', encoding: 'utf-16be' };
  return recogniseUtf16(head) ?? recogniseBinary(head) ?? { kind: 'text' };
}

/** UTF-16 without a mark at its start: of mostly English text every other byte is zero. */
function recogniseUtf16(head: Buffer): LogForm | null {
  const pairs = Math.floor(head.length / 2);
  if (pairs === 0) return null;
  let first = 0;
  let second = 0;
  for (let at = 0; at < 2 * pairs; at += 2) {
    if (head[at] === 0) first += 1;
    if (head[at + 1] === 0) second += 1;
  }
  if (second > 0.7 * pairs && first < 0.05 * pairs) return { kind: 'utf16', encoding: 'utf-16le' };
  if (first > 0.7 * pairs && second < 0.05 * pairs) return { kind: 'utf16', encoding: 'utf-16be' };
  return null;
}

/** Consoles print a little noise, and a file system may leave zeros in a log; what is mostly such is none. */
function recogniseBinary(head: Buffer): LogForm | null {
  let zeros = 0;
  let controls = 0;
  for (const byte of head) {
    if (byte === 0) zeros += 1;
    // Tab, line feed, vertical tab, form feed, carriage return, backspace and escape belong to consoles.
    else if ((byte < 32 && byte !== 27 && (byte < 8 || byte > 13)) || byte === 127) controls += 1;
  }
  const rest = head.length - zeros;
  if (head.length > 0 && zeros > 0.9 * head.length) return { kind: 'other', what: 'nothing but NUL bytes' };
  const invalid = countInvalid(head);
  if (controls > 0.05 * rest || invalid > 0.25 * rest) return { kind: 'other', what: 'binary data, no text' };
  return null;
}

/** Characters that are not UTF-8, about. */
function countInvalid(head: Buffer): number {
  let count = 0;
  const text = head.toString('utf8');
  for (let at = text.indexOf('\ufffd'); at >= 0; at = text.indexOf('\ufffd', at + 1)) count += 1;
  return count;
}
