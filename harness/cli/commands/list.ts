// SPDX-License-Identifier: MIT
import { basename } from 'node:path';
import { listRunDirectories, readRun } from '../../campaign/index.ts';
import { formatJson, toFault } from '../../model/index.ts';
import { describeRun } from '../../report/index.ts';
import type { Context } from '../context.ts';

/** Lists the runs on this computer, newest first, a line each. */
export async function execute(
  context: Context,
  _args: readonly string[],
  options: { readonly json?: boolean },
): Promise<number> {
  for (const directory of await listRunDirectories(context)) {
    try {
      const state = readRun(directory);
      const { id, title } = state.request;
      context.out.write(
        options.json
          ? `${formatJson({ format: 1, id, directory, title, startedAt: state.startedAt, end: state.end, comparison: state.verdict?.comparison ?? null })}\n`
          : `${describeRun(state)}\n`,
      );
    } catch (error) {
      context.err.write(`ktrial: ${basename(directory)} cannot be read: ${toFault(error).message}\n`);
    }
  }
  return 0;
}
