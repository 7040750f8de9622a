// SPDX-License-Identifier: MIT
import { openRepository } from '../host/index.ts';
import { type ChangedFile, findChangedFiles, foreseeFile } from '../kbuild/index.ts';
import { architectureOf, locateSource } from '../kernel/index.ts';
import { openTreeReader, readValues } from './detect.ts';
import type { ArmsRequest, Place } from './request.ts';

/** What is expected of a series' files, before anything is built. */
export interface CodeForecast {
  readonly changed: readonly ChangedFile[];
  /** The options that the configuration is expected to come to, without `CONFIG_`. */
  readonly values: ReadonlyMap<string, string>;
}

/**
 * Looks up in the makefiles of a definition's source what compiles the files of a series, as far as the source is on this
 * computer; null where it is not.
 */
export async function foreseeCode(
  { series, kernel }: Pick<ArmsRequest, 'series' | 'kernel'>,
  place: Place & { readonly signal: AbortSignal },
): Promise<CodeForecast | null> {
  if (series === null) return { changed: [], values: new Map() };
  const source = await locateSource(kernel, place);
  if (source === null) return null;
  await using repository = await openRepository(source.repository, place.signal);
  const there = await repository.ask('cat-file', '-e', `${source.commit}^{tree}`);
  if (there.exitCode !== 0) return null;
  const { makeArch, defconfigs } = architectureOf(kernel.arch);
  const reader = openTreeReader(repository, source.commit);
  const { usual } = await readValues(kernel, reader, defconfigs, place);
  const files = [...new Set(series.patches.flatMap((patch) => patch.files))];
  return { changed: await findChangedFiles(files, reader, makeArch), values: usual };
}

/** Lines of a plan about the changed files: what is expected to be compiled, and by name what is not. */
export function describeForecast(forecast: CodeForecast | null): string[] {
  if (forecast === null) return ['code       not known before the source is fetched'];
  const { changed, values } = forecast;
  const lines = changed.map((file) => `${file.path}: ${describeFile(file, values)}`);
  return lines.map((line, index) => `${index === 0 ? 'code' : ''}`.padEnd(11) + line);
}

const KINDS: Readonly<Record<Exclude<ChangedFile['kind'], 'code'>, string>> = {
  build: 'a part of the build, not of the kernel',
  documentation: 'documentation, which needs no build',
  tools: 'a tool, not a part of the kernel',
  other: 'no source file',
};

function describeFile(file: ChangedFile, values: CodeForecast['values']): string {
  if (file.kind !== 'code') return KINDS[file.kind];
  const through = file.through === null ? '' : `, through ${file.through}`;
  if (file.routes.length === 0) return 'NOT COMPILED as far as the makefiles say: none names it';
  const { isBuilt, missing } = foreseeFile(file, values);
  if (!isBuilt)
    return `NOT COMPILED unless something else selects it${through}: not set is ${missing.join(', ')}`;
  const needed = file.routes[0]?.conditions.flatMap((one) => one.map(({ symbol }) => symbol)) ?? [];
  const shown = needed.map((symbol) => `CONFIG_${symbol}=${values.get(symbol) ?? 'n'}`);
  return `compiled${through}${shown.length === 0 ? ', in every kernel' : ` with ${shown.join(' ')}`}`;
}
