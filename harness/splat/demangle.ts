// SPDX-License-Identifier: MIT

/** Basic types. Parameters, constants and closures are skipped: a title needs the path of the function only. */
const BASIC: Readonly<Record<string, string>> = {
  a: 'i8',
  b: 'bool',
  c: 'char',
  d: 'f64',
  e: 'str',
  f: 'f32',
  h: 'u8',
  i: 'isize',
  j: 'usize',
  l: 'i32',
  m: 'u32',
  n: 'i128',
  o: 'u128',
  p: '_',
  s: 'i16',
  t: 'u16',
  u: '()',
  v: '...',
  x: 'i64',
  y: 'u64',
  z: '!',
};
const DEEPEST = 64;

/** Whether a name has the form of one that a compiler mangled. */
export function isMangled(name: string): boolean {
  return name.startsWith('_R') || (name.startsWith('_Z') && /^_Z[N\d]/.test(name));
}

/**
 * The readable path behind a mangled name: Rust's v0 scheme (RFC 2603) and the plain and nested names of the Itanium C++ ABI.
 * A name that is not mangled, or that cannot be read, comes back as it is.
 */
export function demangle(name: string): string {
  if (name.startsWith('_R') && name.length > 4) return new RustName(name.slice(2)).read() ?? name;
  if (name.startsWith('_ZN')) return readNested(name) ?? name;
  if (name.startsWith('_Z')) return readPlain(name) ?? name;
  return name;
}

/** `_Z10heron_peckiii`: the length of the name, the name, its parameters. */
function readPlain(name: string): string | null {
  const digits = /^\d{1,6}/.exec(name.slice(2))?.[0];
  if (digits === undefined) return null;
  const start = 2 + digits.length;
  const end = start + Number(digits);
  return end > start && end <= name.length ? name.slice(start, end) : null;
}

function readNested(name: string): string | null {
  const parts: string[] = [];
  let at = name[3] === 'K' ? 4 : 3;
  while (at < name.length && name[at] !== 'E') {
    const digits = /^\d+/.exec(name.slice(at, at + 6))?.[0];
    if (digits === undefined) return null;
    at += digits.length;
    parts.push(name.slice(at, at + Number(digits)));
    at += Number(digits);
  }
  // Old Rust names end in a hash of the crate.
  if (parts.length > 1 && /^h[0-9a-f]{16}$/.test(parts.at(-1) ?? '')) parts.pop();
  return parts.length > 0 ? parts.join('::') : null;
}

class RustName {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): string | null {
    try {
      return this.#path();
    } catch {
      return null;
    }
  }

  #next(): string {
    const letter = this.#text[this.#at];
    if (letter === undefined || this.#depth > DEEPEST) throw new RangeError('not a mangled name');
    this.#at += 1;
    return letter;
  }

  #eat(letter: string): boolean {
    if (this.#text[this.#at] !== letter) return false;
    this.#at += 1;
    return true;
  }

  /** A number in base 62, closed by `_`; the empty one is 0, every other one is its digits plus 1. */
  #base62(): number {
    if (this.#eat('_')) return 0;
    let value = 0;
    for (let letter = this.#next(); letter !== '_'; letter = this.#next()) {
      const code = letter.charCodeAt(0);
      const digit = code < 0x3a ? code - 0x30 : code > 0x60 ? code - 0x61 + 10 : code - 0x41 + 36;
      value = value * 62 + digit;
    }
    return value + 1;
  }

  #identifier(): string {
    if (this.#eat('s')) this.#base62();
    this.#eat('u');
    const digits = /^\d+/.exec(this.#text.slice(this.#at, this.#at + 6))?.[0];
    if (digits === undefined) throw new RangeError('not a mangled name');
    this.#at += digits.length;
    this.#eat('_');
    const name = this.#text.slice(this.#at, this.#at + Number(digits));
    this.#at += Number(digits);
    return name;
  }

  #backreference<T>(read: () => T): T {
    const target = this.#base62();
    const back = this.#at;
    if (target >= back) throw new RangeError('not a mangled name');
    this.#at = target;
    const found = read();
    this.#at = back;
    return found;
  }

  #path(): string {
    this.#depth += 1;
    const text = this.#pathOf(this.#next());
    this.#depth -= 1;
    return text;
  }

  #pathOf(tag: string): string {
    switch (tag) {
      case 'C':
        return this.#identifier();
      case 'M': {
        this.#impl();
        return `<${this.#type()}>`;
      }
      case 'X': {
        this.#impl();
        const own = this.#type();
        return `<${own} as ${this.#path()}>`;
      }
      case 'Y': {
        const own = this.#type();
        return `<${own} as ${this.#path()}>`;
      }
      case 'N': {
        const space = this.#next();
        const outer = this.#path();
        const inner = this.#identifier();
        if (space === 'C') return `${outer}::{closure}`;
        return inner === '' ? outer : `${outer}::${inner}`;
      }
      case 'I': {
        const own = this.#path();
        const given = this.#list(() => this.#argument());
        return `${own}<${given.join(', ')}>`;
      }
      case 'B':
        return this.#backreference(() => this.#path());
      default:
        throw new RangeError('not a mangled name');
    }
  }

  #impl(): void {
    if (this.#eat('s')) this.#base62();
    this.#path();
  }

  #list(read: () => string): string[] {
    const items: string[] = [];
    while (!this.#eat('E')) items.push(read());
    return items;
  }

  #argument(): string {
    if (this.#eat('L')) {
      this.#base62();
      return "'_";
    }
    if (this.#eat('K')) {
      this.#next();
      while (this.#next() !== '_');
      return '_';
    }
    return this.#type();
  }

  #type(): string {
    this.#depth += 1;
    const text = this.#typeOf();
    this.#depth -= 1;
    return text;
  }

  #typeOf(): string {
    const tag = this.#next();
    const basic = BASIC[tag];
    if (basic !== undefined) return basic;
    switch (tag) {
      case 'R':
      case 'Q':
        if (this.#eat('L')) this.#base62();
        return `&${tag === 'Q' ? 'mut ' : ''}${this.#type()}`;
      case 'P':
        return `*const ${this.#type()}`;
      case 'O':
        return `*mut ${this.#type()}`;
      case 'S':
        return `[${this.#type()}]`;
      case 'A': {
        const own = this.#type();
        return `[${own}; ${this.#argumentLength()}]`;
      }
      case 'T':
        return `(${this.#list(() => this.#type()).join(', ')})`;
      case 'B':
        return this.#backreference(() => this.#type());
      default:
        this.#at -= 1;
        return this.#path();
    }
  }

  #argumentLength(): string {
    this.#next();
    let digits = '';
    for (let letter = this.#next(); letter !== '_'; letter = this.#next()) digits += letter;
    return String(Number.parseInt(digits, 16) || 0);
  }
}
