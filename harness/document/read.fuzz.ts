// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { z } from 'zod';
import { fuzzTarget, mutate } from '../testing/index.ts';
import { formatDiagnostic, readYaml } from './index.ts';

const TEXTS = [
  'name: a\nlist: [1, 2, "3"]\nmap: {x: y}\n',
  'name: &n a\nother: *n\nlist:\n  - 0755\n  - 5.10\n  - 0x10\n',
  'name: |\n  text\n  more\nmap:\n  <<: {a: 1}\n  b: 2\n',
  '"name": "\\u0061"\nlist: []\n? [1]\n: 2\n',
];
const WORDS = [
  '&a ',
  '*a',
  '<<: ',
  '!!binary ',
  '!!set ',
  '? ',
  '- ',
  ': ',
  '|\n',
  '{',
  '}',
  '[[[[[[[[',
  '\n---\n',
  '%YAML 1.1\n',
];
const schema = z.strictObject({
  name: z.string(),
  other: z.union([z.string(), z.strictObject({ a: z.number() })]).optional(),
  list: z.array(z.union([z.number(), z.string()])).optional(),
  map: z.record(z.string(), z.union([z.string(), z.number(), z.null()])).optional(),
});

export const FUZZ_TARGETS = [
  fuzzTarget(
    'a document is read, or refused at a place that it has',
    20,
    mutate(fc.constantFrom(...TEXTS), WORDS),
    (bytes) => {
      const text = Buffer.from(bytes, 'latin1').toString('utf8');
      const result = readYaml(text, 'x.yaml', schema);
      if (result.ok) return null;
      const lines = text.split('\n').length;
      for (const one of result.diagnostics) {
        if (one.span.line < 1 || one.span.line > lines) return `line ${one.span.line} of ${lines}`;
        if (formatDiagnostic(one).length > 20_000) return 'a diagnostic of more than 20,000 characters';
      }
      return result.diagnostics.length === 0 ? 'refused without a reason' : null;
    },
  ),
];
