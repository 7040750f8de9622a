// SPDX-License-Identifier: MIT

/** In characters. */
const LONGEST_PREFIX = 160;
/** Limits the memory for forms. */
const MOST_KNOWN = 64;
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

  constructor(shape: string, quoted: boolean) {
    this.#shape = new RegExp(`^${shape}`);
    this.#quoted = quoted;
  }

  /** Removes the prefix from a line; null for a line that has another one, or none. */
  strip(line: string): string | null {
    const match = this.#shape.exec(line);
    if (!match) return null;
    const rest = line.slice(match[0].length);
    return this.#quoted ? rest.replace(/["']\}?\s*$/, '') : rest;
  }
}

/** Learns prefixes. The expression of each form is made once: a flood of reports would make it for each. */
export class LinePrefixes {
  readonly #known = new Map<string, LinePrefix>();

  /** Learns the prefix of a log's stamps; null if there is none, or it is too long. */
  ofLog(sample: string): LinePrefix | null {
    return isPrefix(sample) ? this.#make(shapeOf(sample, true), sample) : null;
  }

  /**
   * Learns the prefix of a report's lines from its headline; null if there is none, or it is too long. Words that only
   * the headline has, such as `watchdog: `, are optional on the other lines.
   */
  ofReport(sample: string): LinePrefix | null {
    if (!isPrefix(sample)) return null;
    const own = HEADLINE_ONLY.exec(sample)?.[0] ?? '';
    const shared = sample.slice(0, sample.length - own.length);
    if (own === '' || shared === '') return this.#make(shapeOf(sample, false), sample);
    return this.#make(`${shapeOf(shared, false)}(?:${shapeOf(own, false)})?`, sample);
  }

  #make(shape: string, sample: string): LinePrefix {
    const quoted = JSON_VALUE.test(sample);
    const key = `${quoted}${shape}`;
    const known = this.#known.get(key);
    if (known) return known;
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    const prefix = new LinePrefix(shape, quoted);
    this.#known.set(key, prefix);
    return prefix;
  }
}

function isPrefix(sample: string): boolean {
  return sample !== '' && sample.length <= LONGEST_PREFIX;
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
