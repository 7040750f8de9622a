// SPDX-License-Identifier: MIT
import fc from 'fast-check';

/** What can happen to a text on its way. Places are shares of its length, from 0 to 1. */
type Accident =
  | { readonly what: 'flip'; readonly at: number; readonly byte: number }
  | { readonly what: 'insert'; readonly at: number; readonly text: string }
  | { readonly what: 'delete' | 'double' | 'truncate' | 'cut'; readonly at: number }
  | { readonly what: 'swap'; readonly at: number; readonly other: number };

/** Bytes that readers of any text stumble over. */
const ANY_TEXT: readonly string[] = [
  ...[
    '\r',
    '\n',
    '\0',
    '\r\n',
    '\t',
    '\x1b[0m',
    '\x1b]0;x\x07',
    '\xff',
    '\xc3',
    '\xef\xbb\xbf',
    '\xff\xfe',
    '\xc3\xa9',
  ],
  ...[
    '\xe2\x80\xae',
    '\xed\xa0\x80',
    '\xf0\x9f\x91\x8d',
    '__proto__',
    'constructor',
    '-',
    '--',
    '/',
    '../',
    '%s',
    '$(x)',
  ],
  ...['0', '-0', '007', '1e999', '99999999999999999999', 'NaN', 'null', '"', "'", '`', '\\', ' '.repeat(300)],
  'x'.repeat(3000),
];

const share = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

function accidents(inserts: readonly string[]): fc.Arbitrary<Accident> {
  return fc.oneof(
    fc.record({ what: fc.constant('flip' as const), at: share, byte: fc.integer({ min: 0, max: 255 }) }),
    fc.record({
      what: fc.constant('insert' as const),
      at: share,
      text: fc.constantFrom(...ANY_TEXT, ...inserts),
    }),
    fc.record({
      what: fc.constantFrom('delete' as const, 'double' as const, 'truncate' as const, 'cut' as const),
      at: share,
    }),
    fc.record({ what: fc.constant('swap' as const), at: share, other: share }),
  );
}

function suffer(text: string, accident: Accident): string {
  const place = Math.floor(accident.at * text.length);
  switch (accident.what) {
    case 'flip':
      return text.slice(0, place) + String.fromCharCode(accident.byte) + text.slice(place + 1);
    case 'insert':
      return text.slice(0, place) + accident.text + text.slice(place);
    case 'cut':
      return text.slice(0, place);
    default:
      return sufferByLine(text.split(/(?<=\n)/), accident).join('');
  }
}

function sufferByLine(
  lines: string[],
  accident: Exclude<Accident, { readonly what: 'flip' | 'insert' | 'cut' }>,
): string[] {
  const index = Math.floor(accident.at * lines.length);
  const line = lines[index] ?? '';
  if (accident.what === 'delete') lines.splice(index, 1);
  else if (accident.what === 'double') lines.splice(index, 0, line);
  else if (accident.what === 'truncate') lines[index] = line.slice(0, Math.floor(line.length / 2));
  else if (accident.what === 'swap') {
    const other = Math.floor(accident.other * lines.length);
    [lines[index], lines[other]] = [lines[other] ?? '', line];
  }
  return lines;
}

/** One of the texts after up to eight accidents. One character a byte. `inserts`: words that mean something to its reader. */
export function mutate(texts: fc.Arbitrary<string>, inserts: readonly string[]): fc.Arbitrary<string> {
  return fc
    .tuple(texts, fc.array(accidents(inserts), { maxLength: 8 }))
    .map(([text, list]) => list.reduce(suffer, text));
}
