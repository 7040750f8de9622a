// SPDX-License-Identifier: MIT
import { type Limits, requireWithin } from '../model/index.ts';
import { type Entity, findHeader, findParameter, readEntity } from './header.ts';

/** A part of a mail that has no parts of its own. */
export interface Leaf {
  /** In lower case, such as `text/plain`. */
  readonly type: string;
  /** That of its bytes as `read` gives them. */
  readonly charset: string | null;
  readonly isFlowed: boolean;
  /** Whether `format=flowed` text was broken with a space that belongs to the line break. */
  readonly hasDelSp: boolean;
  /** Its bytes without a transfer encoding; UTF-16 is UTF-8. */
  read(): Buffer;
}

const UTF_16 = /^utf-?16(be|le)?$/i;

/**
 * The leaves of a mail that its reader sees as text, in order. Of alternatives the plain one is taken; HTML is listed only
 * where nothing else is. Fault `LIMIT_EXCEEDED` for parts that are nested deeper than `mime-depth`.
 */
export function listLeaves(entity: Entity, name: string, limits: Limits): Leaf[] {
  const leaves = walk(entity, name, limits, 0);
  const plain = leaves.filter((leaf) => leaf.type !== 'text/html');
  return plain.some((leaf) => leaf.type.startsWith('text/')) ? plain : leaves;
}

function walk(entity: Entity, name: string, limits: Limits, depth: number): Leaf[] {
  requireWithin(limits, 'mime-depth', depth, `the parts of a mail of ${name}`, true);
  const contentType = findHeader(entity.headers, 'content-type');
  const type = /^\s*([^\s;]+)/.exec(contentType ?? '')?.[1]?.toLowerCase() ?? 'text/plain';
  const boundary = type.startsWith('multipart/') ? findParameter(contentType, 'boundary') : null;
  if (boundary === null) return [makeLeaf(entity, type, contentType)];
  const children = splitParts(entity.body, boundary).map((part) =>
    walk(readEntity(part), name, limits, depth + 1),
  );
  if (type !== 'multipart/alternative') return children.flat();
  const isPlain = (leaves: readonly Leaf[]) => leaves.some((leaf) => leaf.type === 'text/plain');
  return children.findLast(isPlain)?.filter((leaf) => leaf.type !== 'text/html') ?? children.at(-1) ?? [];
}

/** What stands between the boundary lines of a multipart body. */
function splitParts(body: Buffer, boundary: string): Buffer[] {
  const parts: Buffer[] = [];
  const line = Buffer.from(`--${boundary}`, 'latin1');
  let start = -1;
  for (let at = body.indexOf(line); at !== -1; at = body.indexOf(line, at + line.length)) {
    if (at > 0 && body[at - 1] !== 0x0a) continue;
    const lineEnd = body.indexOf(0x0a, at);
    const rest = body.toString('latin1', at + line.length, lineEnd === -1 ? body.length : lineEnd).trimEnd();
    if (rest !== '' && rest !== '--') continue;
    if (start !== -1) parts.push(body.subarray(start, Math.max(start, at - 1)));
    start = rest === '--' || lineEnd === -1 ? -1 : lineEnd + 1;
    if (start === -1) return parts;
  }
  if (start !== -1) parts.push(body.subarray(start));
  return parts;
}

function makeLeaf({ headers, body }: Entity, type: string, contentType: string | null): Leaf {
  const charset = findParameter(contentType, 'charset');
  const encoding = findHeader(headers, 'content-transfer-encoding')?.toLowerCase() ?? '';
  return {
    type,
    charset: UTF_16.test(charset ?? '') ? 'UTF-8' : charset,
    isFlowed: findParameter(contentType, 'format')?.toLowerCase() === 'flowed',
    hasDelSp: findParameter(contentType, 'delsp')?.toLowerCase() === 'yes',
    read: () => decodeCharset(decodeTransfer(body, encoding), charset),
  };
}

function decodeTransfer(body: Buffer, encoding: string): Buffer {
  if (encoding === 'base64') return Buffer.from(body.toString('latin1'), 'base64');
  if (encoding === 'quoted-printable') return decodeQuotedPrintable(body);
  return body;
}

/** Undoes quoted-printable. What is no escape stays as it is. */
export function decodeQuotedPrintable(body: Buffer): Buffer {
  const text = body
    .toString('latin1')
    .replace(/=[ \t]*\r?\n/g, '')
    .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(text, 'latin1');
}

/** git decodes the message of a commit and leaves the diff alone, which would not be readable in UTF-16. */
function decodeCharset(bytes: Buffer, charset: string | null): Buffer {
  const label = UTF_16.exec(charset ?? '');
  if (!label || bytes.indexOf(0) === -1) return bytes;
  const hasBigMark = bytes[0] === 0xfe && bytes[1] === 0xff;
  const isBig = label[1] ? label[1].toLowerCase() === 'be' : hasBigMark;
  return Buffer.from(new TextDecoder(isBig ? 'utf-16be' : 'utf-16le').decode(bytes));
}
