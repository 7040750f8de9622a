// SPDX-License-Identifier: MIT
import { bareName } from './frame.ts';

/** Grows when signatures change, so that stored ones can be told apart. */
export const SIGNATURE_VERSION = 1;

/** What makes two splats the same bug: type, wording and culprit. No address, offset, CPU, PID or stamp is in it. */
export function signSplat(type: string, title: string, culprit: string | null): string {
  return `${SIGNATURE_VERSION}:${type}:${normaliseTitle(title)}:${culprit === null ? '' : bareName(culprit)}`;
}

/** A title without what differs from run to run. */
export function normaliseTitle(title: string): string {
  return title
    .replace(/\b0x[0-9a-f]+\b/gi, 'ADDR')
    .replace(/(?<![A-Za-z])[0-9a-f]{8,}\b/gi, 'ADDR')
    .replace(/\b\d+\b/g, 'NUM')
    .replace(/[^\x20-\x7e]/g, '')
    .replace(/\s+/g, ' ')
    .slice(0, 120)
    .trim();
}
