// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  type Excess,
  freeSpaceMib,
  ownerTag,
  removeHostile,
  runCommand,
  spareProcesses,
  tail,
} from '../host/index.ts';
import { type Diagnostic, Fault } from '../model/index.ts';
import { findBlocked } from './blocked.ts';
import { DISK, findLabTrouble, isAboutSource } from './build-failure.ts';
import type { Containment } from './containment.ts';

export interface FailedBuild {
  readonly tree: string;
  readonly output: string;
  readonly containment: Containment;
  readonly log: string;
  readonly logPath: string;
  readonly exceeded: Excess | undefined;
  readonly found: readonly Diagnostic[];
}

/** What a shell, make or a compiler says when it may start no further process. */
const CANNOT_FORK = /[Cc]annot fork|(?:fork|clone|spawn)\b.{0,80}Resource temporarily unavailable/;
/** What a sandbox makes programs say, of a disk that has room and can be written to. */
const SANDBOX_SAYS = /Read-only file system|No space left on device/;
/** Free space with which "No space left on device" is not about the disk. */
const ENOUGH_MIB = 64;

/**
 * Passes for a build that failed because of its own code: an error in the source, a bound that it exceeded, or something
 * that the sandbox kept it from. Returns sentences for what the compiler has no words for. Fault
 * `KERNEL_BUILD_DISTURBED` for anything else.
 */
export async function judgeFailure(build: FailedBuild): Promise<readonly string[]> {
  const { log, exceeded, found, containment } = build;
  if (exceeded) {
    if (exceeded.limit !== 'build-output-gib' || (await isOwnDoing(exceeded, build))) return [];
    throw disturbed(build, `${exceeded.what} are used up, but not by this build`);
  }
  const { sandbox } = containment;
  const hasRoom = await isDiskFine(build);
  const isContained = sandbox !== null && hasRoom;
  const trouble = findLabTrouble(isContained ? dropLines(log, SANDBOX_SAYS) : log);
  const errors = found.filter((one) => one.severity === 'error');
  if (!trouble && (await isAboutSource(errors, build))) return [];
  const blocked = isContained && !trouble ? findBlocked(log) : [];
  if (blocked.length > 0) return blocked.map((text) => `the build ${text}`);
  if (trouble) throw disturbed(build, trouble.what, trouble.next);
  // A shell calls it an I/O error, and some programs say nothing.
  if (!hasRoom) throw disturbed(build, 'the disk is full, or nearly', DISK);
  throw disturbed(build, 'no error names a file of the tree');
}

/**
 * The bound on processes, where the kernel enforced it before the watch looked: a program could start no further one, and
 * outside of the sandbox there was room for more.
 */
export async function findRefusedProcess(
  log: string,
  { sandbox, limits }: Containment,
): Promise<Excess | undefined> {
  const most = limits['build-processes'];
  if (!sandbox || !CANNOT_FORK.test(log) || (await spareProcesses()) <= most) return undefined;
  return { limit: 'build-processes', what: `${most} processes`, got: most };
}

function dropLines(log: string, pattern: RegExp): string {
  return log
    .split('\n')
    .filter((line) => !pattern.test(line))
    .join('\n');
}

/** Whether half of what went away on the disk is in the output directory, or came back when the build was ended. */
async function isOwnDoing({ got, leftMib = 0 }: Excess, { output }: FailedBuild): Promise<boolean> {
  const { stdout } = await runCommand('du', ['-sm', '--', output], { accept: 'any' });
  const returned = (await freeSpaceMib(output)) - leftMib;
  return Number.parseInt(stdout, 10) + returned >= got / 2;
}

/** Whether the disk of the output directory has room and can be written to: then the sandbox alone said no. */
async function isDiskFine({ output }: FailedBuild): Promise<boolean> {
  const probe = join(dirname(output), `probe-${ownerTag()}`);
  try {
    await writeFile(probe, 'x');
    return (await freeSpaceMib(output)) > ENOUGH_MIB;
  } catch {
    return false;
  } finally {
    await removeHostile(probe);
  }
}

function disturbed({ log, logPath }: FailedBuild, what: string, next?: string): Fault {
  return new Fault({
    blame: 'lab',
    code: 'KERNEL_BUILD_DISTURBED',
    message: `make failed, but not because of the source: ${what}`,
    details: tail(log, 20),
    next: next ?? `read the log: ${logPath}`,
  });
}
