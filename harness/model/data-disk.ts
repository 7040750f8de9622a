// SPDX-License-Identifier: MIT

/** What machines that share all else may differ in, as a disk: modules, and VMs inside the guest. */
export interface DataDisk {
  readonly path: string;
  /** SHA-256 of what is in it, without the empty space behind: two with the same digest are the same, byte for byte. */
  readonly digest: string;
}
