// SPDX-License-Identifier: MIT
import t from 'tap';
import { z } from 'zod';
import type { DiagnosticCode } from './diagnostic.ts';
import { faultOf, formatDiagnostic, readYaml } from './index.ts';

const step: z.ZodType = z.strictObject({
  label: z.string().min(3).optional(),
  run: z
    .union([z.string(), z.strictObject({ command: z.string(), exit: z.int().max(255).optional() })])
    .optional(),
  get inner() {
    return z.array(z.lazy(() => step)).optional();
  },
});
const schema = z.strictObject({
  name: z.string().regex(/^[a-z-]+$/),
  level: z.enum(['quiet', 'loud']).default('quiet'),
  cpus: z.int().min(1).optional(),
  mode: z.string().optional(),
  steps: z.array(step).optional(),
});

interface Row {
  readonly text: string;
  readonly code: DiagnosticCode;
  readonly at: string;
  readonly message: RegExp;
  readonly suggestion?: string;
}

const rows: Readonly<Record<string, Row>> = {
  'an unknown key is pointed at, with a suggestion': {
    text: 'name: x\ncpsu: 2\n',
    code: 'UNKNOWN_KEY',
    at: '2:1',
    message: /unknown key "cpsu"/,
    suggestion: 'cpus',
  },
  'an unknown key deep in a list of a recursive union is pointed at': {
    text: 'name: x\nsteps:\n  - inner:\n      - run: {command: true-ish, exti: 1}\n',
    code: 'UNKNOWN_KEY',
    at: '4:34',
    message: /unknown key "exti"/,
    suggestion: 'exit',
  },
  'a key that is there twice': {
    text: 'name: x\nname: y\n',
    code: 'YAML_DUPLICATE_KEY',
    at: '2:1',
    message: /unique/,
  },
  'a missing key points at the map': {
    text: 'cpus: 1\n',
    code: 'MISSING_KEY',
    at: '1:1',
    message: /"name" is missing/,
  },
  'a missing key of an inner map': {
    text: 'name: x\nsteps:\n  - run: {exit: 1}\n',
    code: 'MISSING_KEY',
    at: '3:10',
    message: /"command" is missing/,
  },
  'a number that looks octal': {
    text: 'name: x\ncpus: 010\n',
    code: 'YAML_OCTAL',
    at: '2:7',
    message: /010.*the number 10/,
  },
  'a wrong type': {
    text: 'name: x\ncpus: two\n',
    code: 'WRONG_TYPE',
    at: '2:7',
    message: /got the text "two", expected a number/,
  },
  'a word that is not allowed': {
    text: 'name: x\nlevel: laud\n',
    code: 'WRONG_VALUE',
    at: '2:8',
    message: /got the text "laud", expected one of quiet, loud/,
    suggestion: 'loud',
  },
  'a number out of range': {
    text: 'name: x\ncpus: 0\n',
    code: 'OUT_OF_RANGE',
    at: '2:7',
    message: /got the number 0, expected at least 1/,
  },
  'a text of another form': {
    text: 'name: X Y\n',
    code: 'WRONG_FORM',
    at: '1:7',
    message: /got the text "X Y", expected the form/,
  },
  'a value that fits no branch of a union': {
    text: 'name: x\nsteps: [{run: [3]}]\n',
    code: 'WRONG_TYPE',
    at: '2:15',
    message: /got a list, expected a text, or a map/,
  },
  'a value that is left out points at its key': {
    text: 'name:\n',
    code: 'WRONG_TYPE',
    at: '1:1',
    message: /got nothing, expected a text/,
  },
  'a tab as indentation': { text: 'steps:\n\t- run: x\n', code: 'YAML_INDENT', at: '2:1', message: /[Tt]ab/ },
  'a quote that is not closed': { text: 'name: "x\n', code: 'YAML_SYNTAX', at: '1:9', message: /quote/ },
  'two documents': {
    text: 'name: x\n---\nname: y\n',
    code: 'YAML_MANY_DOCUMENTS',
    at: '2:1',
    message: /a second document after ---/,
  },
  'an alias to nothing': {
    text: 'name: *x\n',
    code: 'YAML_ALIAS',
    at: '1:7',
    message: /expected an anchor &x/,
  },
  'an empty file': { text: '', code: 'WRONG_TYPE', at: '1:1', message: /got nothing, expected a map/ },
};

for (const [what, row] of Object.entries(rows)) {
  t.test(`${what}: ${row.code}`, async (t) => {
    const result = readYaml(row.text, 'x.yaml', schema);
    if (result.ok) return t.fail('it was accepted');
    const [first] = result.diagnostics;
    t.equal(result.diagnostics.length, 1, result.diagnostics.map(formatDiagnostic).join('\n'));
    t.equal(first?.code, row.code);
    t.equal(`${first?.span.line}:${first?.span.column}`, row.at);
    t.match(first?.message, row.message);
    t.equal(first?.suggestion, row.suggestion ?? null);
  });
}

t.test('every problem is reported, in the order of the text', async (t) => {
  const result = readYaml('cpus: 0\nlevel: loud\nfoo: 1\nname: 3\nbar: 1\n', 'x.yaml', schema);
  t.equal(result.ok, false);
  if (!result.ok)
    t.strictSame(
      result.diagnostics.map((one) => `${one.span.line} ${one.code}`),
      ['1 OUT_OF_RANGE', '3 UNKNOWN_KEY', '4 WRONG_FORM', '5 UNKNOWN_KEY'],
    );
});

t.test('a valid document gives its value with defaults, and the places of its parts', async (t) => {
  const result = readYaml('name: x\nsteps:\n  - run: ls\n', 'x.yaml', schema);
  if (!result.ok) return t.fail(result.diagnostics.map(formatDiagnostic).join('\n'));
  t.strictSame(result.value, { name: 'x', level: 'quiet', steps: [{ run: 'ls' }] });
  t.match(result.source.span(['steps', 0, 'run']), { line: 3, column: 10, length: 2 });
  t.match(result.source.span(['steps', 0, 'run'], 'key'), { line: 3, column: 5, length: 3 });
  t.match(result.source.span(['steps', 7, 'run']), { line: 3, column: 3 });
});

t.test('a billion values from aliases of aliases are refused and do not fill the memory', async (t) => {
  const lines = ['a: &a [x,x,x,x,x,x,x,x,x,x]'];
  for (let i = 1; i < 9; i++) {
    const [from, to] = [String.fromCharCode(96 + i), String.fromCharCode(97 + i)];
    lines.push(`${to}: &${to} [${Array(10).fill(`*${from}`).join(',')}]`);
  }
  const result = readYaml(lines.join('\n'), 'x.yaml', z.any());
  t.equal(result.ok, false);
  if (!result.ok) t.equal(result.diagnostics[0]?.code, 'YAML_ALIAS');
});

t.test('a diagnostic is drawn with its line, its neighbours and a caret', async (t) => {
  const result = readYaml('name: x\ncpsu: 2\nlevel: loud\n', 'dir/x.yaml', schema);
  if (result.ok) return t.fail('it was accepted');
  const [first] = result.diagnostics;
  t.equal(
    first && formatDiagnostic(first),
    [
      'dir/x.yaml:2:1: error: unknown key "cpsu" (did you mean "cpus"?) [UNKNOWN_KEY]',
      '  1 | name: x',
      '> 2 | cpsu: 2',
      '    | ^^^^',
      '  3 | level: loud',
    ].join('\n'),
  );
});

t.test('the fault of a document has the given blame and every diagnostic', async (t) => {
  const result = readYaml('cpsu: 2\nlevel: laud\n', 'x.yaml', schema);
  if (result.ok) return t.fail('it was accepted');
  const fault = faultOf(result.diagnostics, 'x.yaml', 'scenario');
  t.match(fault, { blame: 'scenario', code: 'DOCUMENT_INVALID', span: { file: 'x.yaml', line: 1 } });
  t.match(fault.message, /and 2 more/);
  t.equal(fault.details.length, 3);
  t.equal(faultOf(result.diagnostics, 'x.yaml', 'request').blame, 'request');
});
