// SPDX-License-Identifier: MIT
import { arch } from 'node:os';
import type { Architecture } from '../model/index.ts';

/** The architecture of this computer; null where ktrial has no machines of it. */
export function hostArchitecture(): Architecture | null {
  const own = arch();
  return own === 'x64' ? 'x86_64' : own === 'arm64' ? 'arm64' : null;
}

/** GNU's and QEMU's name of an architecture, in names of programs. */
const GNU: Readonly<Record<Architecture, string>> = { x86_64: 'x86_64', arm64: 'aarch64' };

/**
 * What the names of compiler and binary tools for an architecture begin with on this computer: nothing for its own,
 * `aarch64-linux-gnu-` and the like for another.
 */
export function toolPrefix(architecture: Architecture): string {
  return architecture === hostArchitecture() ? '' : `${GNU[architecture]}-linux-gnu-`;
}

/** The program that emulates machines of an architecture. */
export function emulatorOf(architecture: Architecture): string {
  return `qemu-system-${GNU[architecture]}`;
}
