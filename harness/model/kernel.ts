// SPDX-License-Identifier: MIT
import type { ChangedCode } from './changed-code.ts';
import type { ArmCoverage } from './coverage.ts';

/** The architectures that ktrial builds kernels for and has machines of; x86_64 unless a definition says otherwise. */
export const ARCHITECTURES = ['x86_64', 'arm64'] as const;

export type Architecture = (typeof ARCHITECTURES)[number];

/** What identifies a built kernel on any computer. */
export interface KernelId {
  /** SHA-256, hex, over source, patches, configuration and compiler. */
  readonly digest: string;
  readonly name: string;
  readonly arch: Architecture;
  /** Such as `5.10.223`. */
  readonly release: string;
  /** SHA-256, hex, of the boot image: kernels that differ in modules only share it. */
  readonly bootDigest: string;
  readonly compiler: string;
  /** Commit of the tree that was built. */
  readonly commit: string;
}

/** A built, bootable kernel with its files on this computer. */
export interface Kernel extends KernelId {
  readonly bootImage: string;
  readonly vmlinux: string;
  /** Directory with the `.ko` files, by the kernel's own relative paths. */
  readonly modules: string;
  readonly config: string;
  /** The git repository that has the commit. */
  readonly source: string;
}

/** The part of a kernel that identifies it, without paths. */
export function identifyKernel(kernel: KernelId): KernelId {
  const { digest, name, arch, release, bootDigest, compiler, commit } = kernel;
  return { digest, name, arch, release, bootDigest, compiler, commit };
}

/** A warning or error of the compiler. */
export interface Diagnostic {
  readonly severity: 'warning' | 'error';
  readonly file: string;
  readonly line: number | null;
  readonly column: number | null;
  readonly message: string;
  /** `-Wunused-variable`, or null. */
  readonly option: string | null;
  /** Number of the series' last patch that touched the file, or null. */
  readonly patch: number | null;
}

export type BuildResult =
  | {
      readonly ok: true;
      readonly kernel: Kernel;
      readonly cached: boolean;
      readonly durationMs: number;
      readonly diagnostics: readonly Diagnostic[];
      /** What became of the files that the series touches, by path. */
      readonly files: Readonly<Record<string, 'compiled' | 'notCompiled' | 'absent'>>;
      /** What its programs were kept from, each a sentence without a subject. */
      readonly notes: readonly string[];
    }
  | {
      readonly ok: false;
      readonly diagnostics: readonly Diagnostic[];
      readonly durationMs: number;
      readonly logPath: string;
      readonly logTail: readonly string[];
      readonly notes: readonly string[];
    };

/** How one arm came out of the compiler. */
export interface ArmBuild {
  readonly arm: string;
  /** How many of the series' patches it has. */
  readonly patches: number;
  /** Subject of the last of them, or null for the base. */
  readonly subject: string | null;
  readonly built: boolean;
  readonly cached: boolean;
  readonly durationMs: number;
  /** Diagnostics that the arm before it has not; of a kernel that did not compile, its errors. */
  readonly newDiagnostics: readonly Diagnostic[];
  /** Whether it starts from the same boot image as the arm before it: only modules differ, or nothing. */
  readonly sameBoot: boolean;
  /**
   * The code that its patches change. Absent for the base, for a kernel that does not compile, and in records of earlier
   * versions.
   */
  readonly code?: ChangedCode;
  /** The functions that the series changes. Absent where none are counted. */
  readonly coverage?: ArmCoverage;
  /** By scenario what it needs and this kernel has not, as a sentence. Absent: there is no such scenario. */
  readonly unmet?: Readonly<Record<string, string>>;
}

/** What identifies a root file system on any computer. */
export interface ImageId {
  readonly digest: string;
  readonly name: string;
}

/** A root file system for a machine, with its file on this computer. */
export interface Image extends ImageId {
  /** A squashfs on this computer. */
  readonly rootPath: string;
}
