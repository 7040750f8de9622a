// SPDX-License-Identifier: MIT
import { packageOf, runCommand, toolPrefix } from '../host/index.ts';
import { type Architecture, Fault, isFault } from '../model/index.ts';

/** What is looked for in sources beyond what every build finds. */
export interface BuildChecks {
  /** The value of `W=`, such as `1`; null: the usual warnings. */
  readonly extraWarnings: string | null;
  /** Whether sparse reads each file that is compiled. */
  readonly sparse: boolean;
}

/** The programs that build a kernel, and what identifies them. */
export interface Toolchain {
  /** The first line of each program's `--version`: part of what identifies a kernel. */
  readonly compiler: string;
  readonly linker: string;
  /** That of sparse; null where it is not used. */
  readonly checker: string | null;
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

const SPARSE = 'sparse';

/**
 * Names the programs of a toolchain for an architecture, and of the checks that are made with it, and asks them for their versions. Fault `KERNEL_NO_COMPILER`
 * (request) when one that was asked for is not installed.
 */
export async function openToolchain(
  name: string,
  architecture: Architecture,
  options: { readonly checks?: BuildChecks | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<Toolchain> {
  const { checks, signal } = options;
  const programs = programsOf(name, architecture);
  const version = async (program: string) =>
    (await runCommand(program, ['--version'], signal ? { signal } : {})).stdout.split('\n')[0] ?? '';
  const { cc, ld, hostCc } = programs;
  const isChosen = programs.makeArguments.length > 0;
  const what = `the toolchain ${name} for ${architecture}`;
  // This computer's own gcc is what every use of ktrial needs: without it, nobody asked for too much.
  const [compiler, linker] = await requireInstalled(isChosen ? what : null, packagesOf(programs), () =>
    Promise.all([version(cc), version(ld)]),
  );
  const checker = checks?.sparse
    ? await requireInstalled('the checker sparse', packageOf(SPARSE) ?? SPARSE, () => version(SPARSE))
    : null;
  const makeArguments = [...programs.makeArguments, ...argumentsOf(checks)];
  return { cc, hostCc, compiler, linker, checker, makeArguments };
}

function argumentsOf(checks: BuildChecks | undefined): string[] {
  const { extraWarnings = null, sparse = false } = checks ?? {};
  return [
    ...(extraWarnings === null ? [] : [`W=${extraWarnings}`]),
    ...(sparse ? ['C=1', `CHECK=${SPARSE}`] : []),
  ];
}

/** Fault `KERNEL_NO_COMPILER` (request) where a program of what was asked for is missing; with null, nobody asked for it. */
async function requireInstalled<Versions>(
  what: string | null,
  packages: string,
  ask: () => Promise<Versions>,
): Promise<Versions> {
  try {
    return await ask();
  } catch (cause) {
    if (what === null || !isFault(cause, 'HOST_PROGRAM_MISSING')) throw cause;
    throw new Fault({
      blame: 'request',
      code: 'KERNEL_NO_COMPILER',
      message: `${what} is not installed: ${cause.message}`,
      next: `sudo apt-get install -y --no-install-recommends ${packages}`,
      cause,
    });
  }
}

/** The programs of a toolchain for an architecture, whether they are installed or not. */
export function programsOf(name: string, architecture: Architecture): Programs {
  return name === 'gcc' ? gccFor(architecture) : llvmFor(name, architecture);
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

/** What made a kernel, for people: gcc's own linker goes without saying. */
export function describeToolchain({ compiler, linker }: Pick<Toolchain, 'compiler' | 'linker'>): string {
  return /\bLLD\b/.test(linker) ? `${compiler}, ${linker.replace(/ \(compatible with .*/, '')}` : compiler;
}

/** The Debian packages of a toolchain. */
function packagesOf({ cc, ld }: Programs): string {
  const programs = cc.startsWith('clang') ? [cc, ld, cc.replace('clang', 'llvm-nm')] : [cc];
  return programs.map((program) => packageOf(program) ?? program).join(' ');
}
