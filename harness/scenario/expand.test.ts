// SPDX-License-Identifier: MIT
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of the scenario language look like this
import t from 'tap';
import { DEFAULT_LIMITS } from '../model/index.ts';
import { expandScenario, parseScenario } from './index.ts';

function expand(text: string, given: Record<string, string> = {}) {
  const parsed = parseScenario(`name: x\ndescription: d\n${text}`, 'x');
  if (!parsed.ok) throw new Error(parsed.diagnostics.map((one) => one.message).join('\n'));
  return expandScenario(parsed.scenario, given);
}

t.test('defaults are filled in', async (t) => {
  const [settled] = expand('steps: [{run: a}]\n');
  t.match(settled, {
    format: 1,
    name: 'x',
    machine: { cpus: 2, memoryMib: 1024, kernelArgs: [] },
    expect: { splats: [], allow: [], state: [], machine: 'running' },
    repeats: 1,
    timeoutMs: 600_000,
    graceMs: 10_000,
  });
});

t.test('a placeholder in a text becomes text, and alone keeps the type of its value', async (t) => {
  const text =
    'parameters: {n: 3, s: {default: abc, description: d}}\nsteps:\n  - loop: {count: "${{n}}", steps: [{run: "echo ${{ s }} ${n} ${{n}}"}]}\n';
  t.match(expand(text)[0]?.steps, [
    { kind: 'loop', body: { count: 3, timeMs: null, steps: [{ body: { command: 'echo abc ${n} 3' } }] } },
  ]);
  t.strictSame(expand(text, { n: '5' })[0]?.parameters, { n: '5', s: 'abc' });
});

t.test('a matrix gives each combination a name that is fit for a file', async (t) => {
  const text = 'matrix: {type: [mtty-1, mtty-2], path: [/a b]}\nsteps: [{run: "${{type}} ${{path}}"}]\n';
  t.strictSame(
    expand(text).map((one) => one.name),
    ['x@type=mtty-1@path=_a_b', 'x@type=mtty-2@path=_a_b'],
  );
  t.strictSame(
    expand(text, { type: 'mtty-9' }).map((one) => one.steps.map((step) => step.label)),
    [['run mtty-9 /a b']],
    'a given value pins its axis',
  );
});

t.test('a parameter that the scenario does not have is the request’s fault', async (t) => {
  t.throws(() => expand('steps: []\n', { nope: '1' }), {
    blame: 'request',
    code: 'SCENARIO_UNKNOWN_PARAMETER',
  });
});

t.test('a value that does not fit where it is used is reported with its place', async (t) => {
  const text = 'parameters: {n: 3}\nsteps:\n  - loop: {count: "${{n}}", steps: []}\n';
  t.throws(() => expand(text, { n: '0' }), {
    code: 'SCENARIO_BAD_PARAMETER',
    message: /steps\.0\.loop\.count/,
  });
  t.throws(() => expand(text, { n: 'many' }), { code: 'SCENARIO_BAD_PARAMETER' });
});

const NAMES = ['toString', 'constructor', 'hasOwnProperty', '__proto__', 'valueOf'];

t.test('a parameter may have the name of a property of every object', async (t) => {
  for (const name of NAMES) {
    const use = `steps: [{run: "echo \${{${name}}}"}]\n`;
    const label = (text: string, given?: Record<string, string>) => expand(text, given)[0]?.steps[0]?.label;
    t.equal(label(`parameters: {${name}: 3}\n${use}`), 'run echo 3', name);
    t.equal(label(`parameters: {${name}: {default: a, description: d}}\n${use}`), 'run echo a');
    t.equal(label(`parameters: {${name}: 3}\n${use}`, Object.fromEntries([[name, '4']])), 'run echo 4');
    t.equal(
      label(`parameters: {other: 3}\n${use.replace('echo', 'echo ${{other}}')}matrix: {${name}: [b]}\n`),
      'run echo 3 b',
    );
    t.equal(expand(`matrix: {${name}: [b]}\n${use}`)[0]?.name, `x@${name}=b`);
    t.throws(() => expand(use), /there is no parameter/, `${name} is not there unless it is given`);
    t.throws(() => expand('steps: []\n', Object.fromEntries([[name, '4']])), {
      code: 'SCENARIO_UNKNOWN_PARAMETER',
    });
  }
});

t.test('the value of a parameter with such a name is checked, with its place', async (t) => {
  const parsed = parseScenario('name: x\ndescription: d\nparameters:\n  __proto__: []\nsteps: []\n', 'x');
  t.match(parsed, { ok: false, diagnostics: [{ span: { line: 4 } }] });
});

t.test('a value with a placeholder is refused: it would not be replaced', async (t) => {
  const use = 'steps: [{sleep: "${{a}}"}, {run: "${{b}}"}]\n';
  t.throws(() => expand(`parameters: {a: "\${{b}}", b: 1s}\n${use}`), /would not be replaced/);
  t.throws(() => expand(`parameters: {a: 2s, b: 1s}\n${use}`, { a: '${{b}}' }), {
    code: 'SCENARIO_BAD_PARAMETER',
    message: /parameter a has a placeholder/,
  });
});

/** What a text may look like, and is not. */
const LOOKALIKES = [
  '5.10',
  '007',
  '0x10',
  '-0',
  '12345678901234567890',
  '1e3',
  '1_000',
  '.5',
  'true',
  'yes',
  '+1',
];

t.test('a text stays as it is written, wherever no number is asked for', async (t) => {
  for (const value of LOOKALIKES) {
    const command = (text: string, given?: Record<string, string>) =>
      (expand(text, given)[0]?.steps[0]?.body as { readonly command: string } | undefined)?.command;
    const use = 'steps: [{run: "echo ${{p}}"}]\n';
    t.equal(command(`parameters: {p: ${value}}\n${use}`), `echo ${value}`, 'a default');
    t.equal(command(`parameters: {p: {default: ${value}, description: d}}\n${use}`), `echo ${value}`);
    t.equal(command(`parameters: {p: x}\n${use}`, { p: value }), `echo ${value}`, 'a given value');
    t.equal(command(`matrix: {p: [${value}]}\n${use}`), `echo ${value}`, 'an axis');
    t.match(
      expand(
        `steps: [{read: {file: /f, equals: ${value}}}, {write: {to: /f, value: ${value}}}, {write: {to: /g, values: [${value}]}}, {run: {command: a, stdout: {equals: ${value}}}}]\n`,
      )[0]?.steps,
      [
        { body: { content: { equals: value } } },
        { body: { values: [value] } },
        { body: { values: [value] } },
        { body: { stdout: { equals: value } } },
      ],
    );
  }
});

t.test('a text becomes a number where one is asked for', async (t) => {
  const loop = 'steps: [{loop: {count: "${{n}}", steps: [{run: a}]}}]\n';
  t.match(expand(`parameters: {n: 2}\n${loop}`, { n: '12' })[0]?.steps, [{ body: { count: 12 } }]);
  for (const n of ['0', '-1', '1.5', '1e3', '0x10', '007', '12345678901234567890', 'constructor', ''])
    t.throws(() => expand(`parameters: {n: 2}\n${loop}`, { n }), { code: 'SCENARIO_BAD_PARAMETER' }, n);
});

t.test('what is too much is refused with the option that allows it, before it is made', async (t) => {
  const axes = Array.from({ length: 40 }, (_, index) => `a${index}: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]`);
  const parsed = parseScenario(
    `name: x\ndescription: d\nmatrix: {${axes.join(', ')}}\nsteps: [{run: a}]\n`,
    'x',
    { limits: { ...DEFAULT_LIMITS, scenarios: Number.MAX_SAFE_INTEGER } },
  );
  t.equal(parsed.ok, false, 'the names would be too long');
  const uuids = 'parameters: {n: 3}\nsteps: [{write: {to: /f, uuids: "${{n}}"}}]\n';
  t.equal(expand(uuids).length, 1);
  t.throws(() => expand(uuids, { n: '100000000' }), {
    blame: 'request',
    code: 'LIMIT_EXCEEDED',
    next: /--limit uuids=/,
  });
  const repeats = 'parameters: {n: 3}\nrepeats: "${{n}}"\nsteps: [{run: a}]\n';
  t.throws(() => expand(repeats, { n: '999999999' }), { code: 'LIMIT_EXCEEDED', next: /--limit trials=/ });
  const matrix = 'matrix: {a: [1, 2, 3], b: [1, 2, 3]}\nsteps: [{run: "${{a}}${{b}}"}]\n';
  const small = { limits: { ...DEFAULT_LIMITS, scenarios: 8 } };
  const whole = parseScenario(`name: x\ndescription: d\n${matrix}`, 'x');
  if (!whole.ok) return t.fail('it is right');
  t.throws(() => expandScenario(whole.scenario, {}, small), {
    code: 'LIMIT_EXCEEDED',
    next: /--limit scenarios=/,
  });
  t.equal(expandScenario(whole.scenario, { a: '1' }, small).length, 3, 'a pinned axis counts once');
});

t.test('a given value that is too long for a name is the request’s fault', async (t) => {
  const text = 'matrix: {a: [1]}\nsteps: [{run: "${{a}}"}]\n';
  t.throws(() => expand(text, { a: 'b'.repeat(300) }), { blame: 'request', code: 'SCENARIO_BAD_PARAMETER' });
});
