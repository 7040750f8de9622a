// SPDX-License-Identifier: MIT
import { Fault } from '../../model/index.ts';
import type { Architecture } from './architecture.ts';
import { x86_64 } from './x86_64.ts';

const ARCHITECTURES: Readonly<Partial<Record<Architecture['name'], Architecture>>> = { x86_64 };

/** The architecture of this name. Fault `KERNEL_NO_ARCHITECTURE` (request). */
export function architectureOf(name: Architecture['name']): Architecture {
  const found = ARCHITECTURES[name];
  if (found) return found;
  throw new Fault({
    blame: 'request',
    code: 'KERNEL_NO_ARCHITECTURE',
    message: `kernels for ${name} cannot be built yet`,
    next: `set arch: to ${Object.keys(ARCHITECTURES).join(' or ')}`,
  });
}
