// SPDX-License-Identifier: MIT
import type { ChangedFunction, Fault, FunctionHits, Guest, Timeouts, TrialCoverage } from '../model/index.ts';
import { COVERAGE_MODULE, MODULE_DIRECTORY } from '../scenario/index.ts';

/** Entries of functions that are being counted in a guest. */
export interface Counting {
  /** What was counted; `fault` is what ended the steps early. Null where nothing is counted. Never rejects. */
  read(fault: Fault | null): Promise<TrialCoverage | null>;
}

const START_MS = 30_000;
const READ_MS = 10_000;

/** The module counts no more. */
const MAXIMUM_NAMES = 256;

/** The module takes a page at once. */
const WRITE_BYTES = 2000;

/**
 * Loads the module that counts, before anything that the scenario does. It stays in the guest until the machine is powered
 * off: unloading it could hang where the kernel under test has gone wrong. What fails is no fault of the trial. Never rejects.
 */
export async function startCounting(
  guest: Pick<Guest, 'run'>,
  functions: readonly ChangedFunction[],
  timeouts: Pick<Timeouts, 'scale'>,
): Promise<Counting> {
  const probes = [...new Set(functions.flatMap((one) => one.probes))].slice(0, MAXIMUM_NAMES);
  if (functions.length === 0) return { read: async () => null };
  if (probes.length === 0)
    return { read: async () => ({ functions: countHits(functions, new Map()), costMs: 0 }) };
  const run = (command: string, limitMs: number) =>
    guest.run(command, { timeoutMs: timeouts.scale(limitMs) }).then(
      ({ exitCode, stdout }) => (exitCode === 0 ? stdout : null),
      () => null,
    );
  const startedAt = performance.now();
  const started = await run(startCommand(probes), START_MS);
  const startMs = performance.now() - startedAt;
  return {
    async read(fault) {
      const readAt = performance.now();
      // After a fault nobody may answer, and the time for that is better spent on the log.
      const text = started === null || fault ? null : await run(`cat /proc/${COVERAGE_MODULE}`, READ_MS);
      const counts = text === null ? null : parseCounts(text);
      const costMs = Math.round(startMs + performance.now() - readAt);
      return { functions: countHits(functions, counts), costMs };
    },
  };
}

/** Names of one module are told together: whether it is loaded already decides to which parameter. */
function startCommand(probes: readonly string[]): string {
  const lines: { readonly module: string; names: string }[] = [];
  for (const probe of probes) {
    const module = probe.includes(':') ? probe.replace(/:.*/, '') : '';
    const last = lines.at(-1);
    if (last?.module !== module || last.names.length + probe.length >= WRITE_BYTES)
      lines.push({ module, names: probe });
    else last.names += ` ${probe}`;
  }
  return [
    `insmod ${MODULE_DIRECTORY}/${COVERAGE_MODULE}.ko`,
    `cd /sys/module/${COVERAGE_MODULE}/parameters`,
    ...lines.flatMap(({ module, names }) => [
      `{ to=count; [ ! -d /sys/module/${module === '' ? 'none' : module} ] || to=count_loaded; }`,
      `echo '${names}' >$to`,
    ]),
  ].join(' && ');
}

/** What the module says of one name. */
interface Count {
  readonly entries: number;
  /** An errno, negative, or 0. */
  readonly error: number;
}

/** Reads lines of `name entries error`; what is no such line is not the module's. Pure. */
export function parseCounts(text: string): ReadonlyMap<string, Count> {
  const found = [...text.matchAll(/^(\S+) (\d+) (-?\d+)$/gm)];
  return new Map(
    found.map(([, name = '', entries, error]) => [name, { entries: Number(entries), error: Number(error) }]),
  );
}

/** What the counts of its names say about each function; without counts nothing could be read. Pure. */
export function countHits(
  functions: readonly ChangedFunction[],
  counts: ReadonlyMap<string, Count> | null,
): readonly FunctionHits[] {
  return functions.map((one) => {
    const { function: name, file, probes, unmeasured } = one;
    if (unmeasured !== null) return { function: name, file, hits: null, unmeasured };
    const own = probes.flatMap((probe) => counts?.get(probe) ?? []);
    if (own.length < probes.length) return { function: name, file, hits: null, unmeasured: 'unread' };
    const hits = own.reduce((sum, count) => sum + count.entries, 0);
    if (hits > 0) return { function: name, file, hits };
    // A module that was never loaded did not run.
    const isAbsent = (probe: string) => counts?.get(probe)?.error === ENOENT && probe.includes(':');
    if (probes.every(isAbsent)) return { function: name, file, hits: 0 };
    if (own.some((count) => count.error !== 0))
      return { function: name, file, hits: null, unmeasured: 'refused' };
    if (one.inlined === true) return { function: name, file, hits: null, unmeasured: 'alsoInlined' };
    return { function: name, file, hits };
  });
}

const ENOENT = -2;
