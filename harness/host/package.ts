// SPDX-License-Identifier: MIT
import { ARCHITECTURES } from '../model/index.ts';
import { hostArchitecture } from './architecture.ts';

/** What not everybody wants of ktrial: kernels of an architecture, a compiler, a checker. */
export const FEATURES = [...ARCHITECTURES, 'llvm', 'sparse'] as const;

export type Feature = (typeof FEATURES)[number];

/** A Debian package that ktrial needs, and a program or file by which it is recognised. */
export interface SystemPackage {
  readonly name: string;
  /** A program on the PATH, or an absolute path. */
  readonly shownBy: string;
  readonly why: string;
  /** What alone needs it; absent: everything does. */
  readonly only?: Feature;
  /** Not needed on a computer of the architecture that it is for. */
  readonly cross?: true;
}

/** Whether this computer needs a package for its own architecture and the features given. */
export function isNeeded({ only, cross }: SystemPackage, wanted: readonly Feature[] = []): boolean {
  const host = hostArchitecture();
  if (only === undefined) return true;
  return only === host ? cross === undefined : wanted.includes(only);
}

/** Every Debian package that ktrial's commands use: the only list, for doctor, set-up and error messages. */
export const SYSTEM_PACKAGES: readonly SystemPackage[] = [
  { name: 'git', shownBy: 'git', why: 'reads and applies series' },
  { name: 'make', shownBy: 'make', why: 'builds kernels' },
  { name: 'gcc', shownBy: 'gcc', why: "builds kernels, and the kernel's host tools" },
  {
    name: 'libc6-dev',
    shownBy: '/usr/include/stdio.h',
    why: "builds the kernel's host tools and the guest's programs",
  },
  { name: 'flex', shownBy: 'flex', why: "the kernel's configuration parser" },
  { name: 'bison', shownBy: 'bison', why: "the kernel's configuration parser" },
  { name: 'bc', shownBy: 'bc', why: "the kernel's time constants" },
  { name: 'libelf-dev', shownBy: '/usr/include/libelf.h', why: 'objtool and modpost' },
  { name: 'libssl-dev', shownBy: '/usr/include/openssl/ssl.h', why: "the kernel's certificate tool" },
  { name: 'binutils', shownBy: 'objcopy', why: 'links kernels; addr2line resolves source lines' },
  { name: 'bubblewrap', shownBy: 'bwrap', why: 'contains kernel builds' },
  { name: 'ccache', shownBy: 'ccache', why: 'caches compiled objects' },
  {
    name: 'qemu-system-x86',
    shownBy: 'qemu-system-x86_64',
    why: 'runs machines of x86_64',
    only: 'x86_64',
  },
  { name: 'squashfs-tools', shownBy: 'mksquashfs', why: "packs the machines' root file systems" },
  { name: 'cpio', shownBy: 'cpio', why: 'packs the root of L2s' },
  { name: 'xz-utils', shownBy: 'xz', why: 'unpacks kernel sources' },
  {
    name: 'util-linux',
    shownBy: 'setpriv',
    why: 'flock, setpriv, prlimit, unshare: locks, bounds of kernel builds, machines that are held and exit with ktrial',
  },
  { name: 'mount', shownBy: 'mount', why: 'shows machines no files but their own' },
  { name: 'apt', shownBy: 'apt-get', why: "fetches Debian packages into ktrial's own cache" },
  { name: 'dpkg', shownBy: 'dpkg-deb', why: 'unpacks Debian packages' },
  {
    name: 'debian-archive-keyring',
    shownBy: '/usr/share/keyrings/debian-archive-keyring.gpg',
    why: 'verifies Debian packages',
  },
  { name: 'gpgv', shownBy: 'gpgv', why: 'verifies Debian packages' },
  {
    name: 'gcc-x86-64-linux-gnu',
    shownBy: 'x86_64-linux-gnu-gcc',
    why: 'builds kernels of x86_64',
    only: 'x86_64',
    cross: true,
  },
  {
    name: 'libc6-dev-amd64-cross',
    shownBy: '/usr/x86_64-linux-gnu/include/stdio.h',
    why: "builds the guest's programs for x86_64",
    only: 'x86_64',
    cross: true,
  },
  {
    name: 'qemu-system-arm',
    shownBy: 'qemu-system-aarch64',
    why: 'runs machines of arm64',
    only: 'arm64',
  },
  {
    name: 'gcc-aarch64-linux-gnu',
    shownBy: 'aarch64-linux-gnu-gcc',
    why: 'builds kernels of arm64',
    only: 'arm64',
    cross: true,
  },
  {
    name: 'libc6-dev-arm64-cross',
    shownBy: '/usr/aarch64-linux-gnu/include/stdio.h',
    why: "builds the guest's programs for arm64",
    only: 'arm64',
    cross: true,
  },
  { name: 'clang', shownBy: 'clang', why: 'builds kernels with --llvm', only: 'llvm' },
  { name: 'lld', shownBy: 'ld.lld', why: 'links kernels with --llvm', only: 'llvm' },
  { name: 'llvm', shownBy: 'llvm-nm', why: 'builds kernels with --llvm', only: 'llvm' },
  { name: 'sparse', shownBy: 'sparse', why: 'checks sources with --sparse', only: 'sparse' },
];

const PROGRAM_OWNERS: Readonly<Record<string, string>> = {
  flock: 'util-linux',
  addr2line: 'binutils',
  strip: 'binutils',
  nm: 'binutils',
  readelf: 'binutils',
  ld: 'binutils',
  gzip: 'gzip',
  tar: 'tar',
  bzip2: 'bzip2',
  lz4: 'lz4',
  zstd: 'zstd',
};

/** The Debian package that contains a program, or null when it is not known. */
export function packageOf(program: string): string | null {
  const own = SYSTEM_PACKAGES.find((one) => one.shownBy === program)?.name ?? PROGRAM_OWNERS[program];
  if (own !== undefined) return own;
  // `clang-16` is in the package of this name, and `llvm-nm-16` in `llvm-16`.
  const [, base = '', version = ''] = /^(clang|ld\.lld|llvm-\w+)-(\d+)$/.exec(program) ?? [];
  if (base === '') {
    const cross = /^(aarch64|x86_64)-linux-gnu-(?:nm|strip|addr2line|ld)$/.exec(program)?.[1];
    return cross === undefined ? null : `binutils-${cross.replace('_', '-')}-linux-gnu`;
  }
  return `${base === 'ld.lld' ? 'lld' : base.startsWith('llvm') ? 'llvm' : base}-${version}`;
}
