// SPDX-License-Identifier: MIT
import { type RunListener, terminalText } from '../model/index.ts';
import type { Context } from './context.ts';
import { startHeartbeat } from './heartbeat.ts';

/** Progress on standard error: a task tree on a terminal, dated lines elsewhere. */
export interface OpenProgress {
  readonly listen: RunListener;
  end(): Promise<void>;
}

/**
 * Opens the progress reporter. What it throws is printed once and stops nothing. With `--quiet` there is none; where consoles are
 * shown as they come, it writes lines between theirs.
 */
export async function openProgress(
  { err, color, wordiness }: Pick<Context, 'err' | 'color' | 'wordiness'>,
  options: { readonly console?: boolean } = {},
): Promise<OpenProgress> {
  if (wordiness === 'quiet') return { listen: () => {}, end: async () => {} };
  const { createActivity, createProgress, fanOut } = await import('../report/index.ts');
  const interactive = err.isTty && options.console !== true;
  const progress = createProgress({
    write: (text: string) => err.writeReport(terminalText(text, interactive ? 'drawn' : 'plain')),
    interactive,
    verbose: wordiness === 'verbose',
    color,
    size: () => err.size(),
  });
  const activity = createActivity(() => Date.now());
  // A terminal's live lines turn all the time.
  const stop = interactive ? () => {} : startHeartbeat({ err, wordiness }, activity.describe);
  const listen = fanOut([progress, activity], (reporter, error) =>
    err.write(`ktrial: the reporter ${reporter} failed: ${String(error)}\n`),
  );
  return {
    listen,
    async end() {
      stop();
      await progress.end();
    },
  };
}
