// SPDX-License-Identifier: MIT
import { stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { exists } from '../host/index.ts';
import { type Architecture, Fault, isFault, type Limits } from '../model/index.ts';
import {
  type Fragment,
  findShippedFragment,
  isShippedName,
  isTreeName,
  treeFragment,
} from './config-fragment.ts';
import { isWholeConfig, parseOption, readFragment } from './fragment.ts';

/** What is put on a configuration. */
export interface ConfigLayer {
  /** A whole `.config` to start from, instead of a target of make; null: none. */
  readonly file: string | null;
  /** In order. */
  readonly fragments: readonly Fragment[];
  /** `CONFIG_NAME` to its value as in a `.config`; on top of all fragments. */
  readonly options: Readonly<Record<string, string>>;
  /**
   * What ktrial adds so that changed files get compiled: on top of its own fragments, below the user's. One that does not
   * survive is a note.
   */
  readonly detected?: Readonly<Record<string, string>>;
  /** The file and line of an option; one without is from the command line. */
  readonly places?: Readonly<Record<string, { readonly file: string; readonly line: number }>>;
}

export interface LayerOptions {
  readonly limits?: Limits | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Puts one layer on another: its file and its options replace, its fragments come last. An option of the lower layer gives
 * way to a fragment of the upper one that sets it. Faults: those of `readFragment`.
 */
export async function layConfig<Below extends ConfigLayer>(
  below: Below,
  above: ConfigLayer,
  options: LayerOptions = {},
): Promise<Below> {
  const replaced = new Set<string>();
  for (const { path } of above.fragments.filter(isFile))
    for (const { name } of await readFragment(path, options)) replaced.add(name);
  const kept = Object.entries(below.options).filter(([name]) => !replaced.has(name));
  return {
    ...below,
    file: above.file ?? below.file,
    fragments: [...below.fragments, ...above.fragments],
    options: { ...Object.fromEntries(kept), ...above.options },
    places: {
      ...Object.fromEntries(Object.entries(below.places ?? {}).filter(([name]) => !(name in above.options))),
      ...above.places,
    },
  };
}

/** Says what else could have been meant by the name of a file that is not there. */
function explainMissing(arg: string, cause: unknown): never {
  if (!isFault(cause, 'INPUT_NOT_FOUND')) throw cause;
  const forms = 'CONFIG_NAME=VALUE, ktrial/NAME (see ktrial config list), a file';
  throw new Fault({
    blame: cause.blame,
    code: cause.code,
    message: cause.message,
    next: `expected ${forms}, or tree/NAME.config for a fragment of the source itself: got ${arg.slice(0, 100)}`,
    cause,
  });
}

/** Whether a bare name is no file, but a fragment of the tree. */
async function isInTree(name: string, path: string, { checkout = null }: ConfigPlace): Promise<boolean> {
  if (checkout === null || !/^[\w-][\w.-]*\.config$/.test(name) || (await exists(path))) return false;
  return exists(join(checkout, 'kernel/configs', name));
}

/** Whether a fragment is a file of this computer; the tree's own are read when the tree is there. */
export function isFile(fragment: Fragment): boolean {
  return isAbsolute(fragment.path);
}

async function isPipe(path: string): Promise<boolean> {
  const there = await stat(path).catch(() => null);
  return there?.isFIFO() === true || there?.isCharacterDevice() === true;
}

/** Where the words of a command line are looked up. */
export interface ConfigPlace extends LayerOptions {
  readonly workingDirectory: string;
  /** The directory of ktrial's own kernel definitions. */
  readonly kernelsDirectory: string;
  readonly arch: Architecture;
  /** A checkout of the source on this computer, in which the tree's own fragments are found by their bare names. */
  readonly checkout?: string | null;
}

/**
 * Reads the values of `--config`: `CONFIG_NAME=VALUE`, `ktrial/NAME`, a fragment, a whole `.config`, or `tree/NAME.config` for
 * a fragment of the source's own `kernel/configs`, where `tree/` may be left out when a checkout has it. Later ones win, and options win over fragments. Faults, all of the request:
 * `CONFIG_BAD_LINE`, `CONFIG_UNKNOWN_FRAGMENT`, those of `readInput` and `readFragment`.
 */
export async function readConfigArguments(args: readonly string[], place: ConfigPlace): Promise<ConfigLayer> {
  let file: string | null = null;
  const fragments: Fragment[] = [];
  const options: Record<string, string> = {};
  for (const arg of args) {
    const path = isAbsolute(arg) ? arg : join(place.workingDirectory, arg);
    if (/^(?:CONFIG_)?\w+=/.test(arg)) {
      const { name, value } = parseOption(arg, '--config:');
      options[name] = value;
    } else if (isShippedName(arg))
      fragments.push(...(await findShippedFragment(arg, place.arch, place.kernelsDirectory)));
    else if (isTreeName(arg)) fragments.push(treeFragment(arg));
    else if (await isInTree(arg, path, place)) fragments.push(treeFragment(`tree/${arg}`));
    else if (await isPipe(path))
      // It can be read once only, and files are read again when the kernel is built.
      for (const { name, value } of await readFragment(path, place)) options[name] = value;
    else if (await isWholeConfig(path, place).catch((cause: unknown) => explainMissing(arg, cause)))
      file = path;
    else {
      await readFragment(path, place);
      fragments.push({ path, name: null });
    }
  }
  return { file, fragments, options };
}
