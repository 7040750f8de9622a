// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import { PROJECT_ROOT } from '../testing/index.ts';
import { lintScenario } from './index.ts';
import { scenarioJsonSchema } from './language.ts';

/** The published schema, as a validator that is not ours reads it: python3 with the package jsonschema. */

const VALIDATE = `
import json, sys, jsonschema
schema, values = json.load(sys.stdin)
validator = jsonschema.Draft7Validator(schema)
jsonschema.Draft7Validator.check_schema(schema)
print(json.dumps([[error.message for error in validator.iter_errors(value)] for value in values]))
`;

const found = spawnSync('python3', ['-c', 'import jsonschema']).status === 0;
const skip = found ? false : 'there is no python3 with jsonschema';

function validate(values: readonly unknown[]): readonly (readonly string[])[] {
  const input = JSON.stringify([scenarioJsonSchema(), values]);
  const { stdout, stderr } = spawnSync('python3', ['-c', VALIDATE], { input, encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

t.test('it accepts every scenario that ships', { skip }, async (t) => {
  const directory = join(PROJECT_ROOT, 'scenarios');
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((one) =>
    one.endsWith('.yaml'),
  );
  const results = validate(files.map((file) => parse(readFileSync(join(directory, file), 'utf8'))));
  for (const [index, file] of files.entries()) t.strictSame(results[index], [], file);
});

const HEAD = 'name: x\ndescription: d\n';

/** What lint refuses for its form, and a schema can see. */
const WRONG: readonly string[] = [
  'steps: [{sleep: 3}]',
  'steps: [{sleep: 3 s}]',
  'steps: [{sleep: 3h}]',
  'timeout: soon\nsteps: []',
  'steps: [{run: a, sleep: 1s}]',
  'steps: [{label: l}]',
  'steps: [{stop: a}]',
  'steps: [{write: {to: /f}}]',
  'steps: [{write: {to: /f, value: 1, uuids: 3}}]',
  'steps: [{write: {to: /f, value: 1, expect: enodev}}]',
  'steps: [{loop: {steps: []}}]',
  'steps: [{loop: {count: 1, time: 1s, steps: []}}]',
  'steps: [{loop: {count: 0, steps: []}}]',
  'steps: [{loop: {count: 1, until: never, steps: []}}]',
  'steps: [{run: a, within: 3}]',
  'steps: [{stress: {steps: []}}]',
  'steps: [{failNth: {undo: a}}]',
  'steps: [{failNth: {program: [a]}}]',
  'steps: [{failNth: {program: [a], syscall: reboot}}]',
  'steps: [{check: {}}]',
  'steps: [{check: {modules: {a: -1}}}]',
  'steps: []\nexpect: {kmemleak: some}',
  'steps: [{background: {name: j}}]',
  'steps: [{background: {name: j, command: a, write: {to: /f, value: 1}}}]',
  'steps: [{race: {actors: [{name: a, command: b}, {name: c, command: d}]}}]',
  'steps: [{race: {rounds: 1, actors: [{name: a, command: b}]}}]',
  'steps: [{race: {rounds: 1, actors: [{name: a}, {name: c, command: d}]}}]',
  'steps: [{race: {rounds: 1, actors: [{name: a, command: b, rmmod: m}, {name: c, command: d}]}}]',
  'steps: [{race: {rounds: 1, offset: 5, actors: [{name: a, command: b}, {name: c, command: d}]}}]',
  'steps: [{race: {rounds: 1, hit: {actor: a}, actors: [{name: a, command: b}, {name: c, command: d}]}}]',
  'steps: [{race: {rounds: 1, until: end, actors: [{name: a, command: b}, {name: c, command: d}]}}]',
  'steps: [{race: {rounds: 1, actors: [{name: a, priority: fifo 0, command: b}, {name: c, command: d}]}}]',
  'steps: [{read: {file: /f}}]',
  'steps: [{run: {command: a, stdout: {}}}]',
  'steps: []\nexpect: {allow: [{why: w}]}',
  'steps: []\nexpect: {allow: [{why: w, title: t, matches: m}]}',
  'steps: []\nparameters: {a-b: 1}',
  'steps: []\nl2: {Tiny: {kernel: k}}',
  'steps: []\nmodules: [a.ko]',
  'steps: []\ntags: [a]',
];

t.test('it refuses what lint refuses', { skip }, async (t) => {
  const texts = WRONG.map((body) => `${HEAD}${body}\n`);
  const results = validate(texts.map((text) => parse(text)));
  for (const [index, body] of WRONG.entries()) {
    const errors = lintScenario(texts[index] ?? '', 'x').filter((one) => one.severity === 'error');
    t.ok(errors.length > 0, `lint: ${body}`);
    t.ok((results[index]?.length ?? 0) > 0, `schema: ${body}`);
  }
});

t.test('it accepts placeholders where lint does', { skip }, async (t) => {
  const text = `${HEAD}parameters: {n: 3, d: 1s}\nsteps: [{loop: {count: '\${{n}}', steps: [{sleep: '\${{ d }}'}]}}]\n`;
  t.strictSame(lintScenario(text, 'x'), []);
  t.strictSame(validate([parse(text)]), [[]]);
});
