// SPDX-License-Identifier: MIT

/** In characters. */
const LONGEST_PREFIX = 160;
const SPECIAL = /[.*+?^${}()|[\]\\/]/g;
const HEADLINE_ONLY = /(?<=[\s:]|^)(?:[A-Za-z][\w-]*:? )+$/;
const JSON_VALUE = /["']: ?["']$/;

/**
 * The prefix that a logger, a mail program or a phone puts before each line, learned from one line. Numbers may differ
 * between lines; the characters between them may not.
 */
export class LinePrefix {
  readonly #shape: RegExp;
  /** The line is a string within quotation marks. */
  readonly #quoted: boolean;

  private constructor(shape: string, sample: string) {
    this.#shape = new RegExp(`^${shape}`);
    this.#quoted = JSON_VALUE.test(sample);
  }

  /** Learns the prefix of a log's stamps; null if there is none, or it is too long. */
  static ofLog(sample: string): LinePrefix | null {
    return sample === '' || sample.length > LONGEST_PREFIX
      ? null
      : new LinePrefix(shapeOf(sample, true), sample);
  }

  /**
   * Learns the prefix of a report's lines from its headline; null if there is none, or it is too long. Words that only
   * the headline has, such as `watchdog: `, are optional on the other lines.
   */
  static ofReport(sample: string): LinePrefix | null {
    if (sample === '' || sample.length > LONGEST_PREFIX) return null;
    const own = HEADLINE_ONLY.exec(sample)?.[0] ?? '';
    const shared = sample.slice(0, sample.length - own.length);
    if (own === '' || shared === '') return new LinePrefix(shapeOf(sample, false), sample);
    return new LinePrefix(`${shapeOf(shared, false)}(?:${shapeOf(own, false)})?`, sample);
  }

  /** Removes the prefix from a line; null for a line that has another one, or none. */
  strip(line: string): string | null {
    const match = this.#shape.exec(line);
    if (!match) return null;
    const rest = line.slice(match[0].length);
    return this.#quoted ? rest.replace(/["']\}?\s*$/, '') : rest;
  }
}

/** An expression for all prefixes like this one; words may differ if `anyWords` is true. */
function shapeOf(sample: string, anyWords: boolean): string {
  const parts = sample.match(/\s+|[A-Za-z]+|\d+|[^\sA-Za-z\d]/g) ?? [];
  return parts
    .map((part) => {
      if (/^\s/.test(part)) return '\\s+';
      if (/^\d/.test(part)) return '\\d+';
      return anyWords && /^[A-Za-z]/.test(part) ? '[A-Za-z]+' : part.replace(SPECIAL, '\\$&');
    })
    .join('');
}
