// SPDX-License-Identifier: MIT
import { DELAY_MODULE } from './modules.ts';
import type { SettledScenario } from './settled.ts';
import { hasWiden } from './widened-steps.ts';

/** The modules of ktrial's own that a scenario needs in its guest, and so what is built for each kernel. */
export function listGuestModules(settled: SettledScenario): readonly string[] {
  return hasWiden(settled) ? [DELAY_MODULE] : [];
}
