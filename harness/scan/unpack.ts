// SPDX-License-Identifier: MIT
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { filterThrough } from '../host/index.ts';
import { Fault, isFault, type Limits } from '../model/index.ts';
import { LOOKED_AT, recogniseForm } from './form.ts';

/** What unpacking a log needs to know. */
export interface UnpackOptions {
  /** The log's name, for messages. */
  readonly name: string;
  readonly limits: Limits;
}

/** Forms inside one another, such as a gzip file in an xz file. */
const DEEPEST = 3;

/**
 * The text of a log, whatever form it came in: gzip, xz, zstd, bzip2 and lz4 are unpacked, UTF-16 becomes UTF-8, and all of it
 * is bounded. Faults (request): `SCAN_NOT_TEXT`, `SCAN_DAMAGED`, `INPUT_TOO_LARGE`; those of `source`.
 */
export async function* unpackLog(
  source: AsyncIterable<Buffer>,
  options: UnpackOptions,
  depth = 0,
): AsyncGenerator<Buffer> {
  const { head, rest } = await peek(bound(source, options));
  const form = recogniseForm(head);
  const whole = join(head, rest);
  if (form.kind === 'other' || (form.kind === 'packed' && depth === DEEPEST)) {
    await rest.return?.(undefined);
    throw new Fault({
      blame: 'request',
      code: 'SCAN_NOT_TEXT',
      message:
        form.kind === 'other'
          ? `${options.name}: got ${form.what}, expected a kernel log`
          : `${options.name}: got ${form.program} inside other compressed forms, expected at most ${DEEPEST}`,
      next:
        (form.kind === 'other' ? form.next : undefined) ??
        'name a log: what dmesg or a serial console printed',
    });
  }
  if (form.kind === 'packed') yield* unpackLog(unpack(form.program, whole, options.name), options, depth + 1);
  else if (form.kind === 'utf16') yield* decode(form.encoding, whole);
  else yield* whole;
}

/** The first bytes of a stream, and all that follows them. */
async function peek(
  source: AsyncGenerator<Buffer>,
): Promise<{ readonly head: Buffer; readonly rest: AsyncGenerator<Buffer> }> {
  const chunks: Buffer[] = [];
  let length = 0;
  while (length < LOOKED_AT) {
    const next = await source.next();
    if (next.done) break;
    chunks.push(next.value);
    length += next.value.length;
  }
  return { head: Buffer.concat(chunks), rest: source };
}

async function* join(head: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  yield* rest;
}

async function* bound(
  source: AsyncIterable<Buffer>,
  { name, limits }: UnpackOptions,
): AsyncGenerator<Buffer> {
  const most = limits['log-mib'];
  let read = 0;
  for await (const chunk of source) {
    read += chunk.length;
    if (read > most * 1024 * 1024)
      throw new Fault({
        blame: 'request',
        code: 'INPUT_TOO_LARGE',
        message: `the log ${name} is too large: expected at most ${most} MiB, unpacked`,
        next: `if it really is one: --limit log-mib=${2 * most}`,
      });
    yield chunk;
  }
}

async function* unpack(program: string, source: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  try {
    yield* program === 'gzip' ? gunzip(source) : filterThrough(program, ['-dc'], source);
  } catch (cause) {
    if (isFault(cause) && cause.code !== 'HOST_FILTER_FAILED') throw cause;
    throw new Fault({
      blame: 'request',
      code: 'SCAN_DAMAGED',
      message: `${name}: the ${program} data is damaged or cut off`,
      next: `get it again; what can be read of it: ${program} -dc FILE | ktrial scan`,
      details: isFault(cause) ? cause.details : [(cause as Error).message],
      cause,
    });
  }
}

async function* gunzip(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const { createGunzip } = await import('node:zlib');
  const unpacked = createGunzip({ chunkSize: 256 * 1024 });
  let failed: unknown = null;
  const fed = pipeline(Readable.from(source, { objectMode: false }), unpacked).catch((error: unknown) => {
    failed = error;
  });
  try {
    for await (const chunk of unpacked) yield chunk as Buffer;
  } catch (error) {
    await fed;
    throw failed ?? error;
  } finally {
    unpacked.destroy();
  }
}

async function* decode(encoding: string, source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder(encoding);
  for await (const chunk of source) yield Buffer.from(decoder.decode(chunk, { stream: true }), 'utf8');
  yield Buffer.from(decoder.decode(), 'utf8');
}
