// SPDX-License-Identifier: MIT

/** What was there after the setup, as far as the scenario's checks compare with it. */
export interface Snapshot {
  /** The numbers of the iommu groups; null where nobody asked. */
  readonly iommuGroups: readonly string[] | null;
  /** Whether kmemleak was told to forget what had leaked by then. */
  readonly kmemleak: boolean;
}

/** Nothing has been looked at. */
export const NO_SNAPSHOT: Snapshot = { iommuGroups: null, kmemleak: false };
