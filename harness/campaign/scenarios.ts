// SPDX-License-Identifier: MIT
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { faultOf } from '../document/index.ts';
import { listFiles } from '../host/index.ts';
import { Fault } from '../model/index.ts';
import { expandScenario, parseScenario, type SettledScenario } from '../scenario/index.ts';

/** Where scenarios are looked for: relative to where the user is, then among those that ktrial ships. */
export interface ScenarioPlace {
  readonly workingDirectory: string;
  readonly root: string;
}

/** Reads the scenarios that a user names, with their parameters and matrix settled. */
export async function readScenarios(
  paths: readonly string[] | undefined,
  parameters: readonly string[],
  place: ScenarioPlace,
): Promise<SettledScenario[]> {
  if (!paths || paths.length === 0) {
    throw new Fault({
      blame: 'request',
      code: 'CAMPAIGN_NO_SCENARIOS',
      message: 'no scenario is named',
      next: `add --scenarios PATH: a file or a directory, such as ${join(place.root, 'scenarios/mdev')}`,
    });
  }
  const given = parseParameters(parameters);
  const settled: SettledScenario[] = [];
  const used = new Set<string>();
  for (const file of await findScenarioFiles(paths, place)) {
    const parsed = parseScenario(await readFile(file), file);
    if (!parsed.ok) throw faultOf(parsed.diagnostics, file, 'scenario');
    const known = new Set([
      ...Object.keys(parsed.scenario.parameters),
      ...Object.keys(parsed.scenario.matrix),
    ]);
    const own = Object.fromEntries([...given].filter(([name]) => known.has(name)));
    for (const name of Object.keys(own)) used.add(name);
    settled.push(...expandScenario(parsed.scenario, own));
  }
  const unused = [...given.keys()].find((name) => !used.has(name));
  if (unused !== undefined) {
    throw new Fault({
      blame: 'request',
      code: 'SCENARIO_UNKNOWN_PARAMETER',
      message: `none of the scenarios has a parameter ${unused}`,
      next: 'look at `parameters:` in the scenario',
    });
  }
  requireUniqueNames(settled);
  return settled;
}

function requireUniqueNames(settled: readonly SettledScenario[]): void {
  const names = settled.map((scenario) => scenario.name);
  const name = names.find((one, index) => names.indexOf(one) !== index);
  if (name === undefined) return;
  throw new Fault({
    blame: 'scenario',
    code: 'SCENARIO_TWICE',
    message: `two scenarios are called ${name}`,
    next: 'rename one, or name fewer files',
  });
}

async function findScenarioFiles(paths: readonly string[], place: ScenarioPlace): Promise<string[]> {
  const files: string[] = [];
  for (const name of paths) {
    const path = await findPath(name, place);
    if (!(await stat(path)).isDirectory()) files.push(path);
    else
      files.push(
        ...(await listFiles(path)).filter((name) => /\.ya?ml$/.test(name)).map((name) => join(path, name)),
      );
  }
  if (files.length > 0) return files;
  throw new Fault({
    blame: 'request',
    code: 'CAMPAIGN_NO_SCENARIOS',
    message: `there is no scenario in ${paths.join(', ')}`,
    next: 'name a file, or a directory with files *.yaml',
  });
}

/** Relative to the working directory, else to the project root. */
async function findPath(name: string, place: ScenarioPlace): Promise<string> {
  for (const path of [resolve(place.workingDirectory, name), resolve(place.root, name)]) {
    if (await stat(path).catch(() => null)) return path;
  }
  throw new Fault({
    blame: 'request',
    code: 'CAMPAIGN_NO_SCENARIOS',
    message: `there is no scenario file or directory ${name}`,
    next: `name one relative to ${place.workingDirectory} or to ${place.root}`,
  });
}

/** Reads `NAME=VALUE`, repeated. A value stays the text that was typed: it becomes a number only where one is asked for. */
function parseParameters(args: readonly string[]): ReadonlyMap<string, string> {
  const given = new Map<string, string>();
  for (const arg of args) {
    const [, name, value = ''] = /^([A-Za-z_]\w*)=(.*)/s.exec(arg) ?? [];
    if (name === undefined)
      throw new Fault({
        blame: 'request',
        code: 'CAMPAIGN_BAD_PARAMETER',
        message: `got --param ${arg}, expected NAME=VALUE`,
        next: 'NAME is a parameter of the scenario, such as --param count=3',
      });
    given.set(name, value);
  }
  return given;
}
