// SPDX-License-Identifier: MIT
import type { Splat } from '../model/index.ts';
import type { OptionalKind } from './kinds/family.ts';
import { PANIC_LINE } from './kinds/panic.ts';
import { LogReader } from './reader.ts';
import { Window } from './window.ts';

export interface ScannerOptions {
  /**
   * Called with each splat when it is complete, in the order of completion; `follows` and `panicked` may still change.
   * A splat that \`flushQuiet\` announced comes a second time only if its signature has changed since.
   */
  readonly onSplat?: (splat: Splat) => void;
  /** Told the words of a headline as soon as its line is complete, long before the splat is. */
  readonly onHeader?: (title: string) => void;
  /** Optional kinds that are to count; none by default. */
  readonly kinds?: readonly OptionalKind[];
}

export interface Scanner {
  /** Takes the next bytes of the log, cut anywhere; they are copied. A string is taken as UTF-8. */
  push(chunk: Uint8Array | string): void;
  /**
   * Announces to \`onSplat\` every splat that is as complete as its kind needs, though more lines of it may come. To be
   * called when the log has been silent for a while. It changes nothing that \`end\` returns.
   */
  flushQuiet(): void;
  /** Closes the log; all splats in its order. */
  end(): readonly Splat[];
  /** How many splats of a flood were told to `onSplat` but not kept. */
  readonly dropped: number;
}

/** Reads a log in pieces of any size and finds the kernel's complaints. Never throws, whatever the bytes. */
export function createScanner(options: ScannerOptions = {}): Scanner {
  const window: Window = new Window((stretch) => reader.read(stretch));
  const reader = new LogReader(window, options);
  let splats: readonly Splat[] | undefined;
  return {
    push(chunk) {
      if (splats === undefined) window.push(typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : chunk);
    },
    flushQuiet() {
      if (splats === undefined) reader.flushQuiet();
    },
    end() {
      if (splats !== undefined) return splats;
      window.end();
      splats = reader.finish();
      return splats;
    },
    get dropped() {
      return reader.dropped;
    },
  };
}

/** All splats of a whole log. */
export function scanLog(log: Uint8Array | string, kinds: readonly OptionalKind[] = []): readonly Splat[] {
  const scanner = createScanner({ kinds });
  scanner.push(log);
  return scanner.end();
}

/** Whether a line is the kernel's announcement that it has panicked. */
export function isPanicLine(line: string): boolean {
  return PANIC_LINE.test(line);
}
