// SPDX-License-Identifier: MIT
import type { SheetLine } from './sheet.ts';

/** What mail, web pages and terminals do to single characters. */

const ESCAPE = /=([0-9A-F]{2})/g;
const SOUND_EQUALS = /=(?:[0-9A-F]{2}|[ \t]*$)/g;
const EVIDENCE = /=3D|=20$|^.{58,76}=$/;
/** Of all equals signs in such a text, at least this share is an escape; the rest of a mail may be in another form. */
const SOUND_SHARE = 0.6;

/** Quoted-printable: `=3D`, and lines that end in `=`. */
export function undoQuotedPrintable(lines: readonly SheetLine[]): readonly SheetLine[] | null {
  let evidence = 0;
  let equals = 0;
  let sound = 0;
  for (const { text } of lines) {
    if (!text.includes('=')) continue;
    if (EVIDENCE.test(text)) evidence += 1;
    equals += text.split('=').length - 1;
    sound += text.match(SOUND_EQUALS)?.length ?? 0;
  }
  if (evidence === 0 || sound < equals * SOUND_SHARE) return null;
  const found: SheetLine[] = [];
  let open: SheetLine | null = null;
  for (const line of lines) {
    const isSound = line.text.split('=').length - 1 === (line.text.match(SOUND_EQUALS)?.length ?? 0);
    const soft = isSound && /=[ \t]*$/.test(line.text);
    const own = soft ? line.text.replace(/=[ \t]*$/, '') : line.text;
    const text = isSound
      ? own.replace(ESCAPE, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
      : own;
    const joined: SheetLine = open
      ? { text: open.text + text, from: open.from, to: line.to }
      : { ...line, text };
    open = soft ? joined : null;
    if (!soft) found.push(joined);
  }
  if (open) found.push(open);
  return found.flatMap(splitFeeds);
}

function splitFeeds(line: SheetLine): SheetLine[] {
  if (!/[\n\r]/.test(line.text)) return [line];
  return line.text.split(/\r?\n|\r/).map((text) => ({ ...line, text }));
}

const ENTITIES: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  apos: "'",
  nbsp: ' ',
};
const ENTITY = /&(?:([a-z]{2,4})|#(\d{1,3})|#x([0-9a-fA-F]{1,2}));/g;
const TAG = /<\/?(?:pre|code|tt|div|p|span|blockquote|li)(?: [^<>]*)?>/g;

/** Entities and tags of HTML, as archives and trackers leave them. */
export function undoHtml(lines: readonly SheetLine[]): readonly SheetLine[] | null {
  let changed = false;
  const found = lines.flatMap((line) => {
    const { text } = line;
    if (!text.includes('&') && !text.includes('<')) return [line];
    const bare = text.replace(TAG, '').split(/<br ?\/?>/);
    const parts = bare.map((part) =>
      part.replace(ENTITY, (all, name?: string, number?: string, hex?: string) =>
        name === undefined
          ? String.fromCharCode(
              number === undefined ? Number.parseInt(hex ?? '20', 16) : Number(number) & 255,
            )
          : (ENTITIES[name] ?? all),
      ),
    );
    if (parts.length > 1 && parts.at(-1) === '') parts.pop();
    if (parts.length === 1 && parts[0] === text) return [line];
    changed = true;
    return parts.map((part) => ({ ...line, text: part }));
  });
  return changed ? found : null;
}

/** A stamp within two characters that are not brackets. Groups: what opens, what closes. */
const STRANGE_STAMP =
  /^((?:[\xc2-\xdf][\x80-\xbf]|[\x80-\xff!#$%&*+,./:;=?@\\^_`|~-]))\s*\d+\.\d{6}((?:[\xc2-\xdf][\x80-\xbf]|[\x80-\xff!#$%&*+,./:;=?@\\^_`|~-]))/;
const STRANGE_LINES = 3;

/** Brackets that a terminal with another character set turned into other characters. */
export function undoStrangeBrackets(lines: readonly SheetLine[]): readonly SheetLine[] | null {
  const counts = new Map<string, { readonly pair: readonly [string, string]; count: number }>();
  let stamped = 0;
  for (const { text } of lines) {
    const match = STRANGE_STAMP.exec(text);
    if (!match) continue;
    stamped += 1;
    const pair = [match[1] ?? '', match[2] ?? ''] as const;
    const seen = counts.get(pair.join(' '));
    if (seen) seen.count += 1;
    else counts.set(pair.join(' '), { pair, count: 1 });
  }
  const best = [...counts.values()].sort((a, b) => b.count - a.count)[0];
  if (!best || best.count < STRANGE_LINES || best.count < stamped * 0.8) return null;
  const [open, close] = best.pair.map((one) => one.replace(/[\\^$.*+?|/]/g, '\\$&')) as [string, string];
  const within = `(?:(?!${open}|${close})[^])`;
  const bracket = new RegExp(`${open}(${within}{0,200})${close}`, 'g');
  return lines.map((line) => ({ ...line, text: line.text.replace(bracket, '[$1]') }));
}

const QUOTE = /^\s?(?:[>|](?![0-9a-f]{8,16}:) ?)+/;
const QUOTED_LINES = 3;

/** What mail programs write before the lines that they quote, once or many times. */
export function undoQuotes(lines: readonly SheetLine[]): readonly SheetLine[] | null {
  let quoted = 0;
  for (const { text } of lines) if (QUOTE.test(text)) quoted += 1;
  if (quoted < QUOTED_LINES) return null;
  return lines.map((line) => ({ ...line, text: line.text.replace(QUOTE, '') }));
}
