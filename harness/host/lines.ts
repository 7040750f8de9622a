// SPDX-License-Identifier: MIT

/** Calls `onLine` for each whole line of a stream, and for what follows the last line feed at its end. */
export function splitLines(stream: NodeJS.ReadableStream | null, onLine: (line: string) => void): void {
  if (!stream) return;
  let rest = '';
  stream.on('data', (chunk: Buffer | string) => {
    const parts = (rest + chunk.toString()).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) onLine(part);
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest);
  });
}

/** The last lines of a text that are not empty, for a message. */
export function tail(text: string, count: number): string[] {
  return text
    .trimEnd()
    .split('\n')
    .slice(-count)
    .filter((line) => line !== '');
}
