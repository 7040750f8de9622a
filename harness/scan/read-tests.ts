// SPDX-License-Identifier: MIT
import type { Ktap, KtapParser } from '../ktap/index.ts';
import type { Limits } from '../model/index.ts';
import { LineCounter, type LogSource, requireText } from './read-log.ts';
import { unpackLog } from './unpack.ts';

const LONGEST_LINE = 64 * 1024;

/**
 * Reads every result of a test in a log to its end, with a parser that has read nothing. Faults as those of the source, `SCAN_EMPTY` and those of a packed log
 * that cannot be unpacked (request).
 */
export async function readTests(
  source: LogSource,
  parser: KtapParser,
  { limits }: { readonly limits: Limits },
): Promise<{ readonly ktap: Ktap; readonly lines: number }> {
  const decoder = new TextDecoder('utf-8');
  const counter = new LineCounter();
  const name = source.name === '-' ? 'standard input' : source.name;
  let rest = '';
  for await (const chunk of unpackLog(source.open(), { name, limits })) {
    counter.count(chunk);
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = (lines.pop() ?? '').slice(0, LONGEST_LINE);
    for (const line of lines) parser.push(line);
  }
  parser.push(rest);
  requireText(source, counter);
  return { ktap: parser.end(), lines: counter.lines };
}
