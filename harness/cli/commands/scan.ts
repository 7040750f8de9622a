// SPDX-License-Identifier: MIT
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { Fault, type Splat } from '../../model/index.ts';
import { type PrintOptions, printSplat, REPORT_COLUMNS, scanJson } from '../../report/index.ts';
import {
  createScanner,
  formatGrade,
  gradeLog,
  OPTIONAL_KIND_NAMES,
  type OptionalKind,
} from '../../splat/index.ts';
import type { Context } from '../context.ts';

export interface ScanOptions {
  readonly json?: boolean;
  readonly vmlinux?: string;
  readonly source?: string;
  readonly also?: string;
  readonly grade?: boolean;
}

/** Finds splats in logs. Exit code 1 when there is one; with --json 0, since programs read the answer. */
export async function execute(
  context: Context,
  args: readonly string[],
  options: ScanOptions,
): Promise<number> {
  if (options.grade) return gradeDirectories(context, args);
  const files = args.length > 0 ? args : ['-'];
  const kinds = readKinds(options.also);
  const kernel = await findKernel(context, options);
  for (const file of files) await requireFile(file, context);
  let found = 0;
  for (const file of files) {
    let splats = await scanFile(file, context, kinds);
    if (kernel) splats = await nameLines(splats, kernel);
    found += splats.length;
    if (options.json) context.out.write(`${JSON.stringify(scanJson(file, splats))}\n`);
    else printSplats(context, file, splats, files.length > 1);
  }
  return found > 0 && !options.json ? 1 : 0;
}

async function requireFile(file: string, context: Context): Promise<void> {
  if (file === '-') return;
  const there = await stat(resolve(context.workingDirectory, file)).catch(() => null);
  if (!there) throw new Fault({ blame: 'request', code: 'SCAN_NO_FILE', message: `there is no log ${file}` });
  if (there.isDirectory())
    throw new Fault({
      blame: 'request',
      code: 'SCAN_NO_FILE',
      message: `${file} is a directory`,
      next: `name its files: ktrial scan ${join(file, '*')}`,
    });
}

/** Kinds that count only when they are named. */
function readKinds(also: string | undefined): readonly OptionalKind[] {
  const words = (also ?? '').split(',').filter((word) => word !== '');
  return words.map((word) => {
    const kind = OPTIONAL_KIND_NAMES.find((name) => name === word);
    if (kind) return kind;
    throw new Fault({
      blame: 'request',
      code: 'SCAN_NO_KIND',
      message: `there is no optional kind ${word}`,
      next: `ktrial scan --also ${OPTIONAL_KIND_NAMES.join(',')}`,
    });
  });
}

async function scanFile(
  file: string,
  context: Context,
  kinds: readonly OptionalKind[],
): Promise<readonly Splat[]> {
  const scanner = createScanner({ kinds });
  const stream =
    file === '-'
      ? process.stdin
      : createReadStream(resolve(context.workingDirectory, file), { highWaterMark: 1024 * 1024 });
  for await (const chunk of stream) scanner.push(chunk as Uint8Array);
  return scanner.end();
}

/** A kernel that names source lines, and its source text. */
interface NamedKernel {
  readonly vmlinux: string;
  readonly modules: string;
  readonly source: string;
  read(path: string): Promise<string | null>;
}

/**
 * The kernel of `--vmlinux`; its modules are looked for beside it. Its source is `--source`; else the commit of a
 * kernel that ktrial itself built; else what lies beside the vmlinux.
 */
async function findKernel(context: Context, options: ScanOptions): Promise<NamedKernel | null> {
  const missing = (message: string, next?: string) =>
    new Fault({ blame: 'request', code: 'SCAN_NO_FILE', message, ...(next ? { next } : {}) });
  if (options.vmlinux === undefined) {
    if (options.source === undefined) return null;
    throw missing(
      '--source is of no use without --vmlinux',
      'ktrial scan --vmlinux FILE --source DIRECTORY LOG',
    );
  }
  const vmlinux = resolve(context.workingDirectory, options.vmlinux);
  if (!(await stat(vmlinux).catch(() => null))?.isFile())
    throw missing(`there is no vmlinux ${options.vmlinux}`);
  const modules = dirname(vmlinux);
  if (options.source !== undefined) {
    const source = resolve(context.workingDirectory, options.source);
    if (!(await stat(source).catch(() => null))?.isDirectory())
      throw missing(`there is no source directory ${options.source}`);
    return { vmlinux, modules, source, read: (path) => readBelow(source, path) };
  }
  const { readStoredKernel, readSourceText } = await import('../../kernel/index.ts');
  const stored = await readStoredKernel(modules);
  if (!stored) return { vmlinux, modules, source: modules, read: (path) => readBelow(modules, path) };
  const { source, commit } = stored;
  return { vmlinux, modules, source, read: (path) => readSourceText(source, commit, path).catch(() => null) };
}

function readBelow(directory: string, path: string): Promise<string | null> {
  if (isAbsolute(path) || path.split('/').includes('..')) return Promise.resolve(null);
  return readFile(join(directory, path), 'utf8').catch(() => null);
}

/** Source lines, and the text round the culprit's, where the kernel has them. */
async function nameLines(splats: readonly Splat[], kernel: NamedKernel): Promise<Splat[]> {
  // The compiler does not rewrite a dynamic import in a function that declares with `await using`.
  const { openSymbolisers, quoteSource } = await import('../../symbol/index.ts');
  const symbolisers = openSymbolisers();
  const text = { read: kernel.read, changes: () => Promise.resolve(new Map()) };
  const named: Splat[] = [];
  try {
    for (const splat of splats) {
      const placed = await symbolisers.symboliseSplat(splat, kernel);
      named.push(await quoteSource(placed, text, (frame) => symbolisers.coveredLines(frame, kernel)));
    }
  } finally {
    await symbolisers[Symbol.asyncDispose]();
  }
  return named;
}

function printSplats(context: Context, file: string, splats: readonly Splat[], many: boolean): void {
  if (splats.length === 0) {
    context.out.write(`${many ? `${file}: ` : ''}no complaint of the kernel\n`);
    return;
  }
  // Nothing of a log is left out: a reader of one log may know better than the unwinder.
  const options: PrintOptions = { color: context.color, columns: REPORT_COLUMNS, verbose: true };
  for (const splat of splats)
    context.out.write(`${many ? `${file}:\n` : ''}${printSplat(splat, options).join('\n')}\n`);
}

async function gradeDirectories(context: Context, args: readonly string[]): Promise<number> {
  if (args.length === 0)
    throw new Fault({
      blame: 'request',
      code: 'SCAN_NO_FILE',
      message: 'no directory is named',
      next: 'ktrial scan --grade DIRECTORY',
    });
  const rows = [];
  for (const word of args) {
    const directory = resolve(context.workingDirectory, word);
    const names = await readdir(directory).catch(() => {
      throw new Fault({ blame: 'request', code: 'SCAN_NO_FILE', message: `there is no directory ${word}` });
    });
    for (const name of names.sort()) {
      const path = join(directory, name);
      if ((await stat(path)).isFile()) rows.push(gradeLog(name, await readFile(path, 'latin1')));
    }
  }
  context.out.write(`${formatGrade(rows)}\n`);
  return 0;
}
