// SPDX-License-Identifier: MIT

/** What stands before the kernel's words on every line of some log: no longer than this, in characters. */
const LONGEST_FRONT = 160;
const SPECIAL = /[.*+?^${}()|[\]\\/]/g;
const JSON_VALUE = /["']: ?["']$/;

/**
 * What a logger, a mail or a phone's maker puts before each line, learned from one of them. Numbers may differ from line to
 * line, and with `words` the words too, but never the marks between them.
 */
export class Front {
  readonly #shape: RegExp;
  /** The line is a string within quotation marks. */
  readonly #quoted: boolean;

  private constructor(shape: RegExp, quoted: boolean) {
    this.#shape = shape;
    this.#quoted = quoted;
  }

  /** The front that lines have which begin as `sample`; null where there is nothing to learn. */
  static learn(sample: string, vary: 'numbers' | 'words'): Front | null {
    if (sample === '' || sample.length > LONGEST_FRONT) return null;
    const parts = sample.match(/\s+|[A-Za-z]+|\d+|[^\sA-Za-z\d]/g) ?? [];
    const shape = parts.map((part) => {
      if (/^\s/.test(part)) return '\\s+';
      if (/^\d/.test(part)) return '\\d+';
      return vary === 'words' && /^[A-Za-z]/.test(part) ? '[A-Za-z]+' : part.replace(SPECIAL, '\\$&');
    });
    return new Front(new RegExp(`^${shape.join('')}`), JSON_VALUE.test(sample));
  }

  /** A line without its front; null for a line that has another one, or none. */
  strip(line: string): string | null {
    const match = this.#shape.exec(line);
    if (!match) return null;
    const rest = line.slice(match[0].length);
    return this.#quoted ? rest.replace(/["']\}?\s*$/, '') : rest;
  }
}
