// SPDX-License-Identifier: MIT
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { faultOf } from '../document/index.ts';
import { listFiles } from '../host/index.ts';
import { Fault } from '../model/index.ts';
import {
  expandScenario,
  type ParameterValue,
  parseScenario,
  type SettledScenario,
} from '../scenario/index.ts';
import type { Context } from './context.ts';

/** Reads the scenarios that the command line names, with their parameters and matrix settled. */
export async function readScenarios(
  paths: readonly string[] | undefined,
  parameters: readonly string[],
  context: Context,
): Promise<SettledScenario[]> {
  if (!paths || paths.length === 0) {
    throw new Fault({
      blame: 'request',
      code: 'CLI_NO_SCENARIOS',
      message: 'no scenario is named',
      next: `add --scenarios PATH: a file or a directory, such as ${join(context.root, 'scenarios/mdev')}`,
    });
  }
  const given = parseParameters(parameters);
  const settled: SettledScenario[] = [];
  const used = new Set<string>();
  for (const file of await findScenarioFiles(paths, context)) {
    const parsed = parseScenario(await readFile(file, 'utf8'), file);
    if (!parsed.ok) throw faultOf(parsed.diagnostics, file, 'scenario');
    const known = new Set([
      ...Object.keys(parsed.scenario.parameters),
      ...Object.keys(parsed.scenario.matrix),
    ]);
    const own = Object.fromEntries(Object.entries(given).filter(([name]) => known.has(name)));
    for (const name of Object.keys(own)) used.add(name);
    settled.push(...expandScenario(parsed.scenario, own));
  }
  const unused = Object.keys(given).find((name) => !used.has(name));
  if (unused !== undefined) {
    throw new Fault({
      blame: 'request',
      code: 'SCENARIO_UNKNOWN_PARAMETER',
      message: `none of the scenarios has a parameter ${unused}`,
      next: 'look at `parameters:` in the scenario',
    });
  }
  refuseTwins(settled);
  return settled;
}

function refuseTwins(settled: readonly SettledScenario[]): void {
  const names = settled.map((scenario) => scenario.name);
  const twin = names.find((name, index) => names.indexOf(name) !== index);
  if (twin === undefined) return;
  throw new Fault({
    blame: 'scenario',
    code: 'SCENARIO_TWICE',
    message: `two scenarios are called ${twin}`,
    next: 'rename one, or name fewer files',
  });
}

async function findScenarioFiles(paths: readonly string[], context: Context): Promise<string[]> {
  const files: string[] = [];
  for (const word of paths) {
    const path = await findPath(word, context);
    if (!(await stat(path)).isDirectory()) files.push(path);
    else
      files.push(
        ...(await listFiles(path)).filter((name) => /\.ya?ml$/.test(name)).map((name) => join(path, name)),
      );
  }
  if (files.length > 0) return files;
  throw new Fault({
    blame: 'request',
    code: 'CLI_NO_SCENARIOS',
    message: `there is no scenario in ${paths.join(', ')}`,
  });
}

/** Relative to where one stands, else to what ktrial brings. */
async function findPath(word: string, context: Context): Promise<string> {
  for (const path of [resolve(context.workingDirectory, word), resolve(context.root, word)]) {
    if (await stat(path).catch(() => null)) return path;
  }
  throw new Fault({
    blame: 'request',
    code: 'CLI_NO_SCENARIOS',
    message: `there is no scenario file or directory ${word}`,
  });
}

function parseParameters(words: readonly string[]): Record<string, ParameterValue> {
  // Without a prototype `__proto__` is a name like any other.
  const given: Record<string, ParameterValue> = Object.create(null);
  for (const word of words) {
    const match = /^([A-Za-z_]\w*)=(.*)$/s.exec(word);
    if (!match?.[1])
      throw new Fault({
        blame: 'request',
        code: 'CLI_BAD_PARAMETER',
        message: `--param ${word}: write NAME=VALUE`,
      });
    const value = match[2] ?? '';
    given[match[1]] =
      value === 'true'
        ? true
        : value === 'false'
          ? false
          : /^-?\d+(\.\d+)?$/.test(value)
            ? Number(value)
            : value;
  }
  return given;
}
