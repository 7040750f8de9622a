// SPDX-License-Identifier: MIT
// Makes: commands run, files written whole, locks, an undo stack, Debian packages fetched: the only door to this computer.
// Needs: model.
// Never: knows what a kernel, a series or a machine is.
export type { DebianSource } from './apt.ts';
export type { CommandOptions, CommandResult } from './command.ts';
export { childEnvironment, inheritEnvironment, quoteArgv, runCommand, tail } from './command.ts';
export type { Daemon, DaemonEnd } from './daemon.ts';
export { startDaemon } from './daemon.ts';
export type { DebianPackage } from './debian.ts';
export { fetchDebianClosure, fetchDebianPackage } from './debian.ts';
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
export type { Scratch } from './scratch.ts';
export { makeScratch, reapScratch } from './scratch.ts';
export { UndoStack } from './undo.ts';
export { pause, withDeadline } from './wait.ts';
