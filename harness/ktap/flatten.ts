// SPDX-License-Identifier: MIT
import { isFailure, type Subtest } from '../model/index.ts';
import type { Ktap, KtapTest } from './tree.ts';

const LONGEST_NAME = 300;

/**
 * Every test of a log by its whole name, those inside others first by the names of these. A test with others inside is one
 * of its own only where none of them explains its failure. `prefix` is put before each name. Names are unique.
 */
export function listSubtests(ktap: Ktap, prefix = ''): readonly Subtest[] {
  const found = new Map<string, Subtest>();
  const add = (subtest: Subtest) => {
    const base = subtest.name.slice(0, LONGEST_NAME);
    let name = base;
    for (let count = counts.get(base) ?? 1; found.has(name); count += 1) {
      counts.set(base, count + 1);
      name = `${base} (${count + 1})`;
    }
    found.set(name, { ...subtest, name });
  };
  const counts = new Map<string, number>();
  for (const [index, test] of ktap.tests.entries()) walk(test, prefix, index, add);
  const whole = prefix === '' ? '' : `${prefix}.`;
  if (ktap.missing > 0)
    add(lost(`${whole}(missing)`, `${countResults(ktap.missing)} did not come`, ktap.bailOut));
  else if (ktap.bailOut !== null) add(lost(`${whole}(bail out)`, ktap.bailOut, null));
  if (ktap.dropped > 0)
    add(lost(`${whole}(more)`, `${countResults(ktap.dropped)} were too many to be read`, null));
  return [...found.values()];
}

function walk(test: KtapTest, prefix: string, index: number, add: (subtest: Subtest) => void): boolean {
  const own = nameTest(test.name) || `test ${index + 1}`;
  const name = prefix === '' ? own : `${prefix}.${own}`;
  const { outcome, reason, missing } = test;
  const details = isFailure(outcome) ? test.details : [];
  if (test.tests.length === 0 && missing === 0) {
    add({ name, outcome, reason, details });
    return isFailure(outcome);
  }
  let isExplained = false;
  for (const [place, one] of test.tests.entries()) isExplained = walk(one, name, place, add) || isExplained;
  if (missing > 0) {
    const why = `${countResults(missing)} did not come`;
    const ended = outcome === 'timeout' ? 'timeout' : 'crashed';
    add({ ...lost(`${name}.(missing)`, why, reason), outcome: ended, details: test.details });
    return true;
  }
  if (isFailure(outcome) && !isExplained) add({ name, outcome, reason, details });
  return isExplained || isFailure(outcome);
}

function lost(name: string, why: string, because: string | null): Subtest {
  return { name, outcome: 'crashed', reason: because === null ? why : `${why}: ${because}`, details: [] };
}

function countResults(count: number): string {
  return count === 1 ? '1 result' : `${count} results`;
}

/** A name without what differs from run to run: process ids, addresses, names of temporary files. */
function nameTest(name: string): string {
  return name
    .replace(/^selftests: (\S+): (\S+)$/, '$1:$2')
    .replace(/^\[\d+\] /, '[PID] ')
    .replace(/\b(pid|PID|tid)([ =:]+)\d+/g, '$1$2N')
    .replace(/\b0x[0-9a-f]{7,16}\b/gi, 'ADDRESS')
    .replace(/(\/tmp\/\S*?)[.-][A-Za-z0-9]{6,}\b/g, '$1.NAME')
    .trim();
}
