// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { type Diagnostic, type ReadOptions, readYaml, type Source } from '../document/index.ts';

/**
 * How a bug shows. `deterministic`: in each trial; `widened`: in each trial that delays the kernel in the right place; `rare`: in a
 * known part of the trials; `none`: there is no bug.
 */
export const SEED_CLASSES = ['deterministic', 'widened', 'rare', 'none'] as const;

export type SeedClass = (typeof SEED_CLASSES)[number];

const seedSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'at most 40 lower-case letters, digits and dashes'),
  class: z.enum(SEED_CLASSES),
  breaks: z.string().min(1).max(1000).describe('what the patch breaks, for people'),
  patch: z.string().min(1).max(1000).describe('the patch, relative to this file'),
  scenario: z
    .string()
    .min(1)
    .max(1000)
    .optional()
    .describe('a scenario that may show it, relative to this file'),
  rate: z.number().gt(0).lt(1).optional().describe('of a rare bug: in which part of the trials it shows'),
});

const manifestSchema = z.strictObject({
  kernel: z
    .string()
    .min(1)
    .max(1000)
    .describe('the kernel definition of the tree in which there is no known bug'),
  seeds: z.array(seedSchema).min(1),
});

/** One patch that plants a known bug, or none. Paths are as the manifest has them. */
export interface Seed {
  readonly name: string;
  readonly class: SeedClass;
  readonly breaks: string;
  readonly patch: string;
  /** Null where there is no bug: then it is run with the scenarios of all others. */
  readonly scenario: string | null;
  /** In which part of the trials it shows; null where that is not part of the seed. */
  readonly rate: number | null;
}

export interface Manifest {
  /** A kernel definition. */
  readonly kernel: string;
  readonly seeds: readonly Seed[];
}

export type ManifestResult =
  | { readonly ok: true; readonly manifest: Manifest; readonly source: Source }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** The seeds of a manifest, from the bytes of its file. */
export function parseManifest(
  content: string | Uint8Array,
  name: string,
  options: ReadOptions = {},
): ManifestResult {
  const read = readYaml(content, name, manifestSchema, options);
  if (!read.ok) return read;
  const { value, source } = read;
  const names = new Set<string>();
  const diagnostics: Diagnostic[] = [];
  for (const [index, one] of value.seeds.entries()) {
    const refuse = (code: Diagnostic['code'], message: string, key: string) =>
      diagnostics.push(source.diagnose('error', code, message, ['seeds', index, key]));
    if (names.has(one.name)) refuse('DUPLICATE_NAME', `a seed above is called ${one.name}`, 'name');
    names.add(one.name);
    if (one.class === 'none' && one.scenario !== undefined)
      refuse(
        'CONTRADICTION',
        'got a scenario of a seed without a bug, expected none: it gets all others',
        'scenario',
      );
    if (one.class !== 'none' && one.scenario === undefined)
      refuse('MISSING_KEY', `got no scenario, expected one that may show ${one.name}`, 'scenario');
    if (one.class === 'rare' && one.rate === undefined)
      refuse(
        'MISSING_KEY',
        `got no rate, expected the part of the trials in which ${one.name} shows`,
        'rate',
      );
    if (one.class !== 'rare' && one.rate !== undefined)
      refuse(
        'CONTRADICTION',
        `got a rate of a seed that is ${one.class}, expected one of rare seeds alone`,
        'rate',
      );
  }
  if (value.seeds.every((one) => one.class === 'none'))
    diagnostics.push(
      source.diagnose('error', 'PROVES_NOTHING', 'got no seed with a bug, expected at least one', ['seeds']),
    );
  if (diagnostics.length > 0) return { ok: false, diagnostics };
  const seeds = value.seeds.map(({ scenario = null, rate = null, ...one }) => ({ ...one, scenario, rate }));
  return { ok: true, manifest: { kernel: value.kernel, seeds }, source };
}
