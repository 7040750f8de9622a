// SPDX-License-Identifier: MIT
// Makes: commands run, git run, files written whole, scratch directories, locks: the only door to this computer.
// Needs: model.
// Never: knows what a kernel, a series or a machine is.
export { emulatorOf, hostArchitecture, toolPrefix } from './architecture.ts';
export type { CommandOptions, CommandResult } from './command.ts';
export { runCommand } from './command.ts';
export type { Confinement } from './confine.ts';
export type { Daemon, DaemonEnd } from './daemon.ts';
export { startDaemon } from './daemon.ts';
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
export { filterThrough } from './filter.ts';
export { followInput } from './follow.ts';
export type { GitOptions } from './git.ts';
export { runGit } from './git.ts';
export type { InputOptions } from './input.ts';
export { inputFault, listInput, lookAtInput, readInput, streamInput } from './input.ts';
export { findInputFiles } from './input-tree.ts';
export { lookInside, readInside } from './inside.ts';
export { readTail, tail } from './lines.ts';
export type { Lock } from './lock.ts';
export { takeFreeLock, takeLock } from './lock.ts';
export { ownerTag } from './owner.ts';
export type { Feature, SystemPackage } from './package.ts';
export { FEATURES, isNeeded, packageOf, SYSTEM_PACKAGES } from './package.ts';
export type { DevicePlaces, PciDevice } from './pci-device.ts';
export { findPciDevice } from './pci-device.ts';
export type { Program } from './process.ts';
export { startProgram } from './process.ts';
export { spareProcesses } from './process-room.ts';
export type { Repository } from './repository.ts';
export { openRepository } from './repository.ts';
export { giveToSandbox, placeInSandbox, probeSandbox, removeHostile } from './sandbox.ts';
export type { Sandbox } from './sandbox-argv.ts';
export type { Excess } from './sandbox-watch.ts';
export type { Scratch } from './scratch.ts';
export { giveScratchTo, makeScratch, reapScratch } from './scratch.ts';
export { streamStandardInput } from './standard-input.ts';
export type { OwnDirectory } from './usable.ts';
export {
  ownDirectoryFault,
  requireUsableDirectory,
  requireUsablePath,
  temporaryDirectory,
} from './usable.ts';
export { delay, pause, withDeadline } from './wait.ts';
