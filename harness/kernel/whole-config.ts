// SPDX-License-Identifier: MIT
import { parseConfig, type RequestedOption } from './fragment.ts';

/** Options that say what compiler was used, and not what was chosen. */
const COMPILER_FACT = /^CONFIG_(?:CC|AS|LD|GCC|CLANG|LLD|PAHOLE|RUSTC?)_/;
/** Of the options that changed so many are named. */
const NAMED = 5;

/**
 * Notes what became of a whole `.config` where it was not taken as it is: another version of the kernel lacks options, and
 * another compiler changes some. Options that were asked for besides do not count.
 */
export function describeChanges(
  file: string,
  before: string,
  after: string,
  requested: readonly RequestedOption[],
): string[] {
  const names = new Set(requested.map(({ name }) => name));
  const now = parseConfig(after);
  const all = [...parseConfig(before)].filter(([name]) => !names.has(name) && !COMPILER_FACT.test(name));
  const changed = all.filter(([name, value]) => now.get(name) !== value);
  if (changed.length === 0) return [];
  const named = changed
    .slice(0, NAMED)
    .map(([name, value]) => `${name}: got ${now.get(name) ?? 'n'}, expected ${value}`);
  const rest = changed.length > NAMED ? '; …' : '';
  return [
    `${file}: ${changed.length} of ${all.length} options have another value after olddefconfig: ${named.join('; ')}${rest}`,
  ];
}
