// SPDX-License-Identifier: MIT
import type { BuildArchitecture } from './architecture.ts';

export const x86_64: BuildArchitecture = {
  makeArch: 'x86',
  defconfigs: 'arch/x86/configs',
  bootTarget: 'bzImage',
  bootImage: 'arch/x86/boot/bzImage',
};
