// SPDX-License-Identifier: MIT
import { DELAY_MODULE, kernelNameOf, LOADABLE_MODULES } from './modules.ts';
import type { SettledScenario } from './settled.ts';
import { hasWiden } from './widened-steps.ts';

/** The modules of ktrial's own that a scenario needs in its guest, and so what is built for each kernel. */
export function listGuestModules(settled: SettledScenario): readonly string[] {
  const { modules, setup, steps, cleanup } = settled;
  const named = new Set(listModules([modules, setup, steps, cleanup]).map(kernelNameOf));
  return [
    ...(hasWiden(settled) ? [DELAY_MODULE] : []),
    ...LOADABLE_MODULES.filter((module) => named.has(module)),
  ];
}

/** Every module that is named: steps, and the actors of races, have it under the key `module`. */
function listModules(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'module' && typeof inner === 'string' ? [inner] : listModules(inner),
  );
}
