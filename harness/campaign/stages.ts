// SPDX-License-Identifier: MIT
import type { RunEmitter } from '../model/index.ts';

/** Tells listeners what is being done before and between trials. */
export interface Stages {
  /** Runs one stage; its failure is told and thrown on. `progress` takes a short text. */
  run<T>(stage: string, title: string, work: (progress: (text: string) => void) => Promise<T>): Promise<T>;
}

/** Makes stages that tell a listener. */
export function emitStages(listen: RunEmitter): Stages {
  return {
    async run(stage, title, work) {
      const startedAt = performance.now();
      const ended = (ok: boolean, text: string) =>
        listen({
          type: 'stageEnded',
          stage,
          ok,
          text,
          durationMs: Math.round(performance.now() - startedAt),
        });
      listen({ type: 'stageStarted', stage, title });
      try {
        const result = await work((text) => listen({ type: 'stageProgress', stage, text }));
        ended(true, outcomeOf(result));
        return result;
      } catch (error) {
        ended(false, error instanceof Error ? error.message : String(error));
        throw error;
      }
    },
  };
}

/** `cached` for a build that was there already. */
function outcomeOf(result: unknown): string {
  if (typeof result !== 'object' || result === null) return '';
  if ('cached' in result && result.cached === true) return 'cached';
  if ('ok' in result && result.ok === false) return 'failed';
  return '';
}
