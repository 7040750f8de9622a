// SPDX-License-Identifier: MIT
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Fault, type Limits, requireWithin } from '../model/index.ts';

/** Bytes of a mailbox in pieces, and what was done to them. */
export interface Unpacked {
  readonly chunks: AsyncIterable<Buffer>;
  /** Each a sentence without its subject, the mailbox. Complete when the first piece has come. */
  readonly repairs: readonly string[];
}

const MIB = 1024 * 1024;

/**
 * Brings the bytes of a mailbox into the form that mails have: gunzipped, UTF-16 as UTF-8, and a file whose only line
 * ends are carriage returns with line feeds. Never holds more than a few pieces. Faults: `SERIES_UNREADABLE` for damaged
 * gzip data, `LIMIT_EXCEEDED` for more than `mailbox-mib`.
 */
export function unpackMailbox(source: AsyncIterable<Buffer>, name: string, limits: Limits): Unpacked {
  const repairs: string[] = [];
  return { chunks: unpack(source, name, limits, repairs), repairs };
}

async function* unpack(
  source: AsyncIterable<Buffer>,
  name: string,
  limits: Limits,
  repairs: string[],
): AsyncGenerator<Buffer> {
  const { head, rest } = await peek(source);
  const isGzip = head[0] === 0x1f && head[1] === 0x8b;
  const plain = isGzip ? await peek(gunzip(rest, name)) : { head, rest };
  const charset = { '255,254': 'utf-16le', '254,255': 'utf-16be' }[plain.head.subarray(0, 2).join()];
  const hasOnlyCr = !plain.head.includes(0x0a) && plain.head.includes(0x0d);
  if (charset) repairs.push('was in UTF-16 and was read as text');
  else if (hasOnlyCr) repairs.push('had carriage returns as line ends, which were changed to line feeds');
  const decoder = charset ? new TextDecoder(charset) : null;
  let read = 0;
  for await (const chunk of plain.rest) {
    read += chunk.length;
    requireWithin(limits, 'mailbox-mib', Math.ceil(read / MIB), `the mailbox ${name}`, true);
    if (decoder) yield Buffer.from(decoder.decode(chunk, { stream: true }));
    else yield hasOnlyCr ? Buffer.from(chunk.toString('latin1').replaceAll('\r', '\n'), 'latin1') : chunk;
  }
}

/** The first bytes of a stream, at least a few thousand if there are so many, and the whole stream. */
async function peek(
  source: AsyncIterable<Buffer>,
): Promise<{ readonly head: Buffer; readonly rest: AsyncIterable<Buffer> }> {
  const iterator = source[Symbol.asyncIterator]();
  let head: Buffer = Buffer.of();
  while (head.length < 4096) {
    const { done, value } = await iterator.next();
    if (done) break;
    head = head.length === 0 ? value : Buffer.concat([head, value]);
  }
  const rest = async function* () {
    try {
      if (head.length > 0) yield head;
      for (;;) {
        const { done, value } = await iterator.next();
        if (done) return;
        yield value;
      }
    } finally {
      await iterator.return?.();
    }
  };
  return { head, rest: rest() };
}

async function* gunzip(source: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  const input = Readable.from(source);
  const gunzipped = createGunzip({ chunkSize: 256 * 1024 });
  input.once('error', (error) => gunzipped.destroy(error));
  input.pipe(gunzipped);
  try {
    for await (const chunk of gunzipped) yield chunk as Buffer;
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    throw new Fault({
      blame: 'request',
      code: 'SERIES_UNREADABLE',
      message: `${name} is gzipped and damaged: ${(cause as Error).message}`,
      next: 'download or save the mailbox again',
      cause,
    });
  } finally {
    input.destroy();
    gunzipped.destroy();
  }
}
