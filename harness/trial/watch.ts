// SPDX-License-Identifier: MIT
import { delay } from '../host/index.ts';
import type { Splat } from '../model/index.ts';
import type { Pattern } from '../scenario/index.ts';
import { createScanner } from '../splat/index.ts';
import { isKernelLine } from './kernel-line.ts';
import { fileHasLine, LineSplitter, RecentLines } from './lines.ts';

/** Reads a machine's console as it comes: splats for the judge, lines for steps that wait for one. */
export interface ConsoleWatch {
  push(chunk: Uint8Array): void;
  /** Whether the console showed a line of the kernel. */
  readonly spoke: boolean;
  /** Milliseconds since the console last printed anything, or since the watch began. */
  silentMs(): number;
  /** Lines until now no longer count for `waitFor`. */
  mark(): void;
  /** Waits for a line that matches, from the last mark on; false when the time passed or the signal aborted. */
  waitFor(pattern: Pattern, timeoutMs: number, signal: AbortSignal): Promise<boolean>;
  /** Closes the log; returns all splats in it. */
  end(): readonly Splat[];
}

export interface WatchOptions {
  /** The file that has the console's bytes: lines that are no longer in memory are looked for there. */
  readonly path: string;
  /** The console is quiet when it printed nothing for so long: what it last reported is complete. */
  readonly quietMs: () => number;
  /** Called with each splat as soon as it is complete. */
  readonly onSplat: (splat: Splat) => void;
}

/** Starts watching. */
export function watchConsole({ path, quietMs, onSplat }: WatchOptions): ConsoleWatch {
  const scanner = createScanner({ live: true, onSplat });
  const splitter = new LineSplitter();
  const recent = new RecentLines();
  const waiting = new Set<(line: string) => void>();
  let quiet: NodeJS.Timeout | undefined;
  let lastAt = performance.now();
  let spoke = false;
  let bytes = 0;
  let markedAt = 0;
  return {
    push(chunk) {
      lastAt = performance.now();
      bytes += chunk.length;
      scanner.push(chunk);
      clearTimeout(quiet);
      quiet = setTimeout(() => scanner.flushQuiet(), quietMs());
      quiet.unref();
      for (const line of splitter.push(chunk)) {
        spoke ||= isKernelLine(line);
        recent.add(line);
        for (const see of waiting) see(line);
      }
    },
    get spoke() {
      return spoke;
    },
    silentMs: () => performance.now() - lastAt,
    mark() {
      recent.mark();
      markedAt = bytes;
    },
    async waitFor(pattern, timeoutMs, signal) {
      if (signal.aborted) return false;
      const [from, until, { lost }] = [markedAt, bytes, recent];
      return new Promise((resolve, reject) => {
        const done = new AbortController();
        const finish = (found: boolean) => {
          done.abort();
          signal.removeEventListener('abort', onAbort);
          waiting.delete(see);
          resolve(found);
        };
        const see = (line: string) => {
          if (pattern.test(line)) finish(true);
        };
        const onAbort = () => finish(false);
        const search = async () => {
          // Lines that come during the search are seen as well.
          if (await recent.has(pattern, done.signal)) return finish(true);
          void delay(timeoutMs, done.signal).then(() => finish(false));
          if (lost && (await fileHasLine(path, pattern, from, until, done.signal))) finish(true);
        };
        signal.addEventListener('abort', onAbort, { once: true });
        waiting.add(see);
        search().catch(reject);
      });
    },
    end() {
      clearTimeout(quiet);
      return scanner.end();
    },
  };
}
