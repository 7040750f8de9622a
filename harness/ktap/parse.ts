// SPDX-License-Identifier: MIT
import { DEFAULT_LIMITS } from '../model/index.ts';
import { endsRun, findVersion, type KtapLine, type PlacedLine, readLine, stripStamp } from './line.ts';
import { type Frame, type Ktap, type KtapOptions, type KtapTest, NOTHING_RAN, openFrame } from './tree.ts';

const KEPT_LINES = 30;
const DEEPEST = 64;
const MOST_PROBLEMS = 50;

/**
 * Reads KTAP version 1, TAP 13 and 14, wherever they are in a log: with the kernel's stamps, between other lines, without
 * plans. Reading takes time in proportion to the log. Never throws.
 */
export function parseKtap(log: string | Iterable<string>, options: KtapOptions = {}): Ktap {
  const parser = new KtapParser(options);
  for (const line of typeof log === 'string' ? log.split('\n') : log) parser.push(line);
  return parser.end();
}

/** Reads a log line by line, as `parseKtap` does. */
export class KtapParser {
  readonly #maximum: number;
  readonly #comments: boolean;
  readonly #tests: KtapTest[] = [];
  readonly #problems: string[] = [];
  /** From the outermost list to the one that is read. Empty outside KTAP. */
  #stack: Frame[] = [];
  /** A subtest that was named, and of which nothing else came yet. */
  #named: { readonly depth: number; readonly name: string } | null = null;
  #prefix = 0;
  #found = false;
  #missing = 0;
  #bailOut: string | null = null;
  #kept = 0;
  #dropped = 0;
  #line = 0;

  constructor({ maximum = DEFAULT_LIMITS.subtests, comments = true }: KtapOptions) {
    this.#maximum = maximum;
    this.#comments = comments;
  }

  /** Takes the next line, without its line feed. */
  push(raw: string): void {
    this.#line += 1;
    const text = stripStamp(raw);
    if (this.#stack.length === 0) this.#seek(text);
    else if (endsRun(text)) this.#endAll();
    else this.#read(readLine(text.slice(this.#prefix)), text);
  }

  /** Ends the log: what has no result yet gets none. */
  end(): Ktap {
    this.#endAll();
    return {
      found: this.#found,
      tests: this.#tests,
      missing: this.#missing,
      bailOut: this.#bailOut,
      dropped: this.#dropped,
      problems: this.#problems,
    };
  }

  #seek(text: string): void {
    const prefix = findVersion(text);
    if (prefix === null) return;
    this.#found = true;
    // Blanks and hashes are nesting; anything else stands before every line.
    this.#prefix = /^[\s#]*$/.test(text.slice(0, prefix)) ? 0 : prefix;
    this.#open(depthOf(readLine(text.slice(this.#prefix))));
  }

  #read(placed: PlacedLine, text: string): void {
    const { line } = placed;
    if (line.kind === 'other' || (placed.hashes > 0 && !this.#comments)) {
      this.#note(text);
      return;
    }
    const depth = depthOf(placed);
    this.#settleNamed(depth, line);
    switch (line.kind) {
      case 'version':
        this.#beginList(depth);
        break;
      case 'header':
        this.#nameList(depth, line.name);
        break;
      case 'plan':
        this.#plan(depth, line.count, line.skip);
        break;
      case 'result':
        this.#result(depth, line);
        break;
      case 'bailOut':
        this.#giveUp(depth, line.reason);
        break;
    }
  }

  get #top(): Frame {
    const top = this.#stack.at(-1);
    if (!top) throw new TypeError('there is no list of tests');
    return top;
  }

  #open(depth: number, name: string | null = null): void {
    if (this.#stack.length >= DEEPEST) return;
    this.#stack.push(openFrame(depth, name));
  }

  #note(text: string): void {
    const { log } = this.#top;
    if (text.trim() === '') return;
    log.push(text.trimStart().slice(0, 300));
    if (log.length > 2 * KEPT_LINES) log.splice(0, KEPT_LINES);
  }

  /** A named subtest begins a deeper list (TAP 14), or takes the place of a list that got no result (KUnit). */
  #settleNamed(depth: number, line: KtapLine): void {
    const named = this.#named;
    if (!named) return;
    this.#named = null;
    if (depth > named.depth) this.#open(depth, named.name);
    const replaces = line.kind === 'plan' || line.kind === 'version';
    if (!replaces || depth !== named.depth || this.#stack.length < 2) return;
    this.#closeWithoutResult();
    this.#open(depth, named.name);
  }

  /** Ends the lists deeper than this one; none of them got a result. */
  #leave(depth: number): void {
    while (this.#stack.length > 1 && this.#top.depth > depth) this.#closeWithoutResult();
    // What stands further out than the first line begins a list around nothing.
    if (this.#top.depth > depth) {
      this.#endAll();
      this.#open(depth);
    }
  }

  #beginList(depth: number): void {
    this.#leave(depth);
    const top = this.#top;
    const isNew = depth === top.depth && top.tests.length === 0 && top.plan === null;
    if (isNew) return;
    // Another log of tests follows, such as that of the next module.
    if (depth === top.depth && this.#stack.length === 1) this.#endAll();
    else if (depth === top.depth) this.#closeWithoutResult();
    this.#open(depth);
  }

  #nameList(depth: number, name: string): void {
    this.#leave(depth);
    const top = this.#top;
    const isNew = top.name === null && top.plan === null && top.tests.length === 0;
    if (depth > top.depth) this.#open(depth, name);
    else if (isNew && this.#stack.length > 1) top.name = name;
    else this.#named = { depth, name };
  }

  #plan(depth: number, count: number, skip: string | null): void {
    this.#leave(depth);
    if (depth > this.#top.depth) this.#open(depth);
    const top = this.#top;
    if (top.plan !== null && this.#stack.length === 1 && top.tests.length >= top.plan) {
      this.#endAll();
      this.#open(depth);
    } else if (top.plan !== null) {
      this.#complain('a second plan');
      return;
    }
    this.#top.plan = count;
    this.#top.skip = skip;
  }

  #result(depth: number, line: Extract<KtapLine, { kind: 'result' }>): void {
    const inner = this.#takeInner(depth, line.name);
    if (depth > this.#top.depth) this.#open(depth);
    const top = this.#top;
    const expected = top.tests.length + 1;
    if (line.number !== null && line.number !== expected)
      this.#complain(`got test number ${line.number}, expected ${expected}`);
    const details = [...(inner?.log ?? []), ...top.log].slice(-KEPT_LINES);
    top.log = [];
    this.#keep(top, {
      name: line.name,
      ...this.#judge(line, inner),
      tests: inner?.tests ?? [],
      missing: inner ? this.#countMissing(inner) : 0,
      details,
    });
  }

  /** The list that this result is about: the outermost of those that are deeper, if it has no other name. */
  #takeInner(depth: number, name: string): Frame | null {
    while ((this.#stack.at(-2)?.depth ?? -1) > depth) this.#closeWithoutResult();
    if (this.#top.depth <= depth) return null;
    const inner = this.#top;
    if (inner.name !== null && inner.name !== name) {
      this.#leave(depth);
      this.#complain(`no result of ${inner.name}`);
      return null;
    }
    this.#stack.pop();
    if (this.#stack.length === 0) this.#open(depth);
    return inner;
  }

  #judge(
    { outcome, reason }: Extract<KtapLine, { kind: 'result' }>,
    inner: Frame | null,
  ): Pick<KtapTest, 'outcome' | 'reason'> {
    const bailed = inner?.bailOut ?? null;
    if (bailed !== null && reason === null) return { outcome, reason: bailed };
    const isEmpty = inner !== null && inner.tests.length === 0 && (inner.plan ?? 0) === 0;
    if (!isEmpty || outcome !== 'ok') return { outcome, reason };
    return { outcome: 'skip', reason: inner.skip ?? reason ?? NOTHING_RAN };
  }

  #giveUp(depth: number, reason: string): void {
    this.#leave(depth);
    if (depth > this.#top.depth) this.#open(depth);
    this.#top.bailOut = reason === '' ? 'the test gave up' : reason;
    if (this.#stack.length > 1) return;
    this.#bailOut ??= this.#top.bailOut;
    this.#endAll();
  }

  #closeWithoutResult(): void {
    const frame = this.#stack.pop();
    const parent = this.#stack.at(-1);
    if (!frame || !parent) return;
    this.#keep(parent, {
      name: frame.name ?? '',
      outcome: 'crashed',
      reason: frame.bailOut ?? 'it began, and its result never came',
      tests: frame.tests,
      missing: this.#countMissing(frame),
      details: frame.log.slice(-KEPT_LINES),
    });
  }

  #keep(frame: Frame, test: KtapTest): void {
    if (this.#kept >= this.#maximum) this.#dropped += 1;
    else frame.tests.push(test);
    this.#kept += 1;
  }

  #endAll(): void {
    this.#named = null;
    while (this.#stack.length > 1) this.#closeWithoutResult();
    const root = this.#stack.pop();
    if (!root) return;
    this.#tests.push(...root.tests);
    this.#missing += this.#countMissing(root);
  }

  #countMissing({ plan, tests }: Frame): number {
    if (plan === null) return 0;
    if (tests.length > plan) this.#complain(`got ${tests.length} results, expected ${plan} as planned`);
    return this.#dropped > 0 ? 0 : Math.max(0, plan - tests.length);
  }

  #complain(problem: string): void {
    if (this.#problems.length < MOST_PROBLEMS) this.#problems.push(`line ${this.#line}: ${problem}`);
  }
}

/** One level of comments is deeper than any indentation. */
function depthOf({ hashes, column }: PlacedLine): number {
  return hashes * 100_000 + column;
}
