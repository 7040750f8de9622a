// SPDX-License-Identifier: MIT
// Makes: files of Debian packages on this computer, verified against Debian's archive keyring.
// Needs: host, model.
// Never: reads or writes the package state of this computer's own apt; installs anything.
export type { DebianSource } from './apt.ts';
export { resolveDebianClosure } from './closure.ts';
export { fetchDebianClosure, fetchDebianPackage } from './fetch.ts';
export { DEBIAN_FORMS } from './name.ts';
