// SPDX-License-Identifier: MIT
import type { BuildArchitecture } from './architecture.ts';

export const arm64: BuildArchitecture = {
  makeArch: 'arm64',
  defconfigs: 'arch/arm64/configs',
  bootTarget: 'Image',
  bootImage: 'arch/arm64/boot/Image',
};
