// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { suggestName } from '../document/index.ts';
import { listInput } from '../host/index.ts';
import { ARCHITECTURES, type Architecture, Fault } from '../model/index.ts';

/** A file of config options, in the order in which they are put on top of each other. */
export interface Fragment {
  /** Absolute; that of a fragment of the tree is relative to its `configs` directories. */
  readonly path: string;
  /** How it was named: `ktrial/NAME` for those that ktrial ships, `tree/NAME.config` for the tree's own; null for a file. */
  readonly name: string | null;
}

const SHIPPED = 'ktrial/';

/** Whether a text names a fragment that ktrial ships. */
export function isShippedName(text: string): boolean {
  return text.startsWith(SHIPPED);
}

/** Whether a text names a fragment of the source's own, such as `tree/kvm_guest.config`. */
export function isTreeName(text: string): boolean {
  return /^tree\/[\w-][\w.-]*\.config$/.test(text);
}

/** A fragment of the source's own, by such a name. */
export function treeFragment(name: string): Fragment {
  return { path: name.slice('tree/'.length), name };
}

/** Where the fragments that ktrial ships are: beside its kernel definitions. */
function directoryOf(kernelsDirectory: string): string {
  return join(kernelsDirectory, 'config');
}

/** The names of all fragments that ktrial ships, without those of single architectures. */
export async function listShippedFragments(kernelsDirectory: string): Promise<string[]> {
  const files = await listInput(directoryOf(kernelsDirectory), 'directory of config fragments');
  const stems = files.filter((file) => file.endsWith('.config')).map((file) => file.slice(0, -7));
  const suffix = new RegExp(`-(?:${ARCHITECTURES.join('|')})$`);
  return [...new Set(stems.map((stem) => `${SHIPPED}${stem.replace(suffix, '')}`))].sort();
}

/**
 * The files of a fragment that ktrial ships: what all architectures share, then what this one adds (null: any). Fault
 * `CONFIG_UNKNOWN_FRAGMENT` (request).
 */
export async function findShippedFragment(
  name: string,
  arch: Architecture | null,
  kernelsDirectory: string,
): Promise<Fragment[]> {
  const directory = directoryOf(kernelsDirectory);
  const files = await listInput(directory, 'directory of config fragments');
  const stem = name.slice(SHIPPED.length);
  const names = await listShippedFragments(kernelsDirectory);
  const own = arch === null ? ARCHITECTURES : [arch];
  const wanted = [`${stem}.config`, ...own.map((one) => `${stem}-${one}.config`)];
  const found = names.includes(name) ? wanted.filter((file) => files.includes(file)) : [];
  if (found.length > 0) return found.map((file) => ({ path: join(directory, file), name }));
  const isOfOther = names.includes(name);
  const near = suggestName(name, names);
  throw new Fault({
    blame: 'request',
    code: 'CONFIG_UNKNOWN_FRAGMENT',
    message: isOfOther
      ? `the fragment ${name} has nothing for ${arch}`
      : `there is no fragment ${name.slice(0, 100)}`,
    next: isOfOther
      ? 'leave it out, or change arch: in the kernel definition'
      : `${near === null ? '' : `write ${near}; `}ktrial ships ${names.join(', ')}`,
  });
}
