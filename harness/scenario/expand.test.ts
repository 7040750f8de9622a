// SPDX-License-Identifier: MIT
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of the scenario language look like this
import t from 'tap';
import { expandScenario, type ParameterValue, parseScenario } from './index.ts';

function expand(text: string, given: Record<string, ParameterValue> = {}) {
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
  t.strictSame(expand(text, { n: 5 })[0]?.parameters, { n: 5, s: 'abc' });
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
  t.throws(() => expand('steps: []\n', { nope: 1 }), {
    blame: 'request',
    code: 'SCENARIO_UNKNOWN_PARAMETER',
  });
});

t.test('a value that does not fit where it is used is reported with its place', async (t) => {
  const text = 'parameters: {n: 3}\nsteps:\n  - loop: {count: "${{n}}", steps: []}\n';
  t.throws(() => expand(text, { n: 0 }), {
    code: 'SCENARIO_BAD_PARAMETER',
    message: /steps\.0\.loop\.count/,
  });
  t.throws(() => expand(text, { n: 'many' }), { code: 'SCENARIO_BAD_PARAMETER' });
});

const NAMES = ['toString', 'constructor', 'hasOwnProperty', '__proto__', 'valueOf'];

t.test('a parameter may have the name of a property of every object', async (t) => {
  for (const name of NAMES) {
    const use = `steps: [{run: "echo \${{${name}}}"}]\n`;
    const label = (text: string, given?: Record<string, ParameterValue>) =>
      expand(text, given)[0]?.steps[0]?.label;
    t.equal(label(`parameters: {${name}: 3}\n${use}`), 'run echo 3', name);
    t.equal(label(`parameters: {${name}: {default: a, description: d}}\n${use}`), 'run echo a');
    t.equal(label(`parameters: {${name}: 3}\n${use}`, Object.fromEntries([[name, 4]])), 'run echo 4');
    t.equal(
      label(`parameters: {other: 3}\n${use.replace('echo', 'echo ${{other}}')}matrix: {${name}: [b]}\n`),
      'run echo 3 b',
    );
    t.equal(expand(`matrix: {${name}: [b]}\n${use}`)[0]?.name, `x@${name}=b`);
    t.throws(() => expand(use), /there is no parameter/, `${name} is not there unless it is given`);
    t.throws(() => expand('steps: []\n', Object.fromEntries([[name, 4]])), {
      code: 'SCENARIO_UNKNOWN_PARAMETER',
    });
  }
});

t.test('the value of a parameter with such a name is checked, with its place', async (t) => {
  const parsed = parseScenario('name: x\ndescription: d\nparameters:\n  __proto__: []\nsteps: []\n', 'x');
  t.match(parsed, { ok: false, diagnostics: [{ span: { line: 4 } }] });
});

t.test('a value with a placeholder is refused: it would not be replaced', async (t) => {
  t.throws(() => expand('parameters: {a: "${{b}}", b: 1s}\nsteps: [{sleep: "${{a}}"}, {run: "${{b}}"}]\n'), {
    code: 'SCENARIO_BAD_PARAMETER',
    message: /parameter a has a placeholder/,
  });
});
