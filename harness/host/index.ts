// SPDX-License-Identifier: MIT
// Makes: commands run, files written whole, locks, Debian packages fetched: the only door to this computer.
// Needs: model.
// Never: knows what a kernel, a series or a machine is.
export type { DebianSource } from './apt.ts';
export type { CommandOptions, CommandResult } from './command.ts';
export { quoteArgv, runCommand, tail } from './command.ts';
export type { Daemon, DaemonEnd } from './daemon.ts';
export { startDaemon } from './daemon.ts';
export type { DebianPackage } from './debian.ts';
export { fetchDebianClosure, fetchDebianPackage } from './debian.ts';
export { childEnvironment, inheritEnvironment } from './environment.ts';
export {
  availableMemoryMib,
  digestFile,
  digestOf,
  exists,
  freeSpaceMib,
  listFiles,
  makeDirectoryAtomic,
  writeFileAtomic,
} from './files.ts';
export type { Lock } from './lock.ts';
export { takeFreeLock, takeLock } from './lock.ts';
export { archiveOf, findDebianMirror } from './mirror.ts';
export type { SystemPackage } from './package.ts';
export { packageOf, SYSTEM_PACKAGES } from './package.ts';
export type { Program } from './process.ts';
export { startProgram } from './process.ts';
