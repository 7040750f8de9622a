// SPDX-License-Identifier: MIT
import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DEFAULT_LIMITS, Fault, isFault, type Limits } from '../model/index.ts';

/** How a file is fetched. */
export interface DownloadOptions {
  readonly limits?: Limits | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Fetches a file from the web. Faults `KERNEL_DOWNLOAD_FAILED` (lab; request where the server says that it has no such
 * file), `LIMIT_EXCEEDED`, `HOST_INTERRUPTED`.
 */
export async function download(address: string, path: string, options: DownloadOptions): Promise<void> {
  const { limits = DEFAULT_LIMITS, signal } = options;
  // What the server calls an encoding would be taken off, and the digest is that of the file.
  const headers = { 'accept-encoding': 'identity' };
  let written = false;
  try {
    const answer = await fetch(address, { headers, ...(signal ? { signal } : {}) });
    if (!answer.ok || !answer.body)
      throw failed(
        address,
        `the server answered ${answer.status} ${answer.statusText}`,
        [404, 410].includes(answer.status) ? 'request' : 'lab',
      );
    const body = Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0]);
    written = true;
    await pipeline(body, limitBytes(address, limits['archive-gib']), createWriteStream(path));
  } catch (cause) {
    if (signal?.aborted)
      throw new Fault({
        blame: 'request',
        code: 'HOST_INTERRUPTED',
        message: `interrupted while ${address} was fetched`,
      });
    if (isFault(cause) || (written && isOfDisk(cause))) throw cause;
    throw failed(address, describe(cause), 'lab', cause);
  }
}

/** Whether writing failed and not reading: the operating system's words name the call. */
function isOfDisk(cause: unknown): boolean {
  return ['open', 'write', 'close'].includes((cause as NodeJS.ErrnoException).syscall ?? '');
}

/** `fetch` says "fetch failed"; the reason is below. */
function describe(cause: unknown): string {
  const inner = (cause as Error).cause ?? cause;
  return inner instanceof Error
    ? inner.message || String((inner as NodeJS.ErrnoException).code)
    : String(inner);
}

function limitBytes(address: string, gib: number): Transform {
  let left = gib * 1024 ** 3;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      left -= chunk.length;
      if (left >= 0) done(null, chunk);
      else
        done(
          new Fault({
            blame: 'request',
            code: 'LIMIT_EXCEEDED',
            message: `${address} is too large: expected at most ${gib} GiB`,
            next: `if that is what you want: --limit archive-gib=${2 * gib}`,
          }),
        );
    },
  });
}

function failed(address: string, why: string, blame: 'lab' | 'request', cause?: unknown): Fault {
  return new Fault({
    blame,
    code: 'KERNEL_DOWNLOAD_FAILED',
    message: `${address} cannot be fetched: ${why}`,
    next: 'check the network and the address in the definition',
    cause,
  });
}
