// SPDX-License-Identifier: MIT
import { type Fault, formatJson, toFault } from '../../model/index.ts';
import { printSplat, REPORT_COLUMNS, scanJson, terminalText } from '../../report/index.ts';
import {
  findLogKernel,
  gradeDirectories,
  type LogKernel,
  type LogScan,
  type LogSource,
  nameSourceLines,
  openLogSource,
  parseOptionalKinds,
  readLog,
} from '../../scan/index.ts';
import type { Context } from '../context.ts';
import { describeFault } from '../failure.ts';

export interface ScanOptions {
  readonly json?: boolean;
  readonly vmlinux?: string;
  readonly source?: string;
  readonly also?: string;
  readonly grade?: boolean;
}

/**
 * Finds splats in logs. Exit code 1 when there is one; with --json 0, since programs read the answer. A log that cannot be read
 * is no clean log: exit code 2, after the others were read.
 */
export async function execute(
  context: Context,
  args: readonly string[],
  options: ScanOptions,
): Promise<number> {
  if (options.grade) {
    context.out.write(`${await gradeDirectories(args, placeOf(context, args))}\n`);
    return 0;
  }
  const names = args.length > 0 ? args : ['-'];
  const kinds = parseOptionalKinds(options.also);
  const place = placeOf(context, names);
  const kernel = await findLogKernel(options, place);
  const sources: LogSource[] = [];
  for (const name of names) sources.push(await openLogSource(name, place));
  let found = 0;
  const faults: Fault[] = [];
  for (const source of sources) {
    try {
      const scan = await nameLines(await readLog(source, { limits: context.limits, kinds }), kernel);
      found += scan.splats.length;
      if (options.json) context.out.write(`${formatJson(scanJson(source.name, scan))}\n`);
      else printScan(context, source.name, scan, sources.length > 1);
    } catch (error) {
      const fault = toFault(error);
      if (sources.length === 1 || fault.blame !== 'request' || fault.code === 'HOST_INTERRUPTED') throw error;
      context.err.write(describeFault(fault, false));
      faults.push(fault);
    }
  }
  if (faults.length > 0) {
    context.err.write(`ktrial: ${faults.length} of ${sources.length} logs could not be read\n`);
    return 2;
  }
  return found > 0 && !options.json ? 1 : 0;
}

/** A directory that is gone matters only to a log that is named relative to it. */
function placeOf(context: Context, names: readonly string[]) {
  const { limits, signal, streamStandardInput } = context;
  const isAnywhere = names.every((name) => name === '-' || name.startsWith('/'));
  return {
    limits,
    signal,
    streamStandardInput,
    get workingDirectory() {
      return isAnywhere ? '/' : context.workingDirectory;
    },
  };
}

async function nameLines(scan: LogScan, kernel: LogKernel | null): Promise<LogScan> {
  return kernel === null ? scan : { ...scan, splats: await nameSourceLines(scan.splats, kernel) };
}

function printScan(context: Context, name: string, scan: LogScan, isOneOfMany: boolean): void {
  const { splats, lines, dropped } = scan;
  const head = isOneOfMany ? `${name}: ` : '';
  // Nothing of a log is left out: a reader of one log may know better than the unwinder.
  const options = { color: context.color, columns: REPORT_COLUMNS, verbose: true };
  for (const splat of splats) {
    if (isOneOfMany) context.out.write(`${name}:\n`);
    const text = `${printSplat(splat, options).join('\n')}\n`;
    context.out.writeReport(terminalText(text, context.color ? 'coloured' : 'plain'));
  }
  const count = (number: number, one: string) => `${number} ${one}${number === 1 ? '' : 's'}`;
  context.out.write(
    `${head}${splats.length === 0 ? 'no complaint of the kernel' : count(splats.length, 'complaint')} in ${count(lines, 'line')}\n`,
  );
  if (dropped > 0)
    context.out.write(
      `${head}${count(dropped, 'more complaint')} found and not kept: --limit splats=${splats.length + dropped} keeps them\n`,
    );
}
