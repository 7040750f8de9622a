// SPDX-License-Identifier: MIT
import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { listFiles, runCommand, runGit } from '../host/index.ts';
import {
  type ArmCoverage,
  type ChangedFunction,
  type Kernel,
  MAXIMUM_CHANGED_FUNCTIONS,
  type Unmeasured,
} from '../model/index.ts';
import { type LineRange, parseChangedLines, touches } from './changed-lines.ts';
import { type Definition, findDefinitions } from './definition.ts';
import { type CompiledFunctions, parseCompiledFunctions } from './inlined.ts';
import { openSymboliser, type Symboliser } from './symboliser.ts';
import { findParts, parseSymbols, type SymbolTable, type TextSymbol } from './table.ts';

/** A series, and the arm in whose kernel its functions are looked for. */
export interface ChangedFunctionsQuery {
  /** A git repository that has both commits. */
  readonly repository: string;
  readonly base: string;
  readonly tip: string;
  /** `before`: the kernel is the base's; `after`: that of the tip. */
  readonly side: 'before' | 'after';
  readonly kernel: Pick<Kernel, 'vmlinux' | 'modules' | 'arch'>;
  readonly signal?: AbortSignal;
}

/** Debug information of a module is read whole, that of greater ones not at all. */
const MODULE_BYTES = 32 * 1024 * 1024;

/**
 * Finds the functions that a series changes, and by which names a kernel has their code. A function is changed where a changed
 * line lies between its first and its last one. Faults of git, `nm`, `readelf` and `addr2line`.
 */
export async function findChangedFunctions(query: ChangedFunctionsQuery): Promise<ArmCoverage> {
  const changed = await listChanged(query);
  const files = new Map<string, Definition[]>();
  const shown = changed.slice(0, MAXIMUM_CHANGED_FUNCTIONS);
  for (const { file, definition } of shown) files.set(file, [...(files.get(file) ?? []), definition]);
  const functions: ChangedFunction[] = [];
  await using kernel = openBinaries(query);
  for (const [file, definitions] of files) functions.push(...(await kernel.find(file, definitions)));
  return { functions, total: changed.length, notMeasured: null };
}

interface Changed {
  readonly file: string;
  readonly definition: Definition;
}

async function listChanged(query: ChangedFunctionsQuery): Promise<readonly Changed[]> {
  const { repository, base, tip, side, signal } = query;
  const git = (args: readonly string[]) => runGit(args, { cwd: repository, signal });
  const range = ['--unified=0', '--no-renames', '--no-prefix', '--no-color', '--no-ext-diff', base, tip];
  const { stdout } = await git(['diff', ...range, '--', '*.c', '*.h']);
  const commit = side === 'before' ? base : tip;
  const found: Changed[] = [];
  for (const [file, ranges] of parseChangedLines(stdout, side)) {
    const { stdout: text } = await git(['show', `${commit}:${file}`]);
    found.push(...selectChanged(findDefinitions(text), ranges).map((definition) => ({ file, definition })));
  }
  return found;
}

/** The functions that changes lie in, each once, however often `#ifdef` has another form of it. Pure. */
export function selectChanged(
  definitions: readonly Definition[],
  ranges: readonly LineRange[],
): readonly Definition[] {
  const hit = definitions.filter((one) => ranges.some((range) => touches(range, one)));
  return hit.filter((one, index) => hit.findIndex(({ name }) => name === one.name) === index);
}

interface Binaries extends AsyncDisposable {
  find(file: string, definitions: readonly Definition[]): Promise<readonly ChangedFunction[]>;
}

/** Opens what a kernel's code is in. What nobody asks for is not read. */
function openBinaries({ kernel, signal }: ChangedFunctionsQuery): Binaries {
  const options = signal ? { signal } : {};
  const tables = new Map<string, Promise<SymbolTable>>();
  const tableOf = (binary: string) => {
    const table =
      tables.get(binary) ??
      runCommand('nm', ['--format=sysv', '--defined-only', '--', binary], options).then(({ stdout }) =>
        parseSymbols(stdout),
      );
    tables.set(binary, table);
    return table;
  };
  const units = new Map<string, Promise<ReadonlyMap<string, CompiledFunctions>>>();
  const unitsOf = (binary: string) => {
    const found =
      units.get(binary) ??
      runCommand('readelf', ['--wide', '--debug-dump=info', '--', binary], options).then(({ stdout }) =>
        parseCompiledFunctions(stdout),
      );
    units.set(binary, found);
    return found;
  };
  let symboliser: Promise<Symboliser> | null = null;
  return {
    async find(file, definitions) {
      if (file.endsWith('.h')) return definitions.map((one) => lost(file, one, 'inlined', true));
      for (const module of await modulesNear(file, kernel.modules)) {
        const table = await tableOf(module);
        if (!definitions.some(({ name }) => hasAny(table, name))) continue;
        const unit = unitOf(await unitsOf(module), file);
        if (unit) return definitions.map((one) => inModule(file, one, basename(module, '.ko'), table, unit));
      }
      const table = await tableOf(kernel.vmlinux);
      const found: ChangedFunction[] = [];
      for (const one of definitions) {
        symboliser ??= openSymboliser(kernel.vmlinux);
        found.push(await builtIn(file, one, table, await symboliser));
      }
      return found;
    },
    async [Symbol.asyncDispose]() {
      await (await symboliser)?.[Symbol.asyncDispose]();
    },
  };
}

/** Modules in the directories above a file, and in those below its own: only these can be made of it. */
async function modulesNear(file: string, directory: string): Promise<readonly string[]> {
  const own = `${dirname(file)}/`;
  const near = (path: string) => own.startsWith(`${dirname(path)}/`) || path.startsWith(own);
  const paths = (await listFiles(directory)).filter((path) => path.endsWith('.ko') && near(path));
  const found: string[] = [];
  // The nearest ones first: the longest common path.
  for (const path of paths.sort((a, b) => dirname(b).length - dirname(a).length)) {
    const { size } = await stat(join(directory, path));
    if (size <= MODULE_BYTES) found.push(join(directory, path));
  }
  return found;
}

function unitOf(units: ReadonlyMap<string, CompiledFunctions>, file: string): CompiledFunctions | null {
  for (const [path, unit] of units) if (path === file || path.endsWith(`/${file}`)) return unit;
  return null;
}

/** What has a function's beginning: its symbol, or clones of it. A part that was split off is no beginning. */
function entriesOf(table: SymbolTable, name: string): readonly TextSymbol[] {
  for (const form of formsOf(name)) {
    const clones = (table.byBareName.get(form) ?? []).filter((one) => !one.name.includes('.part.'));
    if (clones.length > 0) return clones;
  }
  return [];
}

/** Parts that the compiler split off a function in order to inline the rest. */
function splitOff(table: SymbolTable, name: string): readonly TextSymbol[] {
  return findParts(table, name).filter((one) => one.name.includes('.part.') && !one.name.includes('.cold'));
}

function hasAny(table: SymbolTable, name: string): boolean {
  return entriesOf(table, name).length > 0 || splitOff(table, name).length > 0;
}

/** A system call's function is inlined into the one that the table of system calls has. */
function formsOf(name: string): readonly string[] {
  return name.startsWith('sys_') ? [`__x64_${name}`, `__arm64_${name}`, `__se_${name}`, name] : [name];
}

function inModule(
  file: string,
  { name }: Definition,
  module: string,
  table: SymbolTable,
  unit: CompiledFunctions,
): ChangedFunction {
  const inlined = unit.get(name)?.isInlined ?? false;
  const definition = { name };
  // What was split off runs only after the rest, which is in the callers.
  const entries = [...entriesOf(table, name), ...(inlined ? splitOff(table, name) : [])];
  if (entries.length === 0) return lost(file, definition, inlined ? 'inlined' : 'noCode', inlined);
  if (isAmbiguous(entries)) return lost(file, definition, 'ambiguous', inlined);
  const kernelName = module.replaceAll('-', '_');
  const probes = namesOf(entries).map((one) => `${kernelName}:${one}`);
  return { function: name, file, probes, inlined, unmeasured: null };
}

/** Of the kernel itself only addresses are asked for: all of its debug information would take minutes. */
async function builtIn(
  file: string,
  { name }: Definition,
  table: SymbolTable,
  symboliser: Symboliser,
): Promise<ChangedFunction> {
  const definition = { name };
  const entries = entriesOf(table, name);
  const own: TextSymbol[] = [];
  for (const one of entries) {
    const places = await symboliser.locate({ function: one.name, offset: 0, size: null }, true);
    const at = places.at(-1)?.file;
    if (at === undefined || at === file || at.endsWith(`/${file}`)) own.push(one);
  }
  if (own.length === 0) return lost(file, definition, 'noCode', null);
  if (own.some((one) => one.section.startsWith('.init'))) return lost(file, definition, 'boot', null);
  if (isAmbiguous(entries)) return lost(file, definition, 'ambiguous', null);
  return { function: name, file, probes: namesOf(own), inlined: null, unmeasured: null };
}

function namesOf(symbols: readonly TextSymbol[]): string[] {
  return [...new Set(symbols.map((one) => one.name))];
}

/** Whether one name stands for several places: a kernel finds the first, whichever that is. */
function isAmbiguous(symbols: readonly TextSymbol[]): boolean {
  return namesOf(symbols).some(
    (name) =>
      new Set(
        symbols.filter((one) => one.name === name).map(({ section, address }) => `${section} ${address}`),
      ).size > 1,
  );
}

function lost(
  file: string,
  { name }: Pick<Definition, 'name'>,
  unmeasured: Unmeasured,
  inlined: boolean | null,
): ChangedFunction {
  return { function: name, file, probes: [], inlined, unmeasured };
}
