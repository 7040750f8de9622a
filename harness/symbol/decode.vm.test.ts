// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { listFiles, runCommand, toolPrefix } from '../host/index.ts';
import { readSourceText, readStoredKernel } from '../kernel/index.ts';
import type { Frame, Kernel } from '../model/index.ts';
import { createScanner } from '../splat/index.ts';
import { GOLDEN_LOGS, readMarkedLog, TEST_CACHE } from '../testing/index.ts';
import { openTestLab } from '../testing/lab.ts';
import { readBinary } from './elf.ts';
import { openSymboliser, type Symboliser } from './symboliser.ts';
import { findSymbol, parseSymbols, type SymbolTable } from './table.ts';

/*
 * The control: the kernel's own scripts/decode_stacktrace.sh, on traces of our own trials, with a kernel that made them.
 * It asks binutils where we ask LLVM, and finds addresses by other means. Two rules for comparing, both stated facts of
 * the script: it takes an address as it is printed, so that a return address is given to it one lower, which is where
 * the call is; and it takes the first of several functions of one name, so that those count only where sizes agree.
 */
t.setTimeout(30 * 60_000);

/** Frames of the golden logs, each once; those of an instruction pointer apart. */
function readFrames(log: string): { readonly frame: Frame; readonly exact: boolean }[] {
  const scanner = createScanner();
  scanner.push(readMarkedLog(readFileSync(join(GOLDEN_LOGS, log), 'latin1')).log);
  const found = new Map<string, { readonly frame: Frame; readonly exact: boolean }>();
  for (const splat of scanner.end()) {
    const calls = splat.traces.filter((trace) => trace.label !== 'RIP').flatMap((trace) => trace.frames);
    for (const [frames, exact] of [
      [splat.pc ? [splat.pc] : [], true],
      [calls, false],
    ] as const)
      for (const frame of frames)
        if (frame.offset !== null && frame.size !== null)
          found.set(`${write(frame, frame.offset)} ${exact}`, { frame, exact });
  }
  return [...found.values()];
}

const write = (frame: Frame, offset: number) =>
  ` ${frame.function}+0x${offset.toString(16)}/0x${(frame.size ?? 0).toString(16)}${frame.module === null ? '' : ` [${frame.module}]`}`;

interface Binary {
  readonly id: string;
  readonly table: SymbolTable;
  open(): Promise<Symboliser>;
}

/** The binaries of a kernel that frames lie in, opened when first needed. */
function openBinaries(kernel: Kernel) {
  const open = new Map<string, Promise<Binary | null>>();
  const symbolisers: Symboliser[] = [];
  const openOne = async (module: string): Promise<Binary | null> => {
    const paths = module === '' ? [] : await listFiles(kernel.modules);
    const name = (path: string) => path.replace(/^.*\/|\.ko$/g, '').replaceAll('-', '_');
    const path = module === '' ? kernel.vmlinux : paths.find((one) => name(one) === module);
    if (path === undefined) return null;
    const binary = module === '' ? path : join(kernel.modules, path);
    const { stdout } = await runCommand('nm', ['--format=sysv', '--defined-only', binary]);
    let symboliser: Promise<Symboliser> | undefined;
    return {
      id: (await readBinary(binary))?.buildId ?? binary,
      table: parseSymbols(stdout),
      open() {
        symboliser ??= openSymboliser(binary).then((one) => {
          symbolisers.push(one);
          return one;
        });
        return symboliser;
      },
    };
  };
  return {
    of(frame: Frame): Promise<Binary | null> {
      const key = frame.module ?? '';
      const one = open.get(key) ?? openOne(key);
      open.set(key, one);
      return one;
    },
    async [Symbol.asyncDispose]() {
      for (const one of symbolisers) await one[Symbol.asyncDispose]();
    },
  };
}

/** A kernel of the cache whose functions have the sizes that a log's frames tell. */
async function findKernel(frames: readonly Frame[]): Promise<Kernel | null> {
  const store = join(TEST_CACHE, 'kernels');
  const names = (() => {
    try {
      return readdirSync(store);
    } catch {
      return [];
    }
  })();
  for (const name of names) {
    const kernel = await readStoredKernel(join(store, name));
    // The script is in the source, and a build tree may have been removed.
    if (!kernel || !existsSync(kernel.source)) continue;
    await using binaries = openBinaries(kernel);
    let fits = true;
    for (const frame of frames) {
      const binary: Binary | null = fits ? await binaries.of(frame) : null;
      fits = binary !== null && findSymbol(binary.table, frame.function, frame.size) !== null;
      if (!fits) break;
    }
    if (fits) return kernel;
  }
  return null;
}

/** What the script makes of lines: for each, the places innermost first. */
function decode(script: string, kernel: Kernel, lines: readonly string[]): string[][] {
  const { stdout, status } = spawnSync('bash', [script, kernel.vmlinux, 'auto', kernel.modules], {
    input: `${lines.join('\n')}\n`,
    encoding: 'utf8',
    // The computer's own addr2line takes no relocations of another architecture's modules.
    env: { PATH: process.env.PATH ?? '', LC_ALL: 'C', CROSS_COMPILE: toolPrefix(kernel.arch) },
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`decode_stacktrace.sh ended with ${status}`);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => [...line.matchAll(/([^\s()]+\.[chS]):(\d+)/g)].map(([place]) => place));
}

/** Frames that were compared for another log already; the script takes a fifth of a second for each. */
const done = new Set<string>();

// The logs of the provoke pack are many, and short: they would take long and show nothing more.
const logs = readdirSync(GOLDEN_LOGS)
  .filter((name) => /^(?!provoke-).*\.log$/.test(name))
  .map((log) => ({ log, frames: readFrames(log) }))
  .filter(({ frames }) => frames.length > 0);
t.ok(logs.length >= 3, 'there are golden logs with traces');
// The base kernel made one of them. Tests before this one have built the other one of `make demo`.
await openTestLab('mdev-5.10');

for (const { log, frames } of logs) {
  t.test(`decode_stacktrace.sh names the same lines for ${log}`, async (t) => {
    // A guess may be the address of anything, even of a module that is gone.
    const sure = frames.map(({ frame }) => frame).filter((frame) => frame.reliable);
    const kernel = await findKernel(sure);
    const text =
      kernel && (await readSourceText(kernel.source, kernel.commit, 'scripts/decode_stacktrace.sh'));
    if (!kernel || text === null) {
      t.pass('the control', {
        skip: `no kernel that made this log is in ${TEST_CACHE}: make demo builds it`,
      });
      return;
    }
    const script = join(t.testdir(), 'decode_stacktrace.sh');
    writeFileSync(script, text);
    await using binaries = openBinaries(kernel);
    const compared = [];
    let repeated = 0;
    for (const { frame, exact } of frames) {
      const binary = await binaries.of(frame);
      const symbol = binary && findSymbol(binary.table, frame.function, frame.size);
      if (!binary || !symbol || frame.offset === null) continue;
      const key = `${binary.id} ${write(frame, frame.offset)} ${exact}`;
      if (done.has(key)) {
        repeated += 1;
        continue;
      }
      done.add(key);
      // The script does not say which section of a module it means.
      if (frame.module !== null && symbol.section !== '.text') continue;
      const places = await (await binary.open()).locate(frame, exact);
      const namesakes = new Set(binary.table.byName.get(frame.function)?.map((one) => one.address));
      const back = exact || frame.offset === 0 ? 0 : 1;
      compared.push({
        frame,
        ours: places.map((place) => `${place.file.replace(/^.*\/linux\//, '')}:${place.line}`),
        ambiguous: namesakes.size !== 1,
        line: write(frame, frame.offset - back),
      });
    }
    const clean = (places: readonly string[]) => places.map((one) => one.replace(/^.*\/linux\//, ''));
    const theirs = decode(
      script,
      kernel,
      compared.map((one) => one.line),
    ).map(clean);
    t.equal(theirs.length, compared.length, 'a line for each frame');
    let same = 0;
    compared.forEach((one, index) => {
      const their = theirs[index] ?? [];
      const agrees = one.ours.join() === their.join();
      if (agrees) same += 1;
      if (one.ambiguous) return;
      t.strictSame(one.ours, their, one.line.trim());
    });
    t.ok(
      compared.length > 0 && compared.length + repeated >= 5,
      `${compared.length} frames, and ${repeated} of other logs`,
    );
    t.comment(`${kernel.name} ${kernel.digest.slice(0, 12)}: ${same} of ${compared.length} frames the same`);
  });
}
