// SPDX-License-Identifier: MIT
import type { RunEmitter, RunListener } from '../model/index.ts';
import type { Context } from './context.ts';

/** Progress on standard error: a task tree on a terminal, dated lines elsewhere. */
export interface OpenProgress {
  readonly listen: RunListener;
  /** For commands that build and boot without a journal: stamps an event and passes it on. */
  readonly emit: RunEmitter;
  end(): Promise<void>;
}

/** Opens the progress reporter, alone. */
export async function openProgress(context: Context): Promise<OpenProgress> {
  const { createProgress, fanOut } = await import('../report/index.ts');
  const progress = createProgress({
    write: (text: string) => void context.err.write(text),
    interactive: context.err.isTTY === true,
    color: context.color,
    size: () => ({ columns: context.err.columns ?? 80, rows: context.err.rows ?? 24 }),
  });
  const listen = fanOut(
    [progress],
    (reporter, error) =>
      void context.err.write(`ktrial: the reporter ${reporter} failed: ${String(error)}\n`),
  );
  return {
    listen,
    emit: (body) => listen({ format: 1, seq: 0, at: new Date().toISOString(), ...body }),
    end: async () => {
      await progress.end();
    },
  };
}
