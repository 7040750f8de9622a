// SPDX-License-Identifier: MIT

/** What building a kernel needs to know of an architecture. */
export interface BuildArchitecture {
  /** The value of `ARCH=`. */
  readonly makeArch: string;
  /** Where the source has its `NAME_defconfig` files. */
  readonly defconfigs: string;
  readonly bootTarget: string;
  /** The boot image, relative to the build's output. */
  readonly bootImage: string;
}
