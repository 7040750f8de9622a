// SPDX-License-Identifier: MIT
import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  Scalar,
  type Document as YamlDocument,
} from 'yaml';
import type { Problem } from './compose.ts';
import { showName } from './phrase.ts';
import type { Place, Range } from './place.ts';

/** What a document says: maps, lists, texts and null. Nothing is a number yet. */
export interface Converted {
  readonly value: unknown;
  readonly place: Place;
  readonly problems: readonly Problem[];
}

/** Values that aliases may add. A document has some hundreds in all. */
const MOST_ALIASED = 20_000;

const PLAIN_NULL = /^(?:~|null|Null|NULL)?$/;
const TEXT_TAGS: readonly (string | undefined)[] = [undefined, '!', 'tag:yaml.org,2002:str'];
const COLLECTION_TAGS: readonly (string | undefined)[] = [
  undefined,
  'tag:yaml.org,2002:map',
  'tag:yaml.org,2002:seq',
];

/** Makes a value of a document's nodes. Its maps have the keys of the document as own properties, `__proto__` as well. */
export function convertYaml(yaml: YamlDocument): Converted {
  const conversion = new Conversion();
  const converted = conversion.convert(yaml.contents, null, [0, 1]);
  return { ...converted, problems: conversion.problems };
}

interface Part {
  readonly value: unknown;
  readonly place: Place;
}

const NOTHING: ReadonlyMap<string, Place> = new Map();

class Conversion {
  readonly problems: Problem[] = [];
  /** The nodes with an anchor so far; the last one of a name counts. */
  readonly #anchors = new Map<string, Node>();
  /** The aliased nodes that are being converted: one inside itself would never end. */
  readonly #open = new Set<Node>();
  #aliased = 0;

  convert(node: unknown, key: Range | null, fallback: Range): Part {
    const range = asRange(node) ?? fallback;
    if (this.#open.size > 0) this.#aliased += 1;
    if (isAlias(node)) return this.#convertAlias(node, key, range);
    if (isMap(node) || isSeq(node) || isScalar(node)) {
      if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
      this.#checkTag(node, range);
    }
    if (isMap(node)) return this.#convertMap(node.items, key, range);
    if (isSeq(node)) {
      const parts = node.items.map((item) => this.convert(item, null, range));
      const inner = new Map(parts.map((part, index) => [String(index), part.place]));
      return { value: parts.map((part) => part.value), place: { range, key, plain: null, inner } };
    }
    const text = isScalar(node) ? textOf(node) : null;
    const plain = isScalar(node) && isPlain(node) ? text : null;
    if (text !== null) this.#checkText(text, range);
    return { value: text, place: { range, key, plain, inner: NOTHING } };
  }

  #convertMap(items: readonly { key: unknown; value: unknown }[], key: Range | null, range: Range): Part {
    const values: [string, unknown][] = [];
    const inner = new Map<string, Place>();
    for (const item of items) {
      const keyRange = asRange(item.key) ?? range;
      const name = this.#nameOf(item.key, keyRange);
      const { value, place } = this.convert(item.value, keyRange, [keyRange[1], keyRange[1]]);
      if (name === null) continue;
      if (inner.has(name)) {
        const message = `the key ${showName(name)} is there twice: keys of a map must be unique`;
        this.#add('YAML_DUPLICATE_KEY', message, keyRange);
        continue;
      }
      inner.set(name, place);
      values.push([name, value]);
    }
    // This makes own properties of all names, also of those that every object has.
    return { value: Object.fromEntries(values), place: { range, key, plain: null, inner } };
  }

  #nameOf(node: unknown, range: Range): string | null {
    const target = isAlias(node) ? this.#anchors.get(node.source) : node;
    if (isScalar(node) && node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (node !== null && !isScalar(target)) {
      this.#add('WRONG_TYPE', 'got a map, a list or an unknown alias as a key, expected a text', range);
      return null;
    }
    const name = isScalar(target) ? String(target.source ?? target.value ?? '') : '';
    if (name === '<<' && isScalar(target) && isPlain(target))
      this.#add(
        'UNKNOWN_KEY',
        'the merge key << is not in YAML 1.2: write the keys themselves, or an alias as the whole value',
        range,
      );
    else this.#checkText(name, range);
    return name === '<<' ? null : name;
  }

  #convertAlias(alias: Alias, key: Range | null, range: Range): Part {
    const target = this.#anchors.get(alias.source);
    const nothing: Part = { value: null, place: { range, key, plain: null, inner: NOTHING } };
    const refuse = (message: string): Part => {
      this.#add('YAML_ALIAS', message, range);
      return nothing;
    };
    const name = alias.source.slice(0, 60);
    if (!target) return refuse(`got the alias *${name}, expected an anchor &${name} before it`);
    if (this.#open.has(target) || isInside(alias, target))
      return refuse(`the alias *${name} stands inside the value that it repeats`);
    if (this.#aliased >= MOST_ALIASED) {
      // One message is enough for a document that repeats itself without end.
      if (this.#aliased === Number.POSITIVE_INFINITY) return nothing;
      this.#aliased = Number.POSITIVE_INFINITY;
      return refuse(`aliases repeat more than ${MOST_ALIASED} values: write fewer of them`);
    }
    this.#open.add(target);
    const { value, place } = this.convert(target, key, range);
    this.#open.delete(target);
    return { value, place: { ...place, range } };
  }

  #checkTag(node: Node & { readonly tag?: string }, range: Range): void {
    const expected = isScalar(node) ? TEXT_TAGS : COLLECTION_TAGS;
    // The failsafe schema sets the tag of what has none.
    if (expected.includes(node.tag) || !hasOwnTag(node)) return;
    const tag = String(node.tag).replace('tag:yaml.org,2002:', '!!');
    this.#add('YAML_SYNTAX', `the tag ${tag.slice(0, 60)} has no meaning here: leave it out`, range);
  }

  #checkText(text: string, range: Range): void {
    const found = /\0|[\ud800-\udfff]/u.exec(text);
    if (found)
      this.#add(
        'WRONG_FORM',
        `got a text with the character ${showName(found[0])}, which no text may have`,
        range,
      );
  }

  #add(code: Problem['code'], message: string, range: Range): void {
    this.problems.push({ code, message, range });
  }
}

function isPlain(node: Scalar): boolean {
  return node.type === Scalar.PLAIN && !hasOwnTag(node);
}

function textOf(node: Scalar): string | null {
  const text = String(node.source ?? node.value ?? '');
  return isPlain(node) && PLAIN_NULL.test(text) ? null : text;
}

/** Whether the author wrote a tag. */
function hasOwnTag(node: Node & { readonly tag?: string }): boolean {
  return node.tag !== undefined;
}

function isInside(alias: Alias, target: Node): boolean {
  const [inner, outer] = [asRange(alias), asRange(target)];
  return inner !== null && outer !== null && inner[0] >= outer[0] && inner[1] <= outer[1];
}

function asRange(node: unknown): Range | null {
  const range = (node as Node | null | undefined)?.range;
  return range ? [range[0], range[1]] : null;
}
