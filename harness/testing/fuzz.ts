// SPDX-License-Identifier: MIT
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { isFault } from '../model/index.ts';
import { PROJECT_ROOT } from './root.ts';

/** Something that reads what comes from outside, and what it is tried on. */
export interface FuzzTarget {
  /** A sentence about behaviour: what holds for every input. */
  readonly name: string;
  /** How many of all cases are its: a share relative to the others'. */
  readonly weight: number;
  /** Looks for a bad case among `cases` inputs. */
  readonly search: (options: FuzzOptions) => Promise<FuzzResult>;
}

export interface FuzzOptions {
  readonly seed: number;
  readonly cases: number;
}

export interface FuzzResult {
  readonly tried: number;
  /** The smallest bad input that was found and what is wrong with it; null when there is none. */
  readonly failure: { readonly input: string; readonly why: string } | null;
  /** The worst time per byte, in microseconds, where the target knows the size of its inputs. */
  readonly worst: number | null;
}

/** So many bytes are added to each input's size: what a check takes for nothing. */
const OVERHEAD_BYTES = 4096;
/** An input that takes longer, in milliseconds, is as bad as one that crashes: 100 times what a slow one takes here. */
const SLOW_MS = 10_000;

/**
 * Makes a target. `check` returns what is wrong with an input, or null; whatever it throws is wrong too, but for a Fault
 * that blames the request or the scenario: that is how bad input is refused. With `bytesOf`, the size of an input, the worst
 * time per byte is measured too.
 */
export function fuzzTarget<Input>(
  name: string,
  weight: number,
  inputs: fc.Arbitrary<Input>,
  check: (input: Input) => string | null | Promise<string | null>,
  bytesOf?: (input: Input) => number,
): FuzzTarget {
  let worst: number | null = null;
  const judge = async (input: Input): Promise<string | null> => {
    const startedAt = performance.now();
    try {
      const wrong = await check(input);
      if (wrong !== null) return wrong;
    } catch (error) {
      if (!isFault(error) || (error.blame !== 'request' && error.blame !== 'scenario'))
        return error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
    const tookMs = Math.round(performance.now() - startedAt);
    if (bytesOf) {
      const each = ((performance.now() - startedAt) * 1000) / (bytesOf(input) + OVERHEAD_BYTES);
      worst = Math.max(worst ?? 0, each);
    }
    return tookMs > SLOW_MS ? `it took ${tookMs} ms` : null;
  };
  return {
    name,
    weight,
    async search({ seed, cases }) {
      worst = null;
      const details = await fc.check(
        fc.asyncProperty(inputs, async (input) => (await judge(input)) === null),
        { seed, numRuns: cases },
      );
      if (!details.failed || details.counterexample === null)
        return { tried: details.numRuns, failure: null, worst };
      const [input] = details.counterexample;
      const why = (await judge(input)) ?? 'it was wrong once and right the second time';
      return { tried: details.numRuns, failure: { input: JSON.stringify(input), why }, worst };
    },
  };
}

/** The targets of every compiled `*.fuzz.ts`: what each exports as `FUZZ_TARGETS`. */
export async function listFuzzTargets(): Promise<FuzzTarget[]> {
  const compiled = join(PROJECT_ROOT, 'dist/harness');
  const targets: FuzzTarget[] = [];
  for (const path of readdirSync(compiled, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!path.endsWith('.fuzz.js')) continue;
    const module = (await import(join(compiled, path))) as { readonly FUZZ_TARGETS?: readonly FuzzTarget[] };
    targets.push(...(module.FUZZ_TARGETS ?? []));
  }
  return targets;
}
