// SPDX-License-Identifier: MIT
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { faultOf, formatDiagnostic } from '../document/index.ts';
import { findInputFiles, readInput } from '../host/index.ts';
import { DEFAULT_LIMITS, Fault, type Limits, requireWithin } from '../model/index.ts';
import { expandScenario, parseScenario, type SettledScenario } from '../scenario/index.ts';
import { writeFirstScenario } from './first-scenario.ts';
import { makeSuiteScenarios, type SuitesRequest } from './suites.ts';

/** Where scenarios are looked for: relative to where the user is, then among those that ktrial ships. */
export interface ScenarioPlace {
  readonly workingDirectory: string;
  readonly root: string;
  readonly signal?: AbortSignal;
  readonly limits?: Limits;
  /** Called with each warning about a scenario, as text. */
  readonly onWarning?: (text: string) => void;
}

/** The scenario that is run where none is named, for these modules; settled. */
export function settleFirstScenario(modules: readonly string[]): SettledScenario[] {
  const parsed = parseScenario(writeFirstScenario(modules), 'the scenario of ktrial itself');
  if (!parsed.ok) throw faultOf(parsed.diagnostics, 'the scenario of ktrial itself', 'scenario');
  return [...expandScenario(parsed.scenario, {})];
}

/** Makes the scenarios of suites, and reads those that a user names, with their parameters and matrix settled. */
export async function readScenarios(
  paths: readonly string[],
  parameters: readonly string[],
  place: ScenarioPlace,
  suites: SuitesRequest = { kselftest: [], kunit: [] },
): Promise<SettledScenario[]> {
  const { limits = DEFAULT_LIMITS } = place;
  const settled = [...makeSuiteScenarios(suites, limits)];
  if (paths.length === 0 && settled.length === 0) {
    throw new Fault({
      blame: 'request',
      code: 'CAMPAIGN_NO_SCENARIOS',
      message: 'no scenario is named',
      next: `add --scenarios PATH: a file or a directory, such as ${join(place.root, 'scenarios/mdev')}; or --kselftest TARGET, or --kunit SUITE`,
    });
  }
  const given = parseParameters(parameters);
  const used = new Set<string>();
  const files = paths.length > 0 ? await findScenarioFiles(paths, place) : [];
  for (const file of files) {
    const parsed = parseScenario(await readScenario(file, place), file, { limits });
    if (!parsed.ok) throw faultOf(parsed.diagnostics, file, 'scenario');
    for (const warning of parsed.warnings) place.onWarning?.(formatDiagnostic(warning));
    const known = new Set([
      ...Object.keys(parsed.scenario.parameters),
      ...Object.keys(parsed.scenario.matrix),
    ]);
    const own = Object.fromEntries([...given].filter(([name]) => known.has(name)));
    for (const name of Object.keys(own)) used.add(name);
    for (const one of expandScenario(parsed.scenario, own, { limits })) settled.push(one);
    requireWithin(limits, 'scenarios', settled.length, 'the run', true);
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

/** The text of a scenario that a user named. Faults of `readInput`. */
export async function readScenario(
  file: string,
  { signal, limits = DEFAULT_LIMITS }: Pick<ScenarioPlace, 'signal' | 'limits'>,
): Promise<Buffer> {
  return readInput(file, {
    what: 'scenario',
    limitBytes: limits['document-kib'] * 1024,
    raise: `--limit document-kib=${2 * limits['document-kib']}`,
    signal,
  });
}

function requireUniqueNames(settled: readonly SettledScenario[]): void {
  const names = new Set<string>();
  for (const { name } of settled) {
    if (names.has(name))
      throw new Fault({
        blame: 'scenario',
        code: 'SCENARIO_TWICE',
        message: `two scenarios are called ${name}`,
        next: 'rename one, or name fewer files',
      });
    names.add(name);
  }
}

async function findScenarioFiles(paths: readonly string[], place: ScenarioPlace): Promise<string[]> {
  const all: string[] = [];
  for (const name of paths) {
    const path = await findPath(name, place);
    const isWanted = (one: string) => /\.ya?ml$/.test(one);
    const { files, faults } = await findInputFiles(path, 'scenario', isWanted, place.signal);
    if (faults[0]) throw faults[0];
    for (const file of files) all.push(file);
    requireWithin(place.limits ?? DEFAULT_LIMITS, 'scenarios', all.length, paths.join(', '));
  }
  if (all.length > 0) return all;
  throw new Fault({
    blame: 'request',
    code: 'CAMPAIGN_NO_SCENARIOS',
    message: `there is no scenario in ${paths.join(', ')}`,
    next: 'name a file, or a directory with files *.yaml',
  });
}

/** Relative to the working directory, else to the project root. What is there and cannot be read is not looked for elsewhere. */
async function findPath(name: string, place: ScenarioPlace): Promise<string> {
  const here = resolve(place.workingDirectory, name);
  for (const path of [here, resolve(place.root, name)]) {
    const code = await stat(path).then(
      () => null,
      (cause: NodeJS.ErrnoException) => cause.code,
    );
    if (code !== 'ENOENT' && code !== 'ENOTDIR') return path;
  }
  throw new Fault({
    blame: 'request',
    code: 'CAMPAIGN_NO_SCENARIOS',
    message: /^[a-z][a-z0-9+.-]*:\/\//i.test(name)
      ? `got the address ${name}, expected a scenario file or directory on this computer`
      : `there is no scenario file or directory ${name}`,
    next: `name one relative to ${[...new Set([place.workingDirectory, place.root])].join(' or to ')}`,
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
    if (given.has(name))
      throw new Fault({
        blame: 'request',
        code: 'CAMPAIGN_BAD_PARAMETER',
        message: `got --param ${name} twice, expected it once: only one value can count`,
        next: `leave out --param ${name}=${given.get(name)} or --param ${arg}`,
      });
    given.set(name, value);
  }
  return given;
}
