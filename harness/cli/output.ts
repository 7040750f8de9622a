// SPDX-License-Identifier: MIT
import { type Fault, type TerminalText, terminalText, toFault } from '../model/index.ts';

/** Standard output or error. A reader that went away (`| head`) is no fault; anything else that stops writing is the lab's. */
export interface Output {
  readonly isTty: boolean;
  /** The terminal's size now, in characters; 80 by 24 where there is none. */
  size(): { readonly columns: number; readonly rows: number };
  /** Writes text from anywhere. Whatever in it a terminal would obey, but line feeds and tabs, is printed as `?`. */
  write(text: string): void;
  /** Writes what a report made, with its own colours. */
  writeReport(text: TerminalText): void;
  /** Writes what a command in a guest printed: unchanged into a file or a pipe, and as `write` does on a terminal. */
  writeGuestOutput(text: string): void;
  /** When something was written last, by `performance.now()`; the time of its opening before that. */
  writtenAt(): number;
  /** Nothing that is written arrives any more. */
  readonly isClosed: boolean;
  /** What stopped the writing, or null. */
  failure(): Fault | null;
  /** Settles when everything written has left this process, or cannot. */
  flush(): Promise<void>;
  /** For an interactive shell alone. */
  readonly stream: NodeJS.WriteStream;
}

/** Takes over a standard stream: nobody else writes to it, and its errors are never thrown. */
export function openOutput(stream: NodeJS.WriteStream): Output {
  let closed = false;
  let fault: Fault | null = null;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    closed = true;
    if (error.code !== 'EPIPE') fault ??= toFault(error);
  });
  let writtenAt = performance.now();
  const writeRaw = (text: string) => {
    writtenAt = performance.now();
    if (!closed) stream.write(text);
  };
  return {
    isTty: stream.isTTY === true,
    size: () => ({ columns: stream.columns ?? 80, rows: stream.rows ?? 24 }),
    write: (text) => writeRaw(terminalText(text)),
    writeReport: writeRaw,
    writeGuestOutput: (text) => writeRaw(stream.isTTY === true ? terminalText(text) : text),
    writtenAt: () => writtenAt,
    get isClosed() {
      return closed;
    },
    failure: () => fault,
    flush: () =>
      new Promise((done) => {
        if (closed) return done();
        stream.once('error', () => done());
        stream.write('', () => done());
      }),
    stream,
  };
}
