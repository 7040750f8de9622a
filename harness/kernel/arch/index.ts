// SPDX-License-Identifier: MIT
import type { Architecture } from './architecture.ts';
import { x86_64 } from './x86_64.ts';

const ARCHITECTURES: Readonly<Record<Architecture['name'], Architecture>> = { x86_64 };

/** The architecture of this name. */
export function architectureOf(name: Architecture['name']): Architecture {
  return ARCHITECTURES[name];
}
