// SPDX-License-Identifier: MIT
import { titleName } from './culprit.ts';
import { type Naming, normaliseTitle } from './title.ts';

/** Increased whenever signatures change, so that stored ones of different versions are not compared. */
export const SIGNATURE_VERSION = 3;

/** What happened to a kernel before, and which modules it has, is in the titles of its allocator; it makes no other bug. */
const TAINT = / \((?:Not tainted|Tainted:[^)]*)\)/;

/** Two splats with the same signature are the same bug: type, title and culprit, without addresses, offsets, CPU, PID, stamps and taint. */
export function signSplat(
  type: string,
  title: string,
  culprit: string | null,
  naming: Pick<Naming, 'normaliseTitle' | 'titleName'> = { normaliseTitle, titleName },
): string {
  const name = culprit === null ? '' : naming.titleName(culprit);
  return `${SIGNATURE_VERSION}:${type}:${naming.normaliseTitle(title).replace(TAINT, '')}:${name}`;
}
