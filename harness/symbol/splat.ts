// SPDX-License-Identifier: MIT
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { exists, listFiles } from '../host/index.ts';
import type { Frame, SplatBody } from '../model/index.ts';
import { readBinary } from './elf.ts';
import { endsOf, relativePath, rootOf } from './path.ts';
import { openSymboliser, type Symboliser } from './symboliser.ts';

/** What of a kernel is needed to name source lines. Paths are on this computer. */
export interface DebugKernel {
  readonly vmlinux: string;
  /** Directory with the `.ko` files, at any depth. */
  readonly modules: string;
  readonly source: string;
}

/** Traces whose frames are instruction pointers and not return addresses. */
const POINTER_LABEL = /^(?:RIP|pc)\b/i;

/** By build id: the arms of a series that changes modules only have one and the same vmlinux. */
const symbolisers = new Map<string, Promise<Symboliser | null>>();
const identities = new Map<string, Promise<string>>();
const modules = new Map<string, Promise<ReadonlyMap<string, string>>>();
const roots = new Map<string, Promise<readonly string[]>>();
const paths = new Map<string, Promise<string>>();

/**
 * Gives a splat's frames file and line, relative to the source tree, and puts inlined frames before the frame they
 * were inlined into; inlined frames of the instruction pointer become a trace `RIP` at the end. What is not known stays as
 * it is; it never rejects. Children and answers are kept, by build id, until `closeSymbolisers`. They are not kept on
 * disk: the first splat of a kernel costs half a second, once a campaign.
 */
export async function symboliseSplat<Body extends SplatBody>(
  splat: Body,
  kernel: DebugKernel,
): Promise<Body> {
  const place = (frames: readonly Frame[], exact = false) => placeFrames(frames, kernel, exact);
  const traces = [];
  for (const trace of splat.traces)
    traces.push({ ...trace, frames: await place(trace.frames, POINTER_LABEL.test(trace.label)) });
  const pointer = splat.pc ? await place([splat.pc], true) : [];
  // `pc` has room for one frame, and what was inlined there is where the fault is.
  if (pointer.length > 1 && !traces.some((trace) => POINTER_LABEL.test(trace.label)))
    traces.push({ label: 'RIP', frames: pointer });
  const pc = pointer.at(-1) ?? splat.pc;
  return { ...splat, traces, pc, frames: await place(splat.frames) };
}

/** Ends all children that `symboliseSplat` started, and forgets what it knew. */
export async function closeSymbolisers(): Promise<void> {
  const open = [...symbolisers.values()];
  for (const known of [symbolisers, identities, modules, roots, paths]) known.clear();
  for (const symboliser of open) await (await symboliser)?.[Symbol.asyncDispose]();
}

async function placeFrames(frames: readonly Frame[], kernel: DebugKernel, exact: boolean): Promise<Frame[]> {
  const placed: Frame[] = [];
  for (const frame of frames) placed.push(...(await placeFrame(frame, kernel, exact).catch(() => [frame])));
  return placed;
}

async function placeFrame(frame: Frame, kernel: DebugKernel, exact: boolean): Promise<readonly Frame[]> {
  if (frame.inline || frame.file !== null) return [frame];
  const symboliser = await symboliserOf(frame, kernel);
  const places = (await symboliser?.locate(frame, exact)) ?? [];
  const own = places.at(-1);
  if (!own) return [frame];
  const inlined = [];
  for (const { function: name, file, line } of places.slice(0, -1))
    inlined.push({
      ...frame,
      function: name,
      offset: null,
      size: null,
      inline: true,
      file: await pathInTree(file, kernel),
      line,
    });
  return [...inlined, { ...frame, file: await pathInTree(own.file, kernel), line: own.line }];
}

/**
 * Numbers of the lines of a file that the code of a frame's function stands for; null when that is not known.
 */
export async function coveredLines(frame: Frame, kernel: DebugKernel): Promise<ReadonlySet<number> | null> {
  if (frame.inline) return null;
  const places = await (await symboliserOf(frame, kernel))?.cover(frame);
  if (!places) return null;
  const lines = new Set<number>();
  for (const { file, line } of places) if ((await pathInTree(file, kernel)) === frame.file) lines.add(line);
  return lines;
}

async function symboliserOf(frame: Frame, kernel: DebugKernel): Promise<Symboliser | null> {
  const binary = frame.module === null ? kernel.vmlinux : await findModule(kernel.modules, frame.module);
  return binary === null ? null : shareSymboliser(binary);
}

async function shareSymboliser(binary: string): Promise<Symboliser | null> {
  const identity = await remember(identities, binary, () => identify(binary).catch(() => binary));
  return remember(symbolisers, identity, () => openSymboliser(binary).catch(() => null));
}

/** What two copies of one binary have in common; where it has no build id, its path. */
async function identify(binary: string): Promise<string> {
  const found = await readBinary(binary);
  return found?.buildId == null ? binary : `${found.buildId} ${found.size}`;
}

/** The `.ko` of a module: its file may be written with `-` where the kernel says `_`. */
async function findModule(directory: string, name: string): Promise<string | null> {
  const found = await remember(modules, directory, async () => {
    const files = (await listFiles(directory).catch(() => [])).filter((path) => path.endsWith('.ko'));
    return new Map(files.map((path) => [moduleName(path), join(directory, path)]));
  });
  return found.get(name) ?? null;
}

function moduleName(path: string): string {
  return path.replace(/^.*\//, '').replace(/\.ko$/, '').replaceAll('-', '_');
}

/** A file's path in the source tree; as it is where it lies elsewhere. */
function pathInTree(file: string, kernel: DebugKernel): Promise<string> {
  return remember(paths, `${kernel.vmlinux}\0${kernel.source}\0${file}`, async () => {
    const path = relativePath(file, await rootsOf(kernel));
    if (!path.startsWith('/')) return path;
    // A compiler's cache gives objects of another tree of the same source, whose debug information names that tree.
    for (const end of endsOf(path)) if (await exists(join(kernel.source, end))) return end;
    return path;
  });
}

/** Where the source lay when it was compiled: as we know it, and as the place of `start_kernel` tells. */
function rootsOf(kernel: DebugKernel): Promise<readonly string[]> {
  return remember(roots, `${kernel.vmlinux}\0${kernel.source}`, async () => {
    const symboliser = await shareSymboliser(kernel.vmlinux);
    const start = await symboliser?.locate({ function: 'start_kernel', offset: 0, size: null }, true);
    const compiled = rootOf(start?.at(-1)?.file ?? '', 'init/main.c');
    const real = await realpath(kernel.source).catch(() => kernel.source);
    return [...new Set([...(compiled === null ? [] : [compiled]), kernel.source, real])];
  });
}

function remember<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  let value = known.get(key);
  if (!value) {
    value = make();
    known.set(key, value);
  }
  return value;
}
