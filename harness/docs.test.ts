// SPDX-License-Identifier: MIT
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parseManifest } from './calibrate/index.ts';
import { formatDiagnostic, readYaml } from './document/index.ts';
import { kernelDefinitionSchema } from './kernel/index.ts';
import { LIMITS } from './model/index.ts';
import { expandScenario, parseKnownIssues, parseScenario } from './scenario/index.ts';
import { PROJECT_ROOT } from './testing/index.ts';

const DOCUMENTS = [
  ...readdirSync(PROJECT_ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(PROJECT_ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
  'harness/ARCHITECTURE.md',
];

interface Example {
  readonly place: string;
  readonly text: string;
}

function findExamples(document: string): Example[] {
  const text = readFileSync(join(PROJECT_ROOT, document), 'utf8');
  return [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map((match) => ({
    place: `${document}:${text.slice(0, match.index).split('\n').length + 1}`,
    text: match[1] ?? '',
  }));
}

/** What is wrong with an example: a scenario, a kernel definition, or a list of steps. */
function check(example: Example): readonly string[] {
  const { place, text } = example;
  if (/^(?:source|extends):/m.test(text)) {
    const read = readYaml(text, place, kernelDefinitionSchema);
    return read.ok ? [] : read.diagnostics.map(formatDiagnostic);
  }
  if (/^knownIssues:/m.test(text)) {
    const read = parseKnownIssues(text, place, '2026-01-01');
    return read.ok ? [] : read.diagnostics.map(formatDiagnostic);
  }
  if (/^seeds:/m.test(text)) {
    const read = parseManifest(text, place);
    return read.ok ? [] : read.diagnostics.map(formatDiagnostic);
  }
  const whole = text.startsWith('- ')
    ? `name: example\ndescription: an example\nsteps:\n${text.replace(/^/gm, '  ').trimEnd()}\n`
    : text;
  const parsed = parseScenario(whole, place);
  if (!parsed.ok) return parsed.diagnostics.map(formatDiagnostic);
  expandScenario(parsed.scenario);
  return parsed.warnings.map(formatDiagnostic);
}

t.test('every example in the documentation is accepted, without a warning', async (t) => {
  const examples = DOCUMENTS.flatMap(findExamples);
  t.ok(examples.length > 10, `${examples.length} examples`);
  for (const example of examples) t.strictSame(check(example), [], example.place);
});

t.test('a wrong example of each kind is found', async (t) => {
  t.match(check({ place: 'x', text: '- ran: true\n' }).join(), /ran/);
  t.match(check({ place: 'x', text: 'name: x\ndescription: y\nsteps: []\nclaenup: []\n' }).join(), /cleanup/);
  t.match(check({ place: 'x', text: 'name: x\nsource: {directory: /linux}\n' }).join(), /config/);
});

t.test('every file of the project that the documentation names is there', async (t) => {
  for (const document of DOCUMENTS) {
    const text = readFileSync(join(PROJECT_ROOT, document), 'utf8');
    for (const [, path = ''] of text.matchAll(
      /`((?:harness|docs|scenarios|kernels|images)\/[\w./-]*[\w/])`/g,
    )) {
      if (!/NAME|DIRECTORY/.test(path)) t.ok(existsSync(join(PROJECT_ROOT, path)), `${document}: ${path}`);
    }
  }
});

t.test('the documentation lists every bound as it is', async (t) => {
  const text = readFileSync(join(PROJECT_ROOT, 'docs/limits.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `([^`]+)` \| (\d+) \| (.+) \| (.+) \|$/gm)];
  t.strictSame(
    rows.map(([, name, maximum, unit, what]) => ({ name, maximum: Number(maximum), unit, what })),
    Object.entries(LIMITS).map(([name, limit]) => ({
      name,
      maximum: limit.maximum,
      unit: limit.unit,
      what: limit.what,
    })),
  );
});
