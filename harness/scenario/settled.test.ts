// SPDX-License-Identifier: MIT
import { deepStrictEqual, throws } from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { Fault, type PlannedScenario } from '../model/index.ts';
import { PROJECT_ROOT } from '../testing/index.ts';
import { expandScenario, parseScenario, parseSettledScenario, type SettledScenario } from './index.ts';

/** Everything that the language has, in one scenario. */
const EVERYTHING = `
name: everything
description: every kind of step, short and long
parameters: {n: 3, toString: /a, __proto__: {default: 2s, description: d}}
matrix: {constructor: [1, 2]}
machine: {cpus: 1, kernelArgs: [quiet]}
modules: [a, {module: b, args: x=1}]
l2: {constructor: {kernel: k}}
setup: [{run: 'echo \${{toString}} \${{constructor}}'}]
steps:
  - run: {command: b, exit: [0, 1], stdout: {equals: 3}, stderr: {lacks: x}}
  - run: {command: c, exit: any}
  - {write: {to: /f, value: 1}, continue: true}
  - write: {to: /g, values: [1, a], expect: [success, EINVAL]}
  - write: {to: /h, uuids: '\${{n}}', gate: /run/gate, expect: ENODEV, timeout: 300ms}
  - read: {file: /f, equals: 24, within: '\${{__proto__}}'}
  - background: {name: j, command: sleep 9}
  - background: {name: k, write: {to: /f, value: 1}}
  - wait: j
  - wait: {for: k, expect: {errno: [EIO, ENXIO], stdout: {everyLine: ^errno}}}
  - {label: still, wait: {for: j, timeout: 1s, expect: blocked}}
  - {label: over, wait: {for: j, expect: {exit: 2}}}
  - kill: j
  - {label: int, kill: {job: j, signal: INT}}
  - parallel: [[{sleep: 1s}], [{loop: {time: 1m, steps: [{run: d}]}}]]
  - {loop: {count: '\${{n}}', until: end, steps: []}, within: 3s}
  - stress: {cpu: '\${{n}}', memoryMib: 8, interrupts: 1, steps: []}
  - failNth: {write: {to: /f, value: 1}, undo: u, leftBehind: b, most: '\${{n}}', expect: [ENOMEM, EIO]}
  - failNth: {program: [rmmod, a], syscall: delete_module}
  - check: {modules: {a: 0}, iommuGroups: unchanged, kmemleak: none, blockedTasks: none}
  - upload: {to: /u, content: x, mode: '0755'}
  - insmod: c
  - rmmod: {module: c, timeout: 5s}
  - waitForFile: {path: /w, gone: true}
  - waitForDmesg: {matches: '^x', timeout: 0.5s}
  - waitForState: {command: s, stdout: {matches: y}}
  - startL2: {l2: constructor, memoryMib: '\${{n}}', devices: [/sys/d]}
  - monitorL2: {command: info pci, answer: {matches: z}}
  - stopL2: l2
expect:
  dmesg: {splats: [{title: WARNING in f, why: w}]}
  allow: [{matches: '^INFO', why: w}]
  state: [{file: /s, lacks: q}]
  machine: panicked
  modules: {a: 0, b: unloaded}
  iommuGroups: unchanged
  kmemleak: none
  blockedTasks: none
cleanup: [{rmmod: c, label: again}]
clone: never
repeats: 3
timeout: 2m
grace: 90s
`;

function expand(text: string, file: string): readonly SettledScenario[] {
  const parsed = parseScenario(text, file);
  if (!parsed.ok) throw new Error(parsed.diagnostics.map((one) => one.message).join('\n'));
  return expandScenario(parsed.scenario);
}

function readAll(): readonly SettledScenario[] {
  const directory = join(PROJECT_ROOT, 'scenarios');
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((one) =>
    one.endsWith('.yaml'),
  );
  return [
    ...files.flatMap((file) => expand(readFileSync(join(directory, file), 'utf8'), file)),
    ...expand(EVERYTHING, 'everything.yaml'),
  ];
}

const ALL = readAll();

t.test('a settled scenario comes back from JSON as it was', async (t) => {
  t.ok(ALL.length > 60, `${ALL.length} scenarios`);
  for (const settled of ALL) {
    const text = JSON.stringify(settled);
    const read = parseSettledScenario(JSON.parse(text));
    deepStrictEqual(read, settled);
    t.equal(JSON.stringify(read), text, settled.name);
  }
});

t.test('it has what a plan needs', async (t) => {
  const settled = ALL.at(-1) as SettledScenario;
  const { static: _static, ...machine } = settled;
  const planned: PlannedScenario = { ...machine, settled };
  t.match(planned, {
    name: 'everything@constructor=2',
    machine: { cpus: 1, memoryMib: 1024, kernelArgs: ['quiet'], network: false },
    l2: { constructor: { kernel: 'k', image: 'l2' } },
    timeoutMs: 120_000,
  });
});

t.test('times are milliseconds, amounts are numbers, and nothing has two forms', async (t) => {
  const [settled] = expand(EVERYTHING, 'x');
  const body = (index: number) => settled?.steps[index]?.body;
  const text = { matches: null, lacks: null, everyLine: null };
  t.strictSame(body(0), {
    command: 'b',
    timeoutMs: 60_000,
    exit: [0, 1],
    stdout: { ...text, equals: '3' },
    stderr: { ...text, equals: null, lacks: 'x' },
  });
  t.strictSame(body(4), {
    to: '/h',
    values: [],
    uuids: 3,
    gate: '/run/gate',
    expect: ['ENODEV'],
    timeoutMs: 300,
  });
  t.match(body(5), { withinMs: 2000 });
  t.strictSame(body(8), {
    job: 'j',
    timeoutMs: 30_000,
    expect: { exit: null, signal: null, errno: null, stdout: null },
  });
  t.strictSame(body(12), { job: 'j', signal: 'TERM' });
  t.match(body(14), [
    [{ kind: 'sleep', body: { ms: 1000 } }],
    [{ kind: 'loop', body: { count: null, timeMs: 60_000 } }],
  ]);
  t.match(settled, { timeoutMs: 120_000, graceMs: 90_000, repeats: 3 });
});

/** Every place in a value, as the path to it. */
function listPaths(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  const inner =
    typeof value === 'object' && value !== null
      ? Object.keys(value).flatMap((key) =>
          listPaths((value as Record<string, unknown>)[key], [...path, key]),
        )
      : [];
  return path.length === 0 ? inner : [path, ...inner];
}

/** The value with another one at a path; undefined leaves the key out. */
function change(value: unknown, [key, ...rest]: readonly string[], to: unknown): unknown {
  if (Array.isArray(value))
    return value.map((one, index) =>
      String(index) !== key ? one : rest.length > 0 ? change(one, rest, to) : to,
    );
  return Object.fromEntries(
    Object.entries(value as object)
      .map(([name, one]) => [name, name !== key ? one : rest.length > 0 ? change(one, rest, to) : to])
      .filter(([name, one]) => name !== key || one !== undefined),
  );
}

t.test('one that is damaged anywhere is refused', async (t) => {
  const settled = JSON.parse(JSON.stringify(ALL.at(-1)));
  // Any parameter may have any value.
  const places = listPaths(settled).filter(([first]) => first !== 'parameters');
  fc.assert(
    fc.property(fc.constantFrom(...places), fc.constantFrom([{}], -1, Symbol('none')), (path, to) => {
      throws(() => parseSettledScenario(change(settled, path, to)), { code: 'SCENARIO_NOT_SETTLED' });
    }),
    { numRuns: 600 },
  );
  // What a journal of an earlier version has not.
  const optional =
    /^l2,constructor$|^machine,network$|,until$|,acpi$|,withinMs$|^expect,checks|,modules,a$|body,(?:modules|iommuGroups|kmemleak|blockedTasks)$/;
  const keys = places.filter((path) => !/^\d+$/.test(path.at(-1) ?? '') && !optional.test(path.join()));
  for (const path of keys)
    t.throws(
      () => parseSettledScenario(change(settled, path, undefined)),
      { blame: 'lab', code: 'SCENARIO_NOT_SETTLED' },
      path.join('.'),
    );
});

t.test('what is no settled scenario at all is refused with what is wrong', async (t) => {
  for (const value of [null, 3, 'x', [], {}, { ...ALL[0], format: 2 }, { ...ALL[0], more: 1 }]) {
    try {
      parseSettledScenario(value);
      t.fail(JSON.stringify(value));
    } catch (error) {
      t.ok(error instanceof Fault && error.details.length > 0);
    }
  }
});
