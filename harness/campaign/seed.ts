// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';

/** The seed of one attempt at one scenario, from the campaign's: the same on every arm, so that arms differ in the kernel alone. */
export function seedOf(campaignSeed: number, scenario: string, attempt: number): number {
  return createHash('sha256').update(`${campaignSeed}\0${scenario}\0${attempt}`).digest().readUInt32LE(0);
}
