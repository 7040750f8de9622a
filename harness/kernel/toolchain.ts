// SPDX-License-Identifier: MIT
import { runCommand } from '../host/index.ts';

/** The first line of each program's `--version`: part of what identifies a kernel. */
export interface Toolchain {
  readonly compiler: string;
  readonly linker: string;
}

/** Asks the compiler and the linker for their versions. */
export async function identifyToolchain(signal?: AbortSignal): Promise<Toolchain> {
  const version = async (program: string) =>
    (await runCommand(program, ['--version'], signal ? { signal } : {})).stdout.split('\n')[0] ?? '';
  const [compiler, linker] = await Promise.all([version('gcc'), version('ld')]);
  return { compiler, linker };
}
