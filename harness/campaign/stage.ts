// SPDX-License-Identifier: MIT
import type { Progress } from './performer.ts';
import type { Recorder } from './recorder.ts';

/** Runs one stage and records its start and end; its failure is recorded and thrown on. */
export async function runStage<Result>(
  recorder: Recorder,
  stage: string,
  title: string,
  work: (progress: Progress) => Promise<Result>,
): Promise<Result> {
  const startedAt = performance.now();
  const ended = (ok: boolean, text: string) =>
    recorder.append({
      type: 'stageEnded',
      stage,
      ok,
      text,
      durationMs: Math.round(performance.now() - startedAt),
    });
  recorder.append({ type: 'stageStarted', stage, title });
  let result: Result;
  try {
    result = await work((text) => recorder.emitLive({ type: 'stageProgress', stage, text }));
  } catch (error) {
    ended(false, error instanceof Error ? error.message : String(error));
    throw error;
  }
  ended(true, describe(result));
  return result;
}

/** `cached` for a kernel that was there already, `failed` for bad news about the series. */
function describe(result: unknown): string {
  if (typeof result !== 'object' || result === null) return '';
  if ('build' in result) {
    const { built, cached } = result.build as { readonly built: boolean; readonly cached: boolean };
    return built ? (cached ? 'cached' : '') : 'failed';
  }
  return 'ok' in result && result.ok === false ? 'failed' : '';
}
