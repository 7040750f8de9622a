// SPDX-License-Identifier: MIT
import { open } from 'node:fs/promises';

/**
 * Calls `onLine` for each whole line of a stream, and for what follows the last one at its end. A carriage return ends a line
 * too: progress is printed so.
 */
export function splitLines(stream: NodeJS.ReadableStream | null, onLine: (line: string) => void): void {
  if (!stream) return;
  let rest = '';
  stream.on('data', (chunk: Buffer | string) => {
    const parts = (rest + chunk.toString()).split(/\r?\n|\r(?!$)/);
    rest = parts.pop() ?? '';
    for (const part of parts) onLine(part);
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest);
  });
}

/** How much of a log's end is read for a message, in bytes. */
const TAIL_BYTES = 16 * 1024;

/** The end of a log, however long it is; empty when it cannot be read. */
export async function readTail(path: string): Promise<string> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8', 0, bytesRead);
  } catch {
    return '';
  }
}

/** The last lines of a text that are not empty, for a message. */
export function tail(text: string, count: number): string[] {
  return text
    .trimEnd()
    .split('\n')
    .slice(-count)
    .filter((line) => line !== '');
}
