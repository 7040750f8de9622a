// SPDX-License-Identifier: MIT
import { runCommand, toolPrefix } from '../host/index.ts';
import type { Frame } from '../model/index.ts';
import { readBinary } from './elf.ts';
import { type Engine, type Place, startAddr2line, startLlvm } from './engine.ts';
import { findParts, findSymbol, parseSymbols, type SymbolTable } from './table.ts';

/** In bytes of code. `cover` looks up each of them; a thousand lookups take some tenths of a second. */
const COVER_BYTES = 8192;

/** The program to use; `llvm` falls back to binutils if it is not installed. */
export type Preference = 'llvm' | 'binutils';

/** Source lines of one binary: a vmlinux, or a module's `.ko`. */
export interface Symboliser {
  readonly binary: string;
  /**
   * Where a frame's address lies, innermost inlined function first and the frame's own last; empty when it is not
   * known. `exact` is for an instruction pointer; other addresses are where a call returns to, one past the call.
   */
  locate(frame: Pick<Frame, 'function' | 'offset' | 'size'>, exact: boolean): Promise<readonly Place[]>;
  /**
   * Every source line that the code of a frame's function stands for, with the parts that the compiler split off it;
   * null when that is not known, or the function is so large that asking would take seconds.
   */
  cover(frame: Pick<Frame, 'function' | 'size'>): Promise<readonly Place[] | null>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Opens a binary: `nm` once, then one long-lived child per binary (per text section of a `.ko`), started when it is
 * first needed. Faults `HOST_COMMAND_FAILED`, `HOST_PROGRAM_MISSING`.
 */
export async function openSymboliser(binary: string, preference: Preference = 'llvm'): Promise<Symboliser> {
  const { relocatable = false, arch = null } = (await readBinary(binary)) ?? {};
  // Only the relocations of an object are read by none but the architecture's own tools.
  const prefix = relocatable && arch !== null ? toolPrefix(arch) : '';
  const { stdout } = await runCommand('nm', ['--format=sysv', '--defined-only', '--', binary]);
  const table = parseSymbols(stdout);
  const engines = new Map<string, Promise<Engine | null>>();
  const answers = new Map<string, Promise<readonly Place[]>>();
  let queue: Promise<unknown> = Promise.resolve();

  const askInTurn = (section: string, address: bigint): Promise<readonly Place[]> => {
    const key = `${section} ${address}`;
    let answer = answers.get(key);
    if (!answer) {
      answer = queue.then(() => ask(section, address));
      queue = answer.catch(() => {});
      answers.set(key, answer);
    }
    return answer;
  };
  const engineOf = (section: string): Promise<Engine | null> => {
    const key = relocatable ? section : '';
    let engine = engines.get(key);
    if (!engine) {
      engine = startEngine(binary, relocatable ? section : null, prefix, preference);
      engines.set(key, engine);
    }
    return engine;
  };
  const ask = async (section: string, address: bigint): Promise<readonly Place[]> => {
    const engine = await engineOf(section);
    if (!engine) return [];
    const places = await engine.locate(address);
    if (places !== null) return places;
    // It died or timed out: a late answer could be mistaken for the next one. addr2line gets one chance.
    await engine[Symbol.asyncDispose]();
    const canRetry = engine.name !== 'addr2line';
    const key = relocatable ? section : '';
    engines.set(
      key,
      canRetry ? startAddr2line(binary, relocatable ? section : null, prefix) : Promise.resolve(null),
    );
    return canRetry ? ask(section, address) : [];
  };
  return {
    binary,
    async locate(frame, exact) {
      const place = addressOf(table, frame, exact);
      return place ? askInTurn(place.section, place.address) : [];
    },
    async cover(frame) {
      const symbol = findSymbol(table, frame.function, frame.size);
      const parts = symbol && [symbol, ...findParts(table, symbol.name)];
      const bytes = parts?.reduce((sum, part) => sum + Math.min(...part.sizes), 0) ?? 0;
      if (!parts || !(bytes > 0 && bytes <= COVER_BYTES)) return null;
      const found = new Map<string, Place>();
      for (const { section, address, sizes } of parts)
        for (let offset = 0; offset < Math.min(...sizes); offset += 1)
          for (const place of await askInTurn(section, address + BigInt(offset)))
            found.set(`${place.file}:${place.line}`, place);
      return [...found.values()];
    },
    async [Symbol.asyncDispose]() {
      for (const engine of engines.values())
        await engine.then((one) => one?.[Symbol.asyncDispose]()).catch(() => {});
      engines.clear();
    },
  };
}

async function startEngine(
  binary: string,
  section: string | null,
  prefix: string,
  preference: Preference,
): Promise<Engine> {
  // llvm-symbolizer cannot be told which section of a relocatable file an address counts from.
  const llvm = section === null && preference === 'llvm' ? await startLlvm(binary) : null;
  return llvm ?? startAddr2line(binary, section, prefix);
}

function addressOf(
  table: SymbolTable,
  frame: Pick<Frame, 'function' | 'offset' | 'size'>,
  exact: boolean,
): { readonly section: string; readonly address: bigint } | null {
  if (frame.offset === null) return null;
  const symbol = findSymbol(table, frame.function, frame.size);
  if (!symbol) return null;
  // Offset 0 is never a return address; it is a pointer to the function itself.
  const back = exact || frame.offset === 0 ? 0 : 1;
  return { section: symbol.section, address: symbol.address + BigInt(frame.offset - back) };
}
