// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { readInside } from '../host/index.ts';
import { Fault, type Limits } from '../model/index.ts';
import { isShippedName } from './config-fragment.ts';
import { type ConfigLayer, isFile } from './config-layer.ts';
import { parseFragment, type RequestedOption, readFragment } from './fragment.ts';

export interface ReadRequestedOptions {
  readonly limits?: Limits | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Where an option comes from that ktrial adds so that a changed file gets compiled. */
export const DETECTED = 'for the changed files';

/** More than any fragment of a tree has. */
const FRAGMENT_BYTES = 1024 * 1024;

/**
 * All options that a configuration asks for, in order: the last of a name counts. The tree's own fragments are looked up in
 * `directories` of the tree, as make does; with null they are left out. Faults (request): those of `readFragment`,
 * `CONFIG_UNKNOWN_FRAGMENT`.
 */
export async function readRequestedOptions(
  config: ConfigLayer,
  tree: { readonly path: string; readonly directories: readonly string[] } | null,
  options: ReadRequestedOptions,
): Promise<RequestedOption[]> {
  const requested: RequestedOption[] = [];
  const detected = Object.entries(config.detected ?? {}).map(
    ([name, value]): RequestedOption => ({ name, value, file: DETECTED, line: null, from: DETECTED }),
  );
  const own = config.fragments.findIndex(({ name }) => name === null || !isShippedName(name));
  for (const [index, fragment] of config.fragments.entries()) {
    if (index === own) requested.push(...detected);
    const { path, name } = fragment;
    if (isFile(fragment))
      requested.push(...(await readFragment(path, options)).map((one) => ({ ...one, from: name })));
    else if (tree)
      requested.push(...(await readTreeFragment(path, tree)).map((one) => ({ ...one, from: name })));
  }
  if (own < 0) requested.push(...detected);
  for (const [name, value] of Object.entries(config.options)) {
    const place = config.places?.[name];
    requested.push({ name, value, file: place?.file ?? '--config', line: place?.line ?? null, from: null });
  }
  return requested;
}

async function readTreeFragment(
  name: string,
  { path, directories }: { readonly path: string; readonly directories: readonly string[] },
): Promise<RequestedOption[]> {
  for (const directory of directories) {
    const text = await readInside(path, join(directory, name), FRAGMENT_BYTES);
    if (text !== null) return parseFragment(text, join(directory, name));
  }
  throw new Fault({
    blame: 'request',
    code: 'CONFIG_UNKNOWN_FRAGMENT',
    message: `there is no ${name}: neither as a file, nor in ${directories.join(' or ')} of the source`,
    next: 'name a file, or a fragment that the source has',
  });
}
