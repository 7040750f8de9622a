// SPDX-License-Identifier: MIT
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { type InputOptions, inputFault } from './input.ts';
import { delay } from './wait.ts';

/** How often a file is looked at that has not grown, in milliseconds. */
const LOOK_MS = 200;
const CHUNK_BYTES = 256 * 1024;

/**
 * The content of a plain file and all that is added to it, until an abort ends it. A file that was emptied is read from its
 * start again, and so is a new one that took its name; one that is gone is waited for. A line that was cut off by that is
 * ended with a line feed. Faults as `readInput`, but none for an abort.
 */
export async function* followInput(
  path: string,
  { what, signal }: Pick<InputOptions, 'what'> & { readonly signal: AbortSignal },
): AsyncGenerator<Buffer> {
  const openIt = () => open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  let file: FileHandle | null = null;
  let at = 0;
  let last = 10;
  try {
    file = await openIt();
    while (!signal.aborted) {
      const { bytesRead, buffer }: { bytesRead: number; buffer: Buffer } = await file.read(
        Buffer.allocUnsafe(CHUNK_BYTES),
        0,
        CHUNK_BYTES,
        at,
      );
      if (bytesRead > 0) {
        at += bytesRead;
        last = buffer[bytesRead - 1] ?? 10;
        yield buffer.subarray(0, bytesRead);
        continue;
      }
      const own: Stats = await file.stat();
      const now = await stat(path).catch(() => null);
      const isReplaced = now !== null && (now.ino !== own.ino || now.dev !== own.dev);
      // What was written to the old file up to now is read first.
      if ((await file.stat()).size > at) continue;
      const next: FileHandle | null = isReplaced ? await openIt().catch(() => null) : null;
      if (next) {
        await file.close();
        file = next;
      }
      if (next || own.size < at) {
        at = 0;
        if (last !== 10) yield Buffer.from('\n');
        last = 10;
        continue;
      }
      await delay(LOOK_MS, signal);
    }
  } catch (cause) {
    throw inputFault(path, what, cause);
  } finally {
    await file?.close();
  }
}
