// SPDX-License-Identifier: MIT
import type { Splat } from '../model/index.ts';
import type { OptionalKind } from './kinds/family.ts';
import { LogReader, type ScannerOptions } from './reader.ts';
import { signSplat } from './signature.ts';
import { Transport } from './transport/transport.ts';
import { Window } from './window.ts';

export interface Scanner {
  /** Takes the next bytes of the log, cut anywhere, and copies them. A string is encoded as UTF-8. */
  push(chunk: Uint8Array | string): void;
  /**
   * Announces to \`onSplat\` every splat that is as complete as its kind needs, though more lines of it may come. To be
   * called when the log has been silent for a while. It changes nothing that \`end\` returns.
   */
  flushQuiet(): void;
  /** Closes the log and returns all splats in its order. */
  end(): readonly Splat[];
  /** The number of splats of a flood that `onSplat` got and `end` does not return. */
  readonly dropped: number;
}

/** Finds the splats of a log that comes in pieces of any size. It never throws, whatever the bytes. */
export function createScanner(options: ScannerOptions = {}): Scanner {
  const window: Window = new Window((stretch) => reader.read(stretch));
  const transport = options.live ? window : new Transport(window);
  const place = (splat: Splat): Splat =>
    transport instanceof Transport ? placeSplat(splat, transport) : splat;
  const { onSplat } = options;
  const reader = new LogReader(
    window,
    onSplat ? { ...options, onSplat: (splat) => onSplat(place(splat)) } : options,
  );
  let splats: readonly Splat[] | undefined;
  return {
    push(chunk) {
      if (splats === undefined)
        transport.push(typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : chunk);
    },
    flushQuiet() {
      if (splats === undefined) reader.flushQuiet();
    },
    end() {
      if (splats !== undefined) return splats;
      transport.end();
      splats = reader.finish().map(place);
      return splats;
    },
    get dropped() {
      return reader.dropped;
    },
  };
}

/** A splat as it stands in the log itself; without its name, if the way that the log took has spoiled all names. */
function placeSplat(splat: Splat, transport: Transport): Splat {
  const placed = { ...splat, ...transport.rangeOf(splat) };
  if (transport.nameless === null) return placed;
  const title =
    splat.culprit === null ? splat.title : splat.title.replace(` in ${splat.culprit}`, ' in corrupted');
  const signature = signSplat(splat.type, title, null);
  return { ...placed, title, culprit: null, corrupted: true, corruptedReason: transport.nameless, signature };
}

/** Finds all splats of a whole log. */
export function scanLog(log: Uint8Array | string, kinds: readonly OptionalKind[] = []): readonly Splat[] {
  const scanner = createScanner({ kinds });
  scanner.push(log);
  return scanner.end();
}
