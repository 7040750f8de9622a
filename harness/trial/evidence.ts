// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Splat, type TrialSplat, toFault } from '../model/index.ts';
import { compileSplatExpectation, type SettledScenario } from '../scenario/index.ts';
import { compareLogs, type GuestLog, LOG_FILE } from './collect.ts';
import { SplatFiles } from './splat-files.ts';
import { type ConsoleWatch, watchConsole } from './watch.ts';

/** The evidence of one trial while it grows. What is found is on disk as it comes. */
export interface Evidence extends AsyncDisposable {
  readonly watch: ConsoleWatch;
  /** Settles with the first splat that the scenario neither expects nor allows. */
  readonly firstFinding: Promise<void>;
  /** How many there were so far. */
  countFindings(): number;
  /** Writes texts that the scenario brought out of the guest, such as the console of a VM inside it, by file name. */
  keep(texts: Readonly<Record<string, string>>): Promise<void>;
  /** Closes the console's log and compares it with the guest's own. Never rejects: what could not be written is a note. */
  close(log: GuestLog | null): Promise<ClosedEvidence>;
}

export interface ClosedEvidence {
  /** Splats of the console in its order, then those that only the guest's own log has. */
  readonly splats: readonly Splat[];
  /** The same with each text as a reference into a file. */
  readonly references: readonly TrialSplat[];
}

export interface EvidenceContext {
  readonly directory: string;
  readonly consolePath: string;
  readonly settled: SettledScenario;
  readonly quietMs: () => number;
  /** Called with the title of each splat whose signature is new, in a flood only with the first ones. */
  readonly onSplat: (title: string) => void;
  readonly notes: string[];
}

/** In a flood of different splats only this many are announced. */
const MAXIMUM_ANNOUNCED = 200;

/** Starts to collect a trial's evidence in its directory. */
export function collectEvidence(context: EvidenceContext): Evidence {
  const { directory, settled, notes } = context;
  const files = new SplatFiles(directory);
  const first = createFirst();
  let findings = 0;
  const announced = new Set<string>();
  const expectation = compileSplatExpectation(settled);
  const watch = watchConsole({
    path: context.consolePath,
    quietMs: context.quietMs,
    onSplat(splat) {
      files.add(splat);
      if (expectation.isUnexpected(splat)) {
        findings += 1;
        first.settle();
      }
      if (announced.size >= MAXIMUM_ANNOUNCED || announced.has(splat.signature)) return;
      announced.add(splat.signature);
      context.onSplat(splat.title);
    },
  });
  const write = (name: string, content: string | Uint8Array) =>
    writeFile(join(directory, name), content).catch((error: unknown) => {
      notes.push(`${name} could not be written: ${toFault(error).message}`);
    });
  return {
    watch,
    firstFinding: first.promise,
    countFindings: () => findings,
    async keep(texts) {
      for (const [name, text] of Object.entries(texts)) await write(name.replace(/[^\w.-]/g, '_'), text);
    },
    async close(log) {
      const shown = watch.end();
      const compared = log ? compareLogs(shown, log) : { missing: [], notes: [] };
      notes.push(...compared.notes);
      if (log) await write(LOG_FILE, log.text);
      const references = await files.finish(shown, compared.missing);
      if (files.fault) notes.push(`the splats could not be written: ${files.fault.message}`);
      return { splats: [...shown, ...compared.missing], references };
    },
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  };
}

interface First {
  readonly promise: Promise<void>;
  settle(): void;
}

function createFirst(): First {
  const controller = new AbortController();
  const { signal } = controller;
  return {
    promise: new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
    settle: () => controller.abort(),
  };
}
