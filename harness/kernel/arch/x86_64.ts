// SPDX-License-Identifier: MIT
import type { Architecture } from './architecture.ts';

export const x86_64: Architecture = {
  name: 'x86_64',
  makeArch: 'x86',
  defconfigs: 'arch/x86/configs',
  bootTarget: 'bzImage',
  bootImage: 'arch/x86/boot/bzImage',
};
