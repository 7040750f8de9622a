// SPDX-License-Identifier: MIT

/** Bytes of a mail as text: UTF-8, or latin1 if they are not valid UTF-8. */
export function decodeText(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) ? text : bytes.toString('latin1');
}

/** A message with the white space that git commits: none at the end of lines, and no more than one blank line. */
export function cleanMessage(text: string): string {
  return text
    .split('\n')
    .map((line) => trimEnd(line))
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .replace(/^\n+/, '')
    .replace(/(?<!\n)\n+$/, '');
}

/** Without blanks, tabs and carriage returns at the end. A regular expression would look at each run of blanks again. */
function trimEnd(line: string): string {
  let end = line.length;
  while (end > 0 && ' \t\r'.includes(line.charAt(end - 1))) end--;
  return line.slice(0, end);
}

const LISTED_RANGES = 12;

/** `2`, `2 and 5`, `2, 5 and 7 to 9`. */
export function joinNumbers(numbers: readonly number[]): string {
  const ranges: { from: number; to: number }[] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last && number === last.to + 1) last.to = number;
    else ranges.push({ from: number, to: number });
  }
  const texts = ranges.flatMap(({ from, to }) =>
    to - from > 1 ? [`${from} to ${to}`] : from === to ? [`${from}`] : [`${from}`, `${to}`],
  );
  const shown = texts.length > LISTED_RANGES ? [...texts.slice(0, LISTED_RANGES), 'more'] : texts;
  const last = shown.at(-1);
  return shown.length < 2 ? (last ?? '') : `${shown.slice(0, -1).join(', ')} and ${last}`;
}

/** Some texts, no more than five. */
export function listSome(texts: readonly string[]): string {
  const more = texts.length - 5;
  return `${texts.slice(0, 5).map(quoteText).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** A text that came from outside, not longer than a message can have it. */
export function quoteText(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** `1 mail`, `2 mails`. */
export function count(amount: number, singular: string, plural = `${singular}s`): string {
  return `${amount} ${amount === 1 ? singular : plural}`;
}
