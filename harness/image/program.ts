// SPDX-License-Identifier: MIT
import { dirname } from 'node:path';
import { runCommand, toolPrefix } from '../host/index.ts';
import { type Architecture, Fault, isFault } from '../model/index.ts';

/**
 * Compiles a program of the guest from one C file, statically unless it is a shared object, so that it runs in any image.
 * Fault `IMAGE_NO_PROGRAM` (scenario), with what the compiler says, if it does not compile.
 */
export async function compileProgram(
  arch: Architecture,
  source: string,
  target: string,
  shared = false,
): Promise<void> {
  const form = shared ? ['-shared', '-fPIC'] : ['-static'];
  const flags = ['-std=gnu11', '-O2', '-Wall', '-Wextra', ...form, '-s', '-Wl,--build-id=none'];
  const args = [...flags, `-ffile-prefix-map=${dirname(source)}=.`, '-o', target, source];
  await runCommand(`${toolPrefix(arch)}gcc`, args).catch((error: unknown) => {
    // A compiler that is missing, or has no room on the disk, has another code.
    if (!isFault(error) || error.code !== 'HOST_COMMAND_FAILED') throw error;
    throw new Fault({
      blame: 'scenario',
      code: 'IMAGE_NO_PROGRAM',
      message: `${source} does not compile`,
      next: 'correct it',
      details: error.details,
      cause: error,
    });
  });
}

/** The first line that the compiler prints about its version: another compiler makes another image. */
export async function compilerVersion(arch: Architecture): Promise<string> {
  return firstLine(`${toolPrefix(arch)}gcc`, '--version');
}

/** The first line that a program prints with a flag. */
export async function firstLine(program: string, flag: string): Promise<string> {
  return (await runCommand(program, [flag])).stdout.split('\n')[0] ?? '';
}
