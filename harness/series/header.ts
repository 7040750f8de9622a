// SPDX-License-Identifier: MIT
import { decodeText } from './text.ts';

/** Headers and body of a mail or of a part of one. */
export interface Entity {
  /** Header lines, unfolded. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** Where the headers of a mail end: the offset of its body. */
export function findBody(mail: Buffer): number {
  if (mail[0] === 0x0a) return 1;
  const end = mail.indexOf('\n\n');
  return end === -1 ? mail.length : end + 2;
}

/** Takes a mail apart. Its line ends are LF. */
export function readEntity(mail: Buffer): Entity {
  const body = findBody(mail);
  const head = decodeText(mail.subarray(0, body));
  return {
    headers: head
      .replace(/\r?\n[ \t]+/g, ' ')
      .split(/\r?\n/)
      .filter((line) => line !== ''),
    body: mail.subarray(body),
  };
}

/** The value of a header, its name in lower case; null if there is none. */
export function findHeader(headers: readonly string[], name: string): string | null {
  const prefix = `${name}:`;
  const line = headers.find((one) => one.slice(0, prefix.length).toLowerCase() === prefix);
  return line === undefined ? null : line.slice(prefix.length).trim();
}

/** The `<id>`s in a header such as `In-Reply-To` or `References`. */
export function listIds(value: string | null): string[] {
  return value?.match(/<[^<>\s]{1,998}>/g) ?? [];
}

/** A parameter of a structured header, such as the charset of a content type, or null. */
export function findParameter(value: string | null, name: string): string | null {
  const found = new RegExp(`;\\s*${name}\\s*=\\s*(?:"([^"]*)"|([^\\s;"]+))`, 'i').exec(value ?? '');
  return found ? (found[1] ?? found[2] ?? null) : null;
}
