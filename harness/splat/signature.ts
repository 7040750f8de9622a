// SPDX-License-Identifier: MIT
import { titleName } from './culprit.ts';
import { normaliseTitle } from './title.ts';

/** Increased whenever signatures change, so that stored ones of different versions are not compared. */
export const SIGNATURE_VERSION = 3;

/** Two splats with the same signature are the same bug: type, title and culprit, without addresses, offsets, CPU, PID and stamps. */
export function signSplat(type: string, title: string, culprit: string | null): string {
  return `${SIGNATURE_VERSION}:${type}:${normaliseTitle(title)}:${culprit === null ? '' : titleName(culprit)}`;
}
