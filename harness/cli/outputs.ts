// SPDX-License-Identifier: MIT
import { resolve } from 'node:path';
import { writeFileAtomic } from '../host/index.ts';
import { type CampaignState, Fault } from '../model/index.ts';
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
): string {
  return REPORTERS[format](state, { runDirectory, ...options });
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
    if (path === null) context.out.write(text);
    else await writeFileAtomic(resolve(context.workingDirectory, path), text);
  }
}
