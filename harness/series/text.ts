// SPDX-License-Identifier: MIT

/** Bytes of a mail as text: UTF-8, or latin1 if they are not valid UTF-8. */
export function decodeText(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) ? text : bytes.toString('latin1');
}

/** A message with the white space that git commits: none at the end of lines, and no more than one blank line. */
export function cleanMessage(text: string): string {
  return text
    .replace(/[ \t\r]+(?=\n|$)/g, '')
    .replace(/\n{3,}/g, '\n\n')
    .replace(/^\n+|\n+$/g, '');
}

/** `2`, `2 and 5`, `2, 5 and 7`. */
export function joinNumbers(numbers: readonly number[]): string {
  const last = numbers.at(-1);
  return numbers.length < 2 ? `${last ?? ''}` : `${numbers.slice(0, -1).join(', ')} and ${last}`;
}

/** `1 mail`, `2 mails`. */
export function count(amount: number, singular: string, plural = `${singular}s`): string {
  return `${amount} ${amount === 1 ? singular : plural}`;
}
