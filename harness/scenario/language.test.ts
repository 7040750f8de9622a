// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { formatDiagnostic } from '../document/index.ts';
import { PROJECT_ROOT } from '../testing/index.ts';
import { expandScenario, lintScenario, parseScenario } from './index.ts';
import { scenarioJsonSchema } from './language.ts';

const WRITE_SCHEMA =
  'import { scenarioJsonSchema } from "./dist/harness/scenario/language.js"; import { writeFileSync } from "node:fs"; writeFileSync("scenarios/scenario.schema.json", JSON.stringify(scenarioJsonSchema(), null, 2) + "\\n")';

const HEAD = 'name: x\ndescription: d\n';

t.test('the published schema is current', async (t) => {
  const path = join(PROJECT_ROOT, 'scenarios/scenario.schema.json');
  const now = `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`;
  t.equal(readFileSync(path, 'utf8'), now, `write it again: node --input-type=module -e '${WRITE_SCHEMA}'`);
});

t.test('each scenario that ships has no diagnostic, and the name of its file', async (t) => {
  const files = readdirSync(join(PROJECT_ROOT, 'scenarios'), { recursive: true, encoding: 'utf8' }).filter(
    (one) => one.endsWith('.yaml'),
  );
  t.ok(files.length >= 6, 'the scenarios were found');
  for (const file of files) {
    const text = readFileSync(join(PROJECT_ROOT, 'scenarios', file), 'utf8');
    const parsed = parseScenario(text, file);
    t.strictSame(lintScenario(text, file).map(formatDiagnostic), [], file);
    if (!parsed.ok) continue;
    t.equal(`${parsed.scenario.name}.yaml`, file.split('/').at(-1));
    for (const settled of expandScenario(parsed.scenario))
      t.strictSame(JSON.parse(JSON.stringify(settled)), settled, 'it is JSON all through');
  }
});

t.test('an expected text may be written as a number', async (t) => {
  const parsed = parseScenario(
    `${HEAD}parameters: {size: 24}\nsteps:\n  - run: {command: a, stdout: {equals: '\${{size}}'}}\n`,
    'x',
  );
  t.ok(parsed.ok);
  if (parsed.ok) t.doesNotThrow(() => expandScenario(parsed.scenario));
});

const wrong: Readonly<Record<string, readonly [text: string, diagnostic: RegExp]>> = {
  'a kind of step that is misspelt': [
    `${HEAD}steps:\n  - label: l\n    wirte: {to: /x, value: 1}\n`,
    /^x:5:5: error: unknown key "wirte" \(did you mean "write"\?\)/,
  ],
  'a key of the scenario that is misspelt': [
    `${HEAD}stesp: []\nsteps: []\n`,
    /^x:3:1: error: unknown key "stesp" \(did you mean "steps"/,
  ],
  'a step that does two things': [
    `${HEAD}steps:\n  - run: a\n    sleep: 1s\n`,
    /^x:4:5: error: a step does exactly one thing/,
  ],
  'a step that does nothing': [
    `${HEAD}steps:\n  - label: l\n`,
    /^x:4:5: error: a step does exactly one thing/,
  ],
  'a duration without a unit': [
    `${HEAD}steps:\n  - sleep: 3\n`,
    /^x:4:12: error: got the text "3", expected a duration with its unit/,
  ],
  'an invalid regular expression': [
    `${HEAD}steps:\n  - waitForDmesg: '('\n`,
    /^x:4:19: error: this is not a regular expression \[WRONG_FORM\]|^x:4:19: error: this is not a regular/,
  ],
  'an invalid errno': [
    `${HEAD}steps:\n  - write: {to: /x, value: 1, expect: enodev}\n`,
    /^x:4:39: error: got the text "enodev", expected /,
  ],
  'a write without a value': [
    `${HEAD}steps:\n  - write: {to: /x}\n`,
    /^x:4:12: error: give exactly one of value, values and uuids/,
  ],
  'a loop with both a count and a time': [
    `${HEAD}steps:\n  - loop: {count: 1, time: 1s, steps: []}\n`,
    /give either count or time/,
  ],
  'a job that is never started': [
    `${HEAD}steps:\n  - background: {name: holder, command: a}\n  - wait: hodler\n  - wait: holder\n`,
    /^x:5:11: error: no step starts a job "hodler" \(did you mean "holder"/,
  ],
  'a job that is waited for before it starts': [
    `${HEAD}steps:\n  - wait: a\n  - background: {name: a, command: b}\n`,
    /^x:4:11: error: the job "a" is started only further down/,
  ],
  'a job whose end is not checked': [
    `${HEAD}steps:\n  - background: {name: a, command: b}\n`,
    /^x:4:17: warning: the job "a" is started, and no step waits/,
  ],
  'a label given twice': [
    `${HEAD}steps:\n  - {label: l, run: a}\n  - {label: l, run: b}\n`,
    /^x:5:13: error: the label "l" is already that of the step in line 4/,
  ],
  'two steps of the same name': [
    `${HEAD}steps:\n  - run: a\n  - run: a\n`,
    /^x:5:5: warning: this step is called "run a", as another is/,
  ],
  'a label in a loop that another step has': [
    `${HEAD}steps:\n  - {label: l, run: a}\n  - loop: {count: 1, steps: [{label: l, run: b}]}\n`,
    /^x:5:38: error: the label "l"/,
  ],
  'an unused parameter': [
    `${HEAD}parameters: {a: 1}\nsteps: [{run: b}]\n`,
    /^x:3:14: warning: the parameter "a" is used nowhere/,
  ],
  'an unknown parameter': [
    `${HEAD}parameters: {count: 1}\nsteps:\n  - run: echo \${{cuont}} \${{count}}\n`,
    /^x:5:10: error: there is no parameter "cuont" \(did you mean "count"/,
  ],
  'an unknown VM': [
    `${HEAD}l2: {tiny: {kernel: k}}\nsteps:\n  - startL2: {l2: tinny}\n  - startL2: {l2: tiny, name: b}\n  - stopL2: b\n  - stopL2: l2\n`,
    /^x:5:19: error: no VM "tinny" is named under l2 \(did you mean "tiny"/,
  ],
  'a VM that is never started': [
    `${HEAD}l2: {tiny: {kernel: k}}\nsteps: [{run: b}]\n`,
    /^x:3:6: warning: the VM "tiny" is never started/,
  ],
  'a limit that the step cannot keep': [
    `${HEAD}steps:\n  - {label: l, sleep: 3s, within: 2s}\n`,
    /^x:4:35: warning: the step takes 3s, and it may take 2s: it can never pass/,
  ],
  'a comparison with what comes later': [
    `${HEAD}setup:\n  - check: {kmemleak: none}\nsteps: [{run: b}]\n`,
    /^x:4:13: error: kmemleak compares with what is there after the setup/,
  ],
  'a program that is walked without a system call': [
    `${HEAD}steps:\n  - failNth: {program: [rmmod, a]}\n`,
    /^x:4:14: error: program and syscall belong together/,
  ],
  'a load of nothing': [
    `${HEAD}steps:\n  - stress: {steps: [{run: b}]}\n`,
    /^x:4:13: error: there is no load: give cpu, memoryMib or interrupts/,
  ],
  'a module loaded twice': [
    `${HEAD}modules: [mdev, mdev]\nsteps: [{run: b}]\n`,
    /^x:3:17: error: the module "mdev" is loaded twice/,
  ],
};

for (const [what, [text, diagnostic]] of Object.entries(wrong)) {
  t.test(`lint points at ${what}`, async (t) => {
    const words = lintScenario(text, 'x').map(formatDiagnostic);
    t.equal(words.length, 1, words.join('\n'));
    t.match(words[0], diagnostic);
    t.equal(
      parseScenario(text, 'x').ok,
      / warning: /.test(words[0] ?? ''),
      'a warning alone does not stop it',
    );
  });
}
