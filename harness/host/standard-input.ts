// SPDX-License-Identifier: MIT
import { fstatSync } from 'node:fs';
import { Fault } from '../model/index.ts';
import { type InputOptions, inputFault, inputTooLarge } from './input.ts';

/** A readable stream that can be ended from outside. */
export interface OpenStream extends AsyncIterable<unknown> {
  destroy(): unknown;
}

const NAME = 'on standard input';

/**
 * The content of standard input in pieces; `open` returns Node's stream for it. An abort ends the reading at once. Faults as
 * `readInput`, all with blame request.
 */
export async function* streamStandardInput(
  open: () => OpenStream,
  options: InputOptions,
): AsyncGenerator<Buffer> {
  const { what, limitBytes, signal } = options;
  try {
    // Node takes a directory for an empty stream.
    if (fstatSync(0).isDirectory()) throw Object.assign(new Error('EISDIR'), { code: 'EISDIR' });
    const stream = open();
    const onAbort = () => stream.destroy();
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      let read = 0;
      for await (const chunk of stream) {
        const bytes = Buffer.from(chunk as Uint8Array);
        read += bytes.length;
        if (read > limitBytes) throw inputTooLarge(NAME, options);
        yield bytes;
      }
    } finally {
      signal?.removeEventListener('abort', onAbort);
      stream.destroy();
    }
  } catch (cause) {
    if (!signal?.aborted) throw cause instanceof Fault ? cause : inputFault(NAME, what, cause);
  }
  if (signal?.aborted)
    throw new Fault({
      blame: 'request',
      code: 'HOST_INTERRUPTED',
      message: 'interrupted while standard input was read',
    });
}
