// SPDX-License-Identifier: MIT
import { open } from 'node:fs/promises';
import { normalize } from 'node:path';
import { Fault, type Frame } from '../model/index.ts';
import { hasLlvm, type Lookup, type LookupProgram, openLookup, type SourcePlace } from './lookup.ts';
import { type Place, readSymbols, type SymbolTable } from './table.ts';

/** `return`: the address after a call, as call traces hold; `exact`: the instruction pointer itself. */
export type AddressKind = 'return' | 'exact';

export interface SymboliserOptions {
  /** Which program to ask; the quickest that is installed and fit for the binary when absent. */
  readonly program?: LookupProgram;
}

/** Source lines of one binary. Close it: it keeps programs running. */
export interface Symboliser {
  /**
   * The frame with file (normalised, as the compiler wrote it) and line, the functions inlined at that address before
   * it. A frame that the binary does not hold, or not in the size that the kernel printed, comes back unchanged.
   */
  symbolise(frame: Frame, kind: AddressKind): Promise<Frame[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Opens the debug information of a kernel, a module or another ELF file. Faults: `SYMBOL_NO_BINARY`,
 * `SYMBOL_NOT_ELF` (blame request), `HOST_PROGRAM_MISSING`; look-ups reject with `SYMBOL_PROGRAM_FAILED`.
 */
export async function openSymboliser(binary: string, options: SymboliserOptions = {}): Promise<Symboliser> {
  const relocatable = await readElfKind(binary);
  const table = await readSymbols(binary, relocatable);
  // llvm-symbolizer takes the first section that has an address, and in a relocatable binary all of them begin at 0.
  const program = relocatable ? 'addr2line' : (options.program ?? ((await hasLlvm()) ? 'llvm-symbolizer' : 'addr2line'));
  return makeSymboliser(table, new LookupSet(program, binary, relocatable));
}

function makeSymboliser(table: SymbolTable, lookups: LookupSet): Symboliser {
  return {
    async symbolise(frame, kind) {
      if (frame.inline || frame.file !== null) return [frame];
      const answers: SourcePlace[][] = [];
      for (const place of table.find(frame.function, frame.offset, frame.size)) {
        const offset = frame.offset ?? 0;
        const back = kind === 'return' && offset > 0 ? 1 : 0;
        answers.push(await lookups.ask(place, BigInt(offset - back)));
      }
      const [answer] = answers;
      if (!answer || answers.some((other) => JSON.stringify(other) !== JSON.stringify(answer))) return [frame];
      return spread(frame, answer);
    },
    [Symbol.asyncDispose]: () => lookups.close(),
  };
}

/** One frame of the kernel's and what debug information knows of it: every place but the last was inlined. */
function spread(frame: Frame, places: readonly SourcePlace[]): Frame[] {
  const last = places.at(-1);
  if (last?.file == null) return [frame];
  const inlined = places.slice(0, -1).map(
    (place): Frame => ({
      function: place.function,
      offset: null,
      size: null,
      module: frame.module,
      reliable: frame.reliable,
      inline: true,
      file: place.file,
      line: place.line,
    }),
  );
  return [...inlined, { ...frame, file: last.file, line: last.line }];
}

/** The running programs for one binary: one, or one a section where each section has its own addresses. */
class LookupSet {
  readonly #program: LookupProgram;
  readonly #binary: string;
  readonly #relocatable: boolean;
  readonly #open = new Map<string, Promise<Lookup>>();
  readonly #known = new Map<string, Promise<SourcePlace[]>>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(program: LookupProgram, binary: string, relocatable: boolean) {
    this.#program = program;
    this.#binary = binary;
    this.#relocatable = relocatable;
  }

  /** What is at an address; the same address is asked once. */
  ask(place: Place, offset: bigint): Promise<SourcePlace[]> {
    const section = this.#relocatable ? place.section : null;
    const address = place.address + offset;
    const key = `${section} ${address}`;
    const known = this.#known.get(key);
    if (known) return known;
    const answer = this.#turn.then(async () => {
      const places = await (await this.#lookup(section)).ask(address);
      return places.map((one) => (one.file === null ? one : { ...one, file: normalize(one.file) }));
    });
    this.#turn = answer.catch(() => {});
    this.#known.set(key, answer);
    return answer;
  }

  #lookup(section: string | null): Promise<Lookup> {
    const key = section ?? '';
    const opened = this.#open.get(key) ?? openLookup(this.#program, this.#binary, section);
    this.#open.set(key, opened);
    return opened;
  }

  async close(): Promise<void> {
    await this.#turn;
    for (const opened of await Promise.allSettled(this.#open.values()))
      if (opened.status === 'fulfilled') await opened.value[Symbol.asyncDispose]();
    this.#open.clear();
  }
}

/** Whether an ELF file is relocatable (`ET_REL`, as modules are); e_type stands at byte 16, in the file's own order. */
async function readElfKind(binary: string): Promise<boolean> {
  const head = Buffer.alloc(18);
  try {
    await using file = await open(binary);
    await file.read(head, 0, head.length, 0);
  } catch (cause) {
    throw new Fault({
      blame: 'request',
      code: 'SYMBOL_NO_BINARY',
      message: `${binary} cannot be read: ${(cause as Error).message}`,
      cause,
    });
  }
  if (head.toString('latin1', 0, 4) !== '\x7fELF')
    throw new Fault({
      blame: 'request',
      code: 'SYMBOL_NOT_ELF',
      message: `${binary} is no ELF file`,
      next: 'name the vmlinux of the build, not its bzImage',
    });
  return (head[5] === 2 ? head.readUInt16BE(16) : head.readUInt16LE(16)) === 1;
}
