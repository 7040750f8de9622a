// SPDX-License-Identifier: MIT
import { type Program, startProgram } from '../host/index.ts';

/** One source line that an address stands for. */
export interface Place {
  readonly function: string;
  /** As the debug information has it. */
  readonly file: string;
  readonly line: number;
}

/** A program that turns addresses of one binary into source lines. */
export interface Engine {
  readonly name: 'llvm-symbolizer' | 'addr2line';
  /** Innermost inlined function first, the real one last; empty where nothing is known; null when it has died. */
  locate(address: bigint): Promise<readonly Place[] | null>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The first answer needs the index of a large kernel's debug information read, on a busy computer. */
const ANSWER_TIMEOUT_MS = 120_000;
/** An address that no binary has. Answers carry no length: the answer for this address ends the one before. */
const NOWHERE = 0xffff_ffff_ffff_ffffn;

/** `llvm-symbolizer` (13 or newer: JSON), for linked binaries. Null if it is absent or too old. */
export async function startLlvm(binary: string): Promise<Engine | null> {
  const program = await startProgram('llvm-symbolizer', [
    `--obj=${binary}`,
    '--output-style=JSON',
    '--inlines',
    '--functions=linkage',
    '--no-demangle',
  ]).catch(() => null);
  if (!program) return null;
  const engine: Engine = {
    name: 'llvm-symbolizer',
    async locate(address) {
      program.write(`${hex(address)}\n`);
      const line = await program.readLine(ANSWER_TIMEOUT_MS);
      return line === null ? null : parseJson(line);
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
  if ((await engine.locate(0n)) !== null) return engine;
  await engine[Symbol.asyncDispose]();
  return null;
}

/** Null for a line that is not an answer. */
export function parseJson(line: string): readonly Place[] | null {
  try {
    const answer = JSON.parse(line) as {
      readonly Symbol?: readonly {
        readonly FunctionName: string;
        readonly FileName: string;
        readonly Line: number;
      }[];
    };
    const places = answer.Symbol?.map((one) => ({
      function: one.FunctionName,
      file: one.FileName,
      line: one.Line,
    }));
    return known(places ?? []);
  } catch {
    return null;
  }
}

/** GNU `addr2line`, of the architecture that `prefix` names. In a module's `.ko` addresses count from the beginning of a section, which must be named. */
export async function startAddr2line(
  binary: string,
  section: string | null,
  prefix: string,
): Promise<Engine> {
  // Each value in the word of its option: a section of a hostile file may be called like an option.
  const within = section === null ? [] : [`--section=${section}`];
  const program = await startProgram(`${prefix}addr2line`, [`--exe=${binary}`, '-a', '-f', '-i', ...within]);
  return {
    name: 'addr2line',
    async locate(address) {
      program.write(`${hex(address)}\n${hex(NOWHERE)}\n`);
      const lines = await readAnswer(program);
      return lines && parseLines(lines);
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

/** Reads the lines of an answer without its heading, and the answer for nowhere after it. */
async function readAnswer(program: Program): Promise<string[] | null> {
  const lines: string[] = [];
  for (;;) {
    const line = await program.readLine(ANSWER_TIMEOUT_MS);
    if (line === null) return null;
    if (line === hex(NOWHERE)) break;
    lines.push(line);
  }
  for (let rest = 2; rest > 0; rest--) if ((await program.readLine(ANSWER_TIMEOUT_MS)) === null) return null;
  return lines.slice(1);
}

/** Pairs of lines: a function, then `file:line`, which may end with a discriminator. */
export function parseLines(lines: readonly string[]): readonly Place[] {
  const places: Place[] = [];
  for (let index = 0; index + 1 < lines.length; index += 2) {
    const match = /^(.*):(\d+|\?)(?: \(discriminator \d+\))?$/.exec(lines[index + 1] ?? '');
    places.push({
      function: lines[index] ?? '??',
      file: match?.[1] ?? '??',
      line: Number(match?.[2] === '?' ? 0 : (match?.[2] ?? 0)),
    });
  }
  return known(places);
}

/** The places, if each of them has a file and a line; else none. */
function known(places: readonly Place[]): readonly Place[] {
  return places.every((place) => place.file !== '' && !place.file.startsWith('??') && place.line > 0)
    ? places
    : [];
}

function hex(address: bigint): string {
  return `0x${address.toString(16).padStart(16, '0')}`;
}
