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
  /** The number of the first case, from 0; the same seed has the same cases. */
  readonly first?: number;
}

/** The case that took the most time per byte. */
export interface SlowestCase {
  /** Its number among those of its seed, from 0. */
  readonly number: number;
  readonly bytes: number;
  readonly nanosecondsPerByte: number;
}

export interface FuzzResult {
  readonly tried: number;
  /** The smallest bad input that was found and what is wrong with it; null when there is none. */
  readonly failure: { readonly input: string; readonly why: string } | null;
  /** Where the target knows the size of its inputs. */
  readonly slowest: SlowestCase | null;
}

/** So many bytes are added to each input's size: what a check takes for nothing. */
const OVERHEAD_BYTES = 4096;
/** A case that seems to be the slowest is timed so often in all, and the least counts: other work only adds time. */
const TIMINGS = 4;
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
  const judge = async (input: Input): Promise<Judged> => {
    const startedAt = performance.now();
    const wrong = await findWrong(input, check);
    const tookMs = performance.now() - startedAt;
    const isSlow = wrong === null && tookMs > SLOW_MS;
    return { wrong: isSlow ? `it took ${Math.round(tookMs)} ms` : wrong, tookMs };
  };
  return {
    name,
    weight,
    async search({ seed, cases, first = 0 }) {
      let slowest: SlowestCase | null = null;
      let number = first;
      const time = async (input: Input, bytes: number, firstMs: number) => {
        const perByte = (tookMs: number) => (tookMs * 1e6) / (bytes + OVERHEAD_BYTES);
        const most = slowest?.nanosecondsPerByte ?? 0;
        let least = firstMs;
        for (let more = 1; more < TIMINGS && perByte(least) > most; more += 1)
          least = Math.min(least, (await judge(input)).tookMs);
        if (perByte(least) > most) slowest = { number, bytes, nanosecondsPerByte: perByte(least) };
      };
      const details = await fc.check(
        fc.asyncProperty(inputs, async (input) => {
          const { wrong, tookMs } = await judge(input);
          if (wrong === null && bytesOf) await time(input, bytesOf(input), tookMs);
          number += 1;
          return wrong === null;
        }),
        { seed, numRuns: cases, path: String(first) },
      );
      const result = { tried: details.numRuns, slowest };
      if (!details.failed || details.counterexample === null) return { ...result, failure: null };
      const [input] = details.counterexample;
      const why = (await judge(input)).wrong ?? 'it was wrong once and right the second time';
      return { ...result, failure: { input: JSON.stringify(input), why } };
    },
  };
}

interface Judged {
  /** Null if nothing is. */
  readonly wrong: string | null;
  readonly tookMs: number;
}

/** What is wrong with an input: what the check says, or throws. */
async function findWrong<Input>(
  input: Input,
  check: (input: Input) => string | null | Promise<string | null>,
): Promise<string | null> {
  try {
    return await check(input);
  } catch (error) {
    if (isFault(error) && (error.blame === 'request' || error.blame === 'scenario')) return null;
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
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
