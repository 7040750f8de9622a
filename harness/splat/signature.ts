// SPDX-License-Identifier: MIT
import { titleName } from './culprit.ts';
import { normaliseTitle } from './title.ts';

/** Grows when signatures change, so that stored ones can be told apart. */
export const SIGNATURE_VERSION = 2;

/** What makes two splats the same bug: type, wording and culprit. No address, offset, CPU, PID or stamp is in it. */
export function signSplat(type: string, title: string, culprit: string | null): string {
  return `${SIGNATURE_VERSION}:${type}:${normaliseTitle(title)}:${culprit === null ? '' : titleName(culprit)}`;
}
