// SPDX-License-Identifier: MIT
import { visit, type Document as YamlDocument } from 'yaml';
import type { DiagnosticCode } from './diagnostic.ts';
import { asRange, type Range } from './range.ts';

interface Doubt {
  readonly code: DiagnosticCode;
  readonly message: string;
  readonly range: Range;
}

/** Finds what YAML accepts but nobody means: numbers that look octal, aliases to nothing. */
export function findDoubts(yaml: YamlDocument): readonly Doubt[] {
  const found: Doubt[] = [];
  visit(yaml, {
    Scalar(_key, node) {
      const range = asRange(node);
      if (node.type !== 'PLAIN' || !range || !/^[-+]?0[0-9_]+$/.test(node.source ?? '')) return;
      const message = `${node.source} is ambiguous: YAML reads the number ${String(node.value)}, not octal; quote it or drop the zero`;
      found.push({ code: 'YAML_OCTAL', message, range });
    },
    Alias(_key, node) {
      const range = asRange(node);
      if (!range || node.resolve(yaml)) return;
      found.push({
        code: 'YAML_ALIAS',
        message: `got the alias *${node.source}, expected an anchor &${node.source} before it`,
        range,
      });
    },
  });
  return found;
}
