// SPDX-License-Identifier: MIT
import { type ChangedFile, detectOptions, findChangedFiles, type TreeReader } from '../kbuild/index.ts';
import {
  architectureOf,
  isShippedName,
  type KernelDefinition,
  parseConfig,
  readRequestedOptions,
  readWholeConfig,
} from '../kernel/index.ts';
import type { Limits, Series } from '../model/index.ts';
import type { WorkTree } from '../series/index.ts';

/** What the makefiles say of a series. */
export interface Subsystem {
  readonly changed: readonly ChangedFile[];
  /** Options to add, `CONFIG_X` to its value. */
  readonly options: ReadonlyMap<string, string>;
  /** What the configuration is expected to come to, without `CONFIG_`. */
  readonly values: ReadonlyMap<string, string>;
}

/** Where the tree of a series is, as far as it is a commit. */
export interface SeriesPlace {
  readonly series: Series | null;
  readonly base: string;
  readonly tip: string | null;
}

interface DetectOptions {
  readonly signal?: AbortSignal | undefined;
  readonly limits?: Limits | undefined;
  readonly onProgress?: (text: string) => void;
}

/** Finds which options the changed files of a series need, with what a configuration asks for already. */
export async function detectSubsystem(
  { series, base, tip }: SeriesPlace,
  kernel: KernelDefinition,
  tree: WorkTree,
  options: DetectOptions,
): Promise<Subsystem> {
  const files = [...new Set(series?.patches.flatMap((patch) => patch.files) ?? [])];
  const { makeArch, defconfigs } = architectureOf(kernel.arch);
  const commit = tip ?? (series ? ((await tree.applyDiffs(base, series.patches)) ?? base) : base);
  const reader = openTreeReader(tree, commit);
  const { asked, usual, firm } = await readValues(kernel, reader, defconfigs, options);
  if (files.length > 0) options.onProgress?.(`looking up what compiles ${files.length} changed files`);
  const changed = await findChangedFiles(files, reader, makeArch);
  const detected = await detectOptions(changed, { asked, usual, firm }, reader, makeArch);
  const added = [...detected].map(([name, value]) => [bare(name), value] as const);
  const values = new Map([...usual, ...added, ...firm]);
  return { changed, options: detected, values };
}

/** What a definition asks for, and with its base what that is expected to come to; names without `CONFIG_`. */
export async function readValues(
  { config }: KernelDefinition,
  reader: TreeReader,
  defconfigs: string,
  options: DetectOptions,
) {
  const below = new Map<string, string>();
  if (config.file !== null)
    for (const [name, value] of parseConfig(await readWholeConfig(config.file, options)))
      below.set(bare(name), value);
  const asked = new Map(below);
  if (config.file === null && config.base.endsWith('defconfig'))
    for (const file of config.base === 'defconfig' ? ['x86_64_defconfig', 'defconfig'] : [config.base]) {
      const text = await reader.read(`${defconfigs}/${file}`);
      if (text === null) continue;
      for (const [name, value] of parseConfig(text)) below.set(bare(name), value);
      break;
    }
  const requested = await readRequestedOptions(config, null, options);
  const own = requested.map(({ name, value }) => [bare(name), value] as const);
  for (const [name, value] of own) asked.set(name, value);
  const firm = requested
    .filter(({ from }) => !from || !isShippedName(from))
    .map(({ name, value }) => [bare(name), value] as const);
  return { asked, usual: new Map([...below, ...own]), firm: new Map(firm) };
}

function bare(name: string): string {
  return name.replace(/^CONFIG_/, '');
}

/** The files of one commit, or tree, of a repository. */
export function openTreeReader(tree: Pick<WorkTree, 'ask'>, commit: string): TreeReader {
  return {
    async read(path) {
      const { exitCode, stdout } = await tree.ask('cat-file', 'blob', `${commit}:${path}`);
      return exitCode === 0 ? stdout : null;
    },
    async grep(pattern, pathspecs) {
      const { stdout } = await tree.ask('grep', '-I', '-z', '-E', '-e', pattern, commit, '--', ...pathspecs);
      const skipped = `${commit}:`.length;
      return stdout
        .split('\n')
        .map((line) => line.split('\0'))
        .filter(([, text]) => text !== undefined)
        .map(([path = '', text = '']) => ({ path: path.slice(skipped), text }));
    },
  };
}
