// SPDX-License-Identifier: MIT
import type { Splat } from '../model/index.ts';
import { createScanner } from '../splat/index.ts';

/** Reads a machine's console as it comes: splats for the judge, lines for steps that wait for one. */
export interface ConsoleWatch {
  push(chunk: Uint8Array): void;
  /** Whether the kernel has said anything yet. */
  readonly spoke: boolean;
  /** Lines after this moment are new to `waitFor`. */
  mark(): void;
  /** Waits for a line that matches, from the last mark on; false when the time passed or the signal aborted. */
  waitFor(pattern: RegExp, timeoutMs: number, signal: AbortSignal): Promise<boolean>;
  /** Closes the log; returns all splats in it. */
  end(): readonly Splat[];
}

/** How many lines since the mark are kept for a step that waits: a flood must not fill the memory. */
const KEPT_LINES = 20_000;

/**
 * Starts watching. `onHeader` is told as soon as a complaint begins, which may be the last that a kernel says; `onSplat`
 * is told each complaint's title when it is complete.
 */
export function watchConsole(onSplat: (title: string) => void, onHeader: () => void): ConsoleWatch {
  const scanner = createScanner({ onHeader, onSplat: (splat) => onSplat(splat.title) });
  const decoder = new TextDecoder('utf-8');
  const waiting = new Set<(line: string) => void>();
  let lines: string[] = [];
  let rest = '';
  let spoke = false;
  return {
    push(chunk) {
      scanner.push(chunk);
      const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = (parts.pop() ?? '').slice(-64 * 1024);
      for (const raw of parts) {
        const line = raw.replace(/\r$/, '');
        if (/^\[ *\d+\.\d{6}\]/.test(line)) spoke = true;
        if (lines.length < KEPT_LINES) lines.push(line);
        for (const see of waiting) see(line);
      }
    },
    get spoke() {
      return spoke;
    },
    mark() {
      lines = [];
    },
    waitFor(pattern, timeoutMs, signal) {
      if (lines.some((line) => pattern.test(line))) return Promise.resolve(true);
      if (signal.aborted) return Promise.resolve(false);
      return new Promise((resolve) => {
        const finish = (found: boolean) => {
          clearTimeout(timer);
          signal.removeEventListener('abort', onAbort);
          waiting.delete(see);
          resolve(found);
        };
        const see = (line: string) => {
          if (pattern.test(line)) finish(true);
        };
        const onAbort = () => finish(false);
        const timer = setTimeout(() => finish(false), timeoutMs);
        signal.addEventListener('abort', onAbort, { once: true });
        waiting.add(see);
      });
    },
    end: () => scanner.end(),
  };
}
