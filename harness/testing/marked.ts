// SPDX-License-Identifier: MIT

/** A log behind lines that say what a person found in it; the form that `ktrial scan --grade` reads. */
export interface MarkedLog {
  /** The whole head, as it stands in the file, without the empty line after it. */
  readonly head: readonly string[];
  /** Titles of all complaints that follow from no other, in order: `TITLE:`, then each `ALSO:`. */
  readonly titles: readonly string[];
  /** What the kernel's own self-test wants to see in its log (`CONTROL:`), a regular expression; or null. */
  readonly control: string | null;
  readonly log: string;
}

/** Reads a marked log. One without a head is all log. */
export function readMarkedLog(text: string): MarkedLog {
  const lines = text.split('\n');
  const end = lines.findIndex((line) => !/^[A-Z]+:/.test(line));
  const head = lines.slice(0, end);
  const values = (name: string) =>
    head.flatMap((line) => (line.startsWith(`${name}:`) ? [line.slice(name.length + 1).trim()] : []));
  return {
    head,
    titles: [...values('TITLE'), ...values('ALSO')].filter((title) => title !== ''),
    control: values('CONTROL')[0] ?? null,
    log: lines.slice(head.length > 0 && lines[end] === '' ? end + 1 : end).join('\n'),
  };
}

/** The whole text of a marked log. */
export function writeMarkedLog(head: readonly string[], log: string): string {
  return `${head.join('\n')}\n\n${log}`;
}
