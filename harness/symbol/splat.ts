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

/** Names source lines. It owns the child processes that it starts and ends them when it is disposed. */
export interface Symbolisers extends AsyncDisposable {
  /**
   * Adds file and line, relative to the source tree, to a splat's frames and inserts inlined frames before the frame
   * they were inlined into; inlined frames of the instruction pointer become a trace `RIP` at the end. What is not
   * known stays as it is; it never rejects.
   */
  symboliseSplat<Body extends SplatBody>(splat: Body, kernel: DebugKernel): Promise<Body>;
  /** The lines of a frame's file that its function has code for; null when that is not known. */
  coveredLines(frame: Frame, kernel: DebugKernel): Promise<ReadonlySet<number> | null>;
}

/**
 * Opens symbolisers for the splats of one campaign. Children and answers are shared by build id, because the arms of a
 * series that changes modules only have the same vmlinux. Nothing is kept on disk: the first splat of a kernel costs
 * half a second, once a campaign.
 */
export function openSymbolisers(): Symbolisers {
  return new SharedSymbolisers();
}

class SharedSymbolisers implements Symbolisers {
  /** By build id. */
  readonly #open = new Map<string, Promise<Symboliser | null>>();
  readonly #identities = new Map<string, Promise<string>>();
  readonly #modules = new Map<string, Promise<ReadonlyMap<string, string>>>();
  readonly #roots = new Map<string, Promise<readonly string[]>>();
  readonly #paths = new Map<string, Promise<string>>();
  #disposed = false;

  async symboliseSplat<Body extends SplatBody>(splat: Body, kernel: DebugKernel): Promise<Body> {
    const place = (frames: readonly Frame[], exact = false) => this.#placeFrames(frames, kernel, exact);
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

  async coveredLines(frame: Frame, kernel: DebugKernel): Promise<ReadonlySet<number> | null> {
    if (frame.inline) return null;
    const places = await (await this.#symboliserOf(frame, kernel))?.cover(frame);
    if (!places) return null;
    const lines = new Set<number>();
    for (const { file, line } of places)
      if ((await this.#pathInTree(file, kernel)) === frame.file) lines.add(line);
    return lines;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    for (const symboliser of this.#open.values()) await (await symboliser)?.[Symbol.asyncDispose]();
    this.#open.clear();
  }

  async #placeFrames(frames: readonly Frame[], kernel: DebugKernel, exact: boolean): Promise<Frame[]> {
    const placed: Frame[] = [];
    for (const frame of frames)
      placed.push(...(await this.#placeFrame(frame, kernel, exact).catch(() => [frame])));
    return placed;
  }

  async #placeFrame(frame: Frame, kernel: DebugKernel, exact: boolean): Promise<readonly Frame[]> {
    if (frame.inline || frame.file !== null) return [frame];
    const symboliser = await this.#symboliserOf(frame, kernel);
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
        file: await this.#pathInTree(file, kernel),
        line,
      });
    return [...inlined, { ...frame, file: await this.#pathInTree(own.file, kernel), line: own.line }];
  }

  async #symboliserOf(frame: Frame, kernel: DebugKernel): Promise<Symboliser | null> {
    const { module } = frame;
    const binary = module === null ? kernel.vmlinux : await this.#findModule(kernel.modules, module);
    return binary === null ? null : this.#share(binary);
  }

  async #share(binary: string): Promise<Symboliser | null> {
    const identity = await remember(this.#identities, binary, () => identify(binary).catch(() => binary));
    if (this.#disposed) return null;
    return remember(this.#open, identity, () => openSymboliser(binary).catch(() => null));
  }

  /** The `.ko` of a module: its file may be written with `-` where the kernel says `_`. */
  async #findModule(directory: string, name: string): Promise<string | null> {
    const found = await remember(this.#modules, directory, () => listModules(directory));
    return found.get(name) ?? null;
  }

  /** A file's path in the source tree; as it is where it lies elsewhere. */
  #pathInTree(file: string, kernel: DebugKernel): Promise<string> {
    return remember(this.#paths, `${kernel.vmlinux}\0${kernel.source}\0${file}`, async () => {
      const path = relativePath(file, await this.#rootsOf(kernel));
      if (!path.startsWith('/')) return path;
      // A compiler's cache gives objects of another tree of the same source, whose debug information names that tree.
      for (const end of endsOf(path)) if (await exists(join(kernel.source, end))) return end;
      return path;
    });
  }

  /** Where the source lay when it was compiled: as the kernel says, and as the place of `start_kernel` shows. */
  #rootsOf(kernel: DebugKernel): Promise<readonly string[]> {
    return remember(this.#roots, `${kernel.vmlinux}\0${kernel.source}`, async () => {
      const symboliser = await this.#share(kernel.vmlinux);
      const start = await symboliser?.locate({ function: 'start_kernel', offset: 0, size: null }, true);
      const compiled = rootOf(start?.at(-1)?.file ?? '', 'init/main.c');
      const real = await realpath(kernel.source).catch(() => kernel.source);
      return [...new Set([...(compiled === null ? [] : [compiled]), kernel.source, real])];
    });
  }
}

/** What two copies of one binary have in common; where it has no build id, its path. */
async function identify(binary: string): Promise<string> {
  const found = await readBinary(binary);
  return found?.buildId == null ? binary : `${found.buildId} ${found.size}`;
}

/** The paths of all modules below a directory, by name. */
async function listModules(directory: string): Promise<ReadonlyMap<string, string>> {
  const files = (await listFiles(directory).catch(() => [])).filter((path) => path.endsWith('.ko'));
  return new Map(files.map((path) => [moduleName(path), join(directory, path)]));
}

function moduleName(path: string): string {
  return path.replace(/^.*\//, '').replace(/\.ko$/, '').replaceAll('-', '_');
}

function remember<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  let value = known.get(key);
  if (!value) {
    value = make();
    known.set(key, value);
  }
  return value;
}
