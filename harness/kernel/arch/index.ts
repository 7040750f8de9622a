// SPDX-License-Identifier: MIT
import { x86_64 } from './x86_64.ts';

/** What building a kernel needs to know of an architecture. */
export interface Architecture {
  readonly name: 'x86_64';
  /** The word after `ARCH=`. */
  readonly makeArch: string;
  readonly bootTarget: string;
  /** The boot image, relative to the build's output. */
  readonly bootImage: string;
}

const ARCHITECTURES: Readonly<Record<Architecture['name'], Architecture>> = { x86_64 };

/** The architecture of this name. */
export function architectureOf(name: Architecture['name']): Architecture {
  return ARCHITECTURES[name];
}
