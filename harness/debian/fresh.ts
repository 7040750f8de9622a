// SPDX-License-Identifier: MIT
import { isFault } from '../model/index.ts';
import { type AptState, updateLists } from './apt.ts';

/**
 * Asks the lists that are there. A stale list may name versions that the mirror has dropped, and a damaged one cannot be
 * read: when apt fails or finds nothing, then once more with lists that are read again.
 */
export async function withFreshLists<Found>(
  state: AptState,
  find: () => Promise<readonly Found[]>,
): Promise<readonly Found[]> {
  const first = await find().catch((cause: unknown) => {
    if (isFault(cause, 'HOST_COMMAND_FAILED')) return [];
    throw cause;
  });
  if (first.length > 0) return first;
  await updateLists(state);
  return find();
}
