// SPDX-License-Identifier: MIT
import { posix } from 'node:path';
import { classifyFile, type FileKind } from './classify.ts';
import { type Condition, describeCondition, hold, type Term } from './condition.ts';
import { type ConfigValues, chooseOptions, openKconfig, type Values } from './option.ts';
import { findRoutes, type Route } from './route.ts';
import { type MakefileReader, type Match, openMakefiles, type TreeReader } from './tree.ts';

/** What can be known of a changed file from the makefiles, before anything is built. */
export interface ChangedFile {
  readonly path: string;
  readonly kind: FileKind;
  /** The ways on which it gets built, the simplest first; none where no makefile names it. Empty for what is no code. */
  readonly routes: readonly Route[];
  /** A header: the source file through which `routes` lead to it. */
  readonly through: string | null;
}

/** Source files that nearly every kernel has. */
const CORE = ['init', 'kernel', 'mm', 'lib', 'block', 'ipc', 'fs'].map((name) => `:(glob)${name}/*.c`);
/** Source files that are looked at for one header. */
const INCLUDERS = 40;

/** Looks up in the makefiles how the changed files of a series get built. */
export async function findChangedFiles(
  paths: readonly string[],
  tree: TreeReader,
  sourceArch: string,
): Promise<ChangedFile[]> {
  const makefiles = openMakefiles(tree, sourceArch);
  const files: ChangedFile[] = [];
  for (const path of paths) {
    const kind = classifyFile(path);
    files.push({
      path,
      kind,
      ...(kind === 'code'
        ? await findCode(path, tree, makefiles, sourceArch)
        : { routes: [], through: null }),
    });
  }
  return files;
}

async function findCode(path: string, tree: TreeReader, makefiles: MakefileReader, sourceArch: string) {
  const routes = await findRoutes(path, makefiles, sourceArch);
  if (routes.length > 0) return { routes, through: null };
  let best: { readonly routes: readonly Route[]; readonly through: string } | null = null;
  for (const through of await findIncluders(path, tree, sourceArch)) {
    const found = await findRoutes(through, makefiles, sourceArch);
    const count = found[0]?.conditions.length;
    if (count === undefined) continue;
    if (!best || count < (best.routes[0]?.conditions.length ?? 0)) best = { routes: found, through };
    if (count === 0) break;
  }
  return best ?? { routes: [], through: null };
}

/** Source files that include a header or another source file, those of its own directory first. */
async function findIncluders(path: string, tree: TreeReader, sourceArch: string): Promise<string[]> {
  const directory = posix.dirname(path);
  const name = posix.basename(path).replace(/[.+]/g, '[$&]');
  const pattern = `^[[:space:]]*#[[:space:]]*include[[:space:]]*["<]([^">]*/)?${name}[">]`;
  const near = await tree.grep(pattern, [`${directory}/*.c`, `${directory}/*.S`]);
  // The name alone is common; elsewhere the path from an include directory must be there.
  const inside = /^(?:include|arch\/\w+\/include)\/(?:uapi\/)?(.+)$/.exec(path)?.[1];
  const far: Match[] = [];
  if (near.length === 0 && inside !== undefined) {
    const included = `#[[:space:]]*include[[:space:]]*<${inside.replace(/[.+]/g, '[$&]')}>`;
    // What every kernel has is searched first: a search of all source files takes seconds.
    far.push(...(await tree.grep(included, CORE)));
    if (far.length === 0) far.push(...(await tree.grep(included, ['*.c'])));
  }
  const found = [...new Set([...near, ...far].map((match) => match.path))].filter((one) => one !== path);
  return found
    .toSorted((a, b) => rankIncluder(a, directory, sourceArch) - rankIncluder(b, directory, sourceArch))
    .slice(0, INCLUDERS);
}

/** The lower, the likelier is it compiled: the header's own directory, then what every kernel has. */
function rankIncluder(path: string, directory: string, sourceArch: string): number {
  if (posix.dirname(path) === directory) return 0;
  if (/^(?:init|kernel|mm|fs|lib|block|ipc|security)\/[^/]+$/.test(path)) return 1;
  if (path.startsWith(`arch/${sourceArch}/`)) return 2;
  return /^(?:arch|tools|samples|scripts|Documentation)\//.test(path) ? 4 : 3;
}

/**
 * The options that get the changed files compiled, `CONFIG_X` to `y` or `m`: modules where that is possible, with the menus
 * that they depend on. Where the user switches off what a file needs, nothing is detected for it.
 */
export async function detectOptions(
  files: readonly ChangedFile[],
  values: ConfigValues,
  tree: TreeReader,
  sourceArch: string,
): Promise<ReadonlyMap<string, string>> {
  const kconfig = openKconfig(tree, sourceArch);
  const options = new Map<string, string>();
  for (const { routes } of files) {
    const isRefused = ({ symbol, allowed }: Term) => !allowed.includes(values.firm.get(symbol) ?? allowed);
    const first = routes.find(({ conditions }) => !conditions.some((one) => one.every(isRefused)));
    if (!first || routes.some(({ conditions }) => hold(conditions, values.asked))) continue;
    const chosen = await chooseOptions(first.conditions, values, kconfig);
    for (const [name, value] of chosen) if (options.get(name) !== 'y') options.set(name, value);
  }
  return options;
}

/** The modules that changed files become with these values: the names of their files without `.ko`. */
export function findModules(files: readonly ChangedFile[], values: Values): string[] {
  const names = files.flatMap(({ routes }) => {
    const route = routes.find(({ conditions }) => hold(conditions, values));
    const isModule = route?.conditions.some((one) => one.some(({ symbol }) => values.get(symbol) === 'm'));
    return route?.object && isModule ? [posix.basename(route.object)] : [];
  });
  return [...new Set(names)];
}

/** What a configuration makes of a changed file: built, or the conditions of the simplest way that do not hold. */
export function foreseeFile(
  file: ChangedFile,
  values: Values,
): { readonly isBuilt: boolean; readonly missing: readonly string[] } {
  if (file.routes.some(({ conditions }) => hold(conditions, values))) return { isBuilt: true, missing: [] };
  const missing = (file.routes[0]?.conditions ?? []).filter((one: Condition) => !hold([one], values));
  return { isBuilt: false, missing: missing.map(describeCondition) };
}
