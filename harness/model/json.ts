// SPDX-License-Identifier: MIT

/** What JSON allows as it is, and a terminal must not get: C1 controls, marks that change the direction of writing, line separators. */
const RISKY =
  /[\u007f-\u009f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\uffff\u{e0000}-\u{e007f}]/gu;

/**
 * JSON without a character that moves a cursor or turns the direction of writing: those are written as escapes, so that a
 * program reads the same value and a terminal shows all of it.
 */
export function formatJson(value: unknown, indent = 0): string {
  const text = JSON.stringify(value, null, indent);
  // Most is ASCII, and to find that out is much cheaper than to search it.
  if (Buffer.byteLength(text) === text.length && !text.includes('\u007f')) return text;
  return text.replace(RISKY, (one) =>
    Array.from({ length: one.length }, (_, index) => one.charCodeAt(index).toString(16).padStart(4, '0'))
      .map((digits) => `\\u${digits}`)
      .join(''),
  );
}
