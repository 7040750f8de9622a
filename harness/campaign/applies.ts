// SPDX-License-Identifier: MIT
import { openBuildTree } from '../kernel/index.ts';
import type { Rejection } from '../model/index.ts';
import { applySeries } from '../series/index.ts';
import { chooseBase } from './base.ts';
import type { ForesightPlace } from './foresee.ts';
import type { ArmsRequest } from './request.ts';

/** A request whose series does not apply to its base. */
export interface RejectedRequest {
  readonly index: number;
  readonly rejection: Rejection;
}

/**
 * Applies the series of requests for one kernel, each alone, and returns the first one that does not apply; null where all do.
 * Nothing is built. Faults of `openBuildTree`.
 */
export async function findRejected(
  requests: readonly ArmsRequest[],
  place: ForesightPlace,
  onProgress: (text: string) => void,
): Promise<RejectedRequest | null> {
  const [first] = requests;
  if (!first) return null;
  const { cacheDirectory, limits, signal } = place;
  const { kernel, mirror, allowUnsandboxed } = first;
  await using tree = await openBuildTree(kernel, {
    cacheDirectory,
    limits,
    allowUnsandboxed,
    signal,
    onProgress,
    ...(mirror === null ? {} : { mirror }),
  });
  for (const [index, request] of requests.entries()) {
    const { series } = request;
    if (series === null) continue;
    const { commit } = await chooseBase(request, tree);
    await tree.checkOut(commit);
    const { ok, patches, ...result } = await applySeries(series, tree.tree, { signal });
    if (!ok && 'conflict' in result) {
      const { conflict } = result;
      return { index, rejection: { kind: 'conflict', conflict, applied: patches, canChooseBase: false } };
    }
  }
  return null;
}
