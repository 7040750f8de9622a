// SPDX-License-Identifier: MIT
import { isAlias, isMap, isScalar, isSeq, type Node, type Document as YamlDocument } from 'yaml';
import type { DocumentPath } from './issue.ts';

/** Offsets into the text. */
export type Range = readonly [start: number, end: number];

/** The range of the value at `path`, or of its key. If there is none, that of the nearest value above. */
export function findRange(yaml: YamlDocument, path: DocumentPath, part: 'key' | 'value'): Range {
  let node: unknown = yaml.contents;
  let range = asRange(node) ?? [0, 1];
  for (const [depth, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(yaml);
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (!pair) return range;
      const last = depth === path.length - 1;
      const key = asRange(pair.key);
      node = pair.value;
      // An empty value (`key:`) has no extent: point at its key.
      const value = asRange(node);
      range = (last && part === 'key' ? key : value && value[1] > value[0] ? value : key) ?? range;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      range = asRange(node) ?? range;
    } else return range;
  }
  return range;
}

/** The range of a node of the YAML library, or null if it has none. */
export function asRange(node: unknown): Range | null {
  const range = (node as Node | null | undefined)?.range;
  return range ? [range[0], range[1]] : null;
}
