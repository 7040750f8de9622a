// SPDX-License-Identifier: MIT
import { type RunListener, terminalText } from '../model/index.ts';
import type { Context } from './context.ts';

/** Progress on standard error: a task tree on a terminal, dated lines elsewhere. */
export interface OpenProgress {
  readonly listen: RunListener;
  end(): Promise<void>;
}

/** Opens the progress reporter. What it throws is printed once and stops nothing. */
export async function openProgress({ err, color }: Pick<Context, 'err' | 'color'>): Promise<OpenProgress> {
  const { createProgress, fanOut } = await import('../report/index.ts');
  const progress = createProgress({
    write: (text: string) => err.writeReport(terminalText(text, err.isTty ? 'drawn' : 'plain')),
    interactive: err.isTty,
    color,
    size: () => err.size(),
  });
  const listen = fanOut([progress], (reporter, error) =>
    err.write(`ktrial: the reporter ${reporter} failed: ${String(error)}\n`),
  );
  return { listen, end: async () => void (await progress.end()) };
}
