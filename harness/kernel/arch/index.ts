// SPDX-License-Identifier: MIT
import type { Architecture } from '../../model/index.ts';
import type { BuildArchitecture } from './architecture.ts';
import { arm64 } from './arm64.ts';
import { x86_64 } from './x86_64.ts';

const ARCHITECTURES: Readonly<Record<Architecture, BuildArchitecture>> = { x86_64, arm64 };

/** How kernels of this architecture are built. */
export function architectureOf(name: Architecture): BuildArchitecture {
  return ARCHITECTURES[name];
}
