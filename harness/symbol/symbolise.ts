// SPDX-License-Identifier: MIT
import { basename } from 'node:path';
import { listFiles, runCommand } from '../host/index.ts';
import type { Frame, Kernel, Splat, Trace } from '../model/index.ts';
import { choosePlace, readFunctions } from './address.ts';

export type SymbolSource = Pick<Kernel, 'vmlinux' | 'modules' | 'source'>;

/** An address of a binary that wants a source line. */
interface Question {
  readonly frame: Frame;
  readonly binary: string;
  readonly address: bigint;
}

/** Fills file and line into a splat's frames, and puts inlined frames before the one that holds them. */
export async function symboliseSplat(splat: Splat, kernel: SymbolSource): Promise<Splat> {
  const modules = await findModules(kernel.modules);
  const answers = new Map<Frame, readonly Frame[]>();
  const questions: Question[] = [];
  const exact = splat.pc;
  for (const frame of [...splat.traces.flatMap((trace) => trace.frames), ...(exact ? [exact] : [])]) {
    const question = await ask(frame, frame === exact, kernel, modules);
    if (question) questions.push(question);
  }
  for (const binary of new Set(questions.map((question) => question.binary))) {
    const own = questions.filter((question) => question.binary === binary);
    const found = await resolveAddresses(binary, own.map((question) => question.address), binary !== kernel.vmlinux);
    own.forEach((question, index) => answers.set(question.frame, expand(question.frame, found[index] ?? [], kernel.source)));
  }
  const traces = splat.traces.map((trace): Trace => ({ ...trace, frames: trace.frames.flatMap((frame) => answers.get(frame) ?? [frame]) }));
  const pc = exact ? (answers.get(exact)?.at(-1) ?? exact) : null;
  return { ...splat, traces, frames: traces[0]?.frames ?? splat.frames, pc };
}

async function findModules(directory: string): Promise<ReadonlyMap<string, string>> {
  const files = await listFiles(directory).catch(() => []);
  return new Map(files.filter((path) => path.endsWith('.ko')).map((path) => [basename(path, '.ko').replaceAll('-', '_'), `${directory}/${path}`]));
}

/** A frame as a question; null where the binary is not there or the name decides nothing. */
async function ask(frame: Frame, isExact: boolean, kernel: SymbolSource, modules: ReadonlyMap<string, string>): Promise<Question | null> {
  if (frame.offset === null || frame.inline) return null;
  const binary = frame.module === null ? kernel.vmlinux : modules.get(frame.module);
  if (binary === undefined) return null;
  const table = await readFunctions(binary).catch(() => null);
  const place = choosePlace(table?.get(frame.function), frame.size);
  if (!place) return null;
  // A return address is after the call: one byte back is inside it. The instruction pointer is the instruction itself.
  const offset = isExact || frame.offset === 0 ? frame.offset : frame.offset - 1;
  return { frame, binary, address: place.address + BigInt(offset) };
}

interface Place {
  readonly function: string;
  readonly file: string;
  readonly line: number;
}

/** Asks addr2line for many addresses at once; innermost first for each. Modules are not linked: their code is in `.text`. */
async function resolveAddresses(binary: string, addresses: readonly bigint[], isModule: boolean): Promise<Place[][]> {
  const section = isModule ? ['-j', '.text'] : [];
  const input = addresses.map((address) => `0x${address.toString(16)}\n`).join('');
  const { stdout } = await runCommand('addr2line', ['-e', binary, ...section, '-a', '-f', '-i'], { input, accept: 'any' });
  const answers: Place[][] = [];
  const lines = stdout.split('\n');
  for (let index = 0; index < lines.length; ) {
    const line = lines[index] ?? '';
    if (/^0x[0-9a-f]+$/.test(line)) {
      answers.push([]);
      index += 1;
      continue;
    }
    const place = /^(.*):(\d+|\?)(?: .*)?$/.exec(lines[index + 1] ?? '');
    if (place && place[1] !== '??' && place[2] !== '?') answers.at(-1)?.push({ function: line, file: place[1] ?? '', line: Number(place[2]) });
    index += 2;
  }
  return answers;
}

function expand(frame: Frame, places: readonly Place[], source: string): readonly Frame[] {
  const last = places.at(-1);
  if (!last) return [frame];
  const relative = (file: string) => (file.startsWith(`${source}/`) ? file.slice(source.length + 1) : file.replace(/^(?:\.\.?\/)+/, ''));
  const inlined = places.slice(0, -1).map((place): Frame => ({ function: place.function, offset: null, size: null, module: frame.module, reliable: frame.reliable, inline: true, file: relative(place.file), line: place.line }));
  return [...inlined, { ...frame, file: relative(last.file), line: last.line }];
}
