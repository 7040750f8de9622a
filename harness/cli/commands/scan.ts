// SPDX-License-Identifier: MIT
import { Fault, formatJson, type Splat, terminalText, toFault } from '../../model/index.ts';
import {
  complaintJson,
  findLogKernel,
  followLog,
  gradeDirectories,
  type LogKernel,
  type LogPlace,
  type LogScan,
  type LogSource,
  nameSourceLines,
  openGrowingLog,
  openLogSource,
  parseOptionalKinds,
  readLog,
  scanJson,
} from '../../scan/index.ts';
import type { Context } from '../context.ts';
import { describeFault } from '../failure.ts';

export interface ScanOptions {
  readonly json?: boolean;
  readonly follow?: boolean;
  readonly fail?: boolean;
  readonly vmlinux?: string;
  readonly source?: string;
  readonly also?: string;
  readonly grade?: boolean;
}

/**
 * Finds splats in logs. Exit code 1 when there is one; with --json and --follow only if --fail is given, since programs and
 * people read the answer. A log that cannot be read is no clean log: exit code 2, after the others were read.
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
  if (options.follow) return follow(context, await openGrowing(names, place), { ...options, kinds, kernel });
  const sources: LogSource[] = [];
  for (const name of names) sources.push(await openLogSource(name, place));
  let found = 0;
  const faults: Fault[] = [];
  for (const source of sources) {
    try {
      const scan = await readLog(source, { limits: context.limits, kinds });
      const splats = await nameLines(scan.splats, kernel);
      found += splats.length;
      await printScan(
        context,
        source.name,
        { ...scan, splats },
        options.json ? 'json' : sources.length > 1 ? 'many' : 'one',
      );
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
  return found > 0 && (options.fail || !options.json) ? 1 : 0;
}

async function openGrowing(names: readonly string[], place: LogPlace): Promise<LogSource> {
  const [name = '-', ...more] = names;
  if (more.length === 0) return openGrowingLog(name, place);
  throw new Fault({
    blame: 'request',
    code: 'SCAN_FOLLOW_ONE',
    message: `got ${names.length} logs to follow, expected one`,
    next: 'start one ktrial scan --follow for each log',
  });
}

interface FollowOptions extends ScanOptions {
  readonly kinds: ReturnType<typeof parseOptionalKinds>;
  readonly kernel: LogKernel | null;
}

/** Prints complaints as they come, while anybody reads them. */
async function follow(context: Context, source: LogSource, options: FollowOptions): Promise<number> {
  context.expectInterrupt();
  let found = 0;
  for await (const news of followLog(source, { limits: context.limits, kinds: options.kinds })) {
    if (news.kind === 'begun') {
      context.err.write(`ktrial: a report began and stopped: ${news.title.replaceAll('\n', '?')}\n`);
      continue;
    }
    if (news.kind === 'end') {
      if (!options.json) context.out.write(`${describeCount(found, news.lines)}\n`);
      break;
    }
    const { corrects } = news;
    if (!corrects) found += 1;
    const [splat = news.splat] = await nameLines([news.splat], options.kernel);
    if (options.json) context.out.write(`${formatJson(complaintJson(source.name, splat, corrects))}\n`);
    else {
      if (corrects) context.out.write('more of an earlier complaint came, which is now:\n');
      await printComplaint(context, splat);
    }
    await context.out.flush();
    if (context.out.isClosed) break;
  }
  return found > 0 && options.fail ? 1 : 0;
}

/** A directory that is gone matters only to a log that is named relative to it. */
function placeOf(context: Context, names: readonly string[]): LogPlace {
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

async function nameLines(splats: readonly Splat[], kernel: LogKernel | null): Promise<readonly Splat[]> {
  return kernel === null ? splats : nameSourceLines(splats, kernel);
}

async function printScan(
  context: Context,
  name: string,
  scan: LogScan,
  form: 'json' | 'one' | 'many',
): Promise<void> {
  const { splats, lines, dropped } = scan;
  if (form === 'json') {
    context.out.write(`${formatJson(scanJson(name, scan))}\n`);
    return;
  }
  const head = form === 'many' ? `${name}: ` : '';
  for (const splat of splats) {
    if (form === 'many') context.out.write(`${name}:\n`);
    await printComplaint(context, splat);
  }
  context.out.write(`${head}${describeCount(splats.length, lines)}\n`);
  if (dropped > 0)
    context.out.write(
      `${head}${count(dropped, 'more complaint')} found and not kept: --limit splats=${splats.length + dropped} keeps them\n`,
    );
}

async function printComplaint(context: Context, splat: Splat): Promise<void> {
  // Most logs have none, and what prints one takes long to load.
  const { printSplat, REPORT_COLUMNS } = await import('../../report/index.ts');
  // Nothing of a log is left out: a reader of one log may know better than the unwinder.
  const options = { color: context.color, columns: REPORT_COLUMNS, verbose: true };
  const text = `${printSplat(splat, options).join('\n')}\n`;
  context.out.writeReport(terminalText(text, context.color ? 'coloured' : 'plain'));
}

function describeCount(complaints: number, lines: number): string {
  return `${complaints === 0 ? 'no complaint of the kernel' : count(complaints, 'complaint')} in ${count(lines, 'line')}`;
}

function count(number: number, one: string): string {
  return `${number} ${one}${number === 1 ? '' : 's'}`;
}
