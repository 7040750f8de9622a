// SPDX-License-Identifier: MIT
import { packageOf, runCommand, toolPrefix } from '../host/index.ts';
import { type Architecture, Fault, isFault } from '../model/index.ts';

/** The programs that build a kernel, and what identifies them. */
export interface Toolchain {
  /** The first line of each program's `--version`: part of what identifies a kernel. */
  readonly compiler: string;
  readonly linker: string;
  /** What make must be told; nothing for this computer's own gcc. */
  readonly makeArguments: readonly string[];
  /** The compilers for the kernel and for its host tools. */
  readonly cc: string;
  readonly hostCc: string;
}

/** What `toolchain:` and `--llvm` may be. */
export const TOOLCHAIN = /^(?:gcc|llvm(?:-[1-9]\d?)?)$/;

/** The variables of make that name LLVM's binary tools. Old makefiles take a version in none but these. */
const LLVM_TOOLS: Readonly<Record<string, string>> = {
  LD: 'ld.lld',
  AR: 'llvm-ar',
  NM: 'llvm-nm',
  OBJCOPY: 'llvm-objcopy',
  OBJDUMP: 'llvm-objdump',
  READELF: 'llvm-readelf',
  STRIP: 'llvm-strip',
};

/**
 * Names the programs of a toolchain for an architecture and asks them for their versions. Fault `KERNEL_NO_COMPILER`
 * (request) when one that was asked for is not installed.
 */
export async function openToolchain(
  name: string,
  architecture: Architecture,
  signal?: AbortSignal,
): Promise<Toolchain> {
  const programs = name === 'gcc' ? gccFor(architecture) : llvmFor(name, architecture);
  const version = async (program: string) =>
    (await runCommand(program, ['--version'], signal ? { signal } : {})).stdout.split('\n')[0] ?? '';
  const { cc, ld, ...rest } = programs;
  try {
    const [compiler, linker] = await Promise.all([version(cc), version(ld)]);
    return { ...rest, cc, compiler, linker };
  } catch (cause) {
    // This computer's own gcc is what every use of ktrial needs.
    if (!isFault(cause, 'HOST_PROGRAM_MISSING') || programs.makeArguments.length === 0) throw cause;
    throw new Fault({
      blame: 'request',
      code: 'KERNEL_NO_COMPILER',
      message: `the toolchain ${name} for ${architecture} is not installed: ${cause.message}`,
      next: `sudo apt-get install -y --no-install-recommends ${packagesOf(programs)}`,
      cause,
    });
  }
}

type Programs = Pick<Toolchain, 'makeArguments' | 'cc' | 'hostCc'> & { readonly ld: string };

function gccFor(architecture: Architecture): Programs {
  const prefix = toolPrefix(architecture);
  return {
    cc: `${prefix}gcc`,
    hostCc: 'gcc',
    ld: `${prefix}ld`,
    makeArguments: prefix === '' ? [] : [`CROSS_COMPILE=${prefix}`],
  };
}

function llvmFor(name: string, architecture: Architecture): Programs {
  const suffix = name.slice('llvm'.length);
  const cc = `clang${suffix}`;
  const tools = Object.entries(LLVM_TOOLS).map(([variable, tool]) => `${variable}=${tool}${suffix}`);
  const named = suffix === '' ? [] : [`CC=${cc}`, `HOSTCC=${cc}`, ...tools];
  // Makefiles before 5.15 learn the target, and find the assembler, by the prefix of GNU's tools.
  const { makeArguments } = gccFor(architecture);
  return {
    cc,
    hostCc: cc,
    ld: `ld.lld${suffix}`,
    makeArguments: ['LLVM=1', ...named, ...makeArguments],
  };
}

/** The Debian packages of a toolchain. */
function packagesOf({ cc, ld }: Programs): string {
  const programs = cc.startsWith('clang') ? [cc, ld, cc.replace('clang', 'llvm-nm')] : [cc];
  return programs.map((program) => packageOf(program) ?? program).join(' ');
}
