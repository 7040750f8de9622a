// SPDX-License-Identifier: MIT
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import {
  type OwnDirectory,
  ownDirectoryFault,
  requireUsableDirectory,
  writeFileAtomic,
} from '../host/index.ts';
import { type CampaignState, Fault, type TerminalText, terminalText } from '../model/index.ts';
import { REPORT_COLUMNS, REPORTERS } from '../report/index.ts';
import type { Context } from './context.ts';

/** A report that was asked for: `tap`, or `junit:results.xml`. */
export interface WantedReport {
  readonly format: keyof typeof REPORTERS;
  /** Null: standard output. */
  readonly path: string | null;
}

/** Reads `-o FORMAT[:PATH]`, repeated. Fault `CLI_BAD_FORMAT` (request). */
export function parseOutputs(args: readonly string[]): readonly WantedReport[] {
  const wanted = args.map(parseOutput);
  if (wanted.filter((one) => one.path === null).length > 1)
    throw new Fault({
      blame: 'request',
      code: 'CLI_BAD_FORMAT',
      message: 'got two reports for standard output, expected one',
      next: 'write one of them to a file: -o junit:results.xml',
    });
  return wanted;
}

function parseOutput(arg: string): WantedReport {
  const [format = '', ...rest] = arg.split(':');
  const path = rest.join(':');
  const known = Object.keys(REPORTERS);
  if (Object.hasOwn(REPORTERS, format) && (rest.length === 0 || path !== ''))
    return { format: format as WantedReport['format'], path: rest.length === 0 ? null : path };
  throw new Fault({
    blame: 'request',
    code: 'CLI_BAD_FORMAT',
    message: `got -o ${arg}, expected FORMAT or FORMAT:PATH`,
    next: `FORMAT is one of ${known.join(', ')}`,
  });
}

/** A report as text. The same state gives the same text, live and later. */
export function renderReport(
  format: WantedReport['format'],
  state: CampaignState,
  runDirectory: string,
  options: { readonly color: boolean; readonly columns: number; readonly verbose: boolean },
): TerminalText {
  const text = REPORTERS[format](state, { runDirectory, ...options });
  return terminalText(text, options.color ? 'coloured' : 'plain');
}

/**
 * Requires that each report can be written where it is asked for: before the work, since afterwards it would be lost. Faults:
 * `CLI_BAD_OUTPUT`, those of `requireUsableDirectory` (request).
 */
export async function requireWritableOutputs(
  context: Context,
  wanted: readonly WantedReport[],
): Promise<void> {
  for (const { path } of wanted) {
    if (path === null) continue;
    const file = resolve(context.workingDirectory, path);
    await requireUsableDirectory(outputDirectory(file));
    const there = await stat(file).catch(() => null);
    if (there && !there.isFile())
      throw new Fault({
        blame: 'request',
        code: 'CLI_BAD_OUTPUT',
        message: `got ${there.isDirectory() ? 'the directory' : 'no plain file'} ${path} to write a report to, expected a file`,
        next: 'name a file: -o junit:results.xml',
      });
  }
}

function outputDirectory(file: string): OwnDirectory {
  return {
    path: dirname(file),
    what: 'the directory of a report',
    setting: '-o FORMAT:PATH',
    blame: 'request',
  };
}

/** Writes every report that was asked for. */
export async function writeReports(
  context: Context,
  wanted: readonly WantedReport[],
  state: CampaignState,
  runDirectory: string,
  verbose: boolean,
): Promise<void> {
  for (const { format, path } of wanted) {
    const color = path === null && format === 'table' && context.color;
    const columns = path === null && context.out.isTty ? context.out.size().columns : REPORT_COLUMNS;
    const text = renderReport(format, state, runDirectory, { color, columns, verbose });
    if (path === null) context.out.writeReport(text);
    else await writeReport(resolve(context.workingDirectory, path), text);
  }
}

async function writeReport(file: string, text: string): Promise<void> {
  await writeFileAtomic(file, text).catch((cause: unknown) => {
    throw ownDirectoryFault(outputDirectory(file), cause, file);
  });
}
