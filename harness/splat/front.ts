// SPDX-License-Identifier: MIT

/** What stands before the kernel's words on every line of some log: no longer than this, in characters. */
const LONGEST_FRONT = 160;
const SPECIAL = /[.*+?^${}()|[\]\\/]/g;
const OWN_WORDS = /(?<=[\s:]|^)(?:[A-Za-z][\w-]*:? )+$/;
const JSON_VALUE = /["']: ?["']$/;

/**
 * What a logger, a mail or a phone's maker puts before each line, learned from one of them. Numbers may differ from line to
 * line, but never the marks between them.
 */
export class Front {
  readonly #shape: RegExp;
  /** The line is a string within quotation marks. */
  readonly #quoted: boolean;

  private constructor(shape: string, sample: string) {
    this.#shape = new RegExp(`^${shape}`);
    this.#quoted = JSON_VALUE.test(sample);
  }

  /** The front of a log's lines, which stands before their stamps; null where there is nothing to learn. */
  static ofLog(sample: string): Front | null {
    return sample === '' || sample.length > LONGEST_FRONT ? null : new Front(shapeOf(sample, true), sample);
  }

  /**
   * The front of a report's lines, which stands before the words of its headline; null where there is nothing to learn. The
   * headline may have words of its own behind it, such as `watchdog: `.
   */
  static ofReport(sample: string): Front | null {
    if (sample === '' || sample.length > LONGEST_FRONT) return null;
    const own = OWN_WORDS.exec(sample)?.[0] ?? '';
    const shared = sample.slice(0, sample.length - own.length);
    if (own === '' || shared === '') return new Front(shapeOf(sample, false), sample);
    return new Front(`${shapeOf(shared, false)}(?:${shapeOf(own, false)})?`, sample);
  }

  /** A line without its front; null for a line that has another one, or none. */
  strip(line: string): string | null {
    const match = this.#shape.exec(line);
    if (!match) return null;
    const rest = line.slice(match[0].length);
    return this.#quoted ? rest.replace(/["']\}?\s*$/, '') : rest;
  }
}

/** An expression for all fronts like this one; words may differ where `anyWords` is true. */
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
