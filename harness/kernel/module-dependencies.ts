// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The modules of this configuration, as paths below the output: it may contain older ones that are no longer configured. */
export async function readModuleOrder(output: string): Promise<string[]> {
  const text = await readFile(join(output, 'modules.order'), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/^kernel\//, '').replace(/\.o$/, '.ko'));
}

/**
 * Makes the text of a `modules.dep` as depmod(8) writes it: for each module all that it needs, ordered so that loading
 * from right to left works. modpost has written what each module needs directly into its `.mod.c`.
 */
export async function describeDependencies(output: string, paths: readonly string[]): Promise<string> {
  const byName = new Map(paths.map((path) => [moduleName(path), path]));
  const direct = new Map<string, readonly string[]>();
  for (const path of paths) {
    const source = await readFile(join(output, path.replace(/\.ko$/, '.mod.c')), 'utf8');
    direct.set(
      path,
      parseDepends(source).flatMap((name) => byName.get(moduleName(name)) ?? []),
    );
  }
  return paths.map((path) => `${[`${path}:`, ...orderNeeded(path, direct)].join(' ')}\n`).join('');
}

/** The kernel's name of a module: its file may have dashes for underscores. */
function moduleName(path: string): string {
  return path.replace(/^.*\//, '').replace(/\.ko$/, '').replaceAll('-', '_');
}

/** The names in `MODULE_INFO(depends, "vfio,mdev");`. */
function parseDepends(source: string): string[] {
  const list = /\bMODULE_INFO\(depends,\s*"([^"]*)"\)/.exec(source)?.[1] ?? '';
  return list.split(',').filter((name) => name !== '');
}

/** Everything that a module needs, each before what it needs itself. */
function orderNeeded(path: string, direct: ReadonlyMap<string, readonly string[]>): string[] {
  const loaded: string[] = [];
  const visit = (one: string, way: readonly string[]): void => {
    if (way.includes(one)) return;
    for (const needed of direct.get(one) ?? []) visit(needed, [...way, one]);
    if (!loaded.includes(one)) loaded.push(one);
  };
  visit(path, []);
  return loaded.reverse().slice(1);
}
