// SPDX-License-Identifier: MIT

/** A Debian package that ktrial needs, and a program or file by which it is recognised. */
export interface SystemPackage {
  readonly name: string;
  /** A program on the PATH, or an absolute path. */
  readonly shownBy: string;
  readonly why: string;
}

/** Every Debian package that ktrial's commands use: the only list, for doctor, set-up and error messages. */
export const SYSTEM_PACKAGES: readonly SystemPackage[] = [
  { name: 'git', shownBy: 'git', why: 'reads and applies series' },
  { name: 'make', shownBy: 'make', why: 'builds kernels' },
  { name: 'gcc', shownBy: 'gcc', why: 'builds kernels' },
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
  { name: 'qemu-system-x86', shownBy: 'qemu-system-x86_64', why: 'runs the machines' },
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
  return SYSTEM_PACKAGES.find((one) => one.shownBy === program)?.name ?? PROGRAM_OWNERS[program] ?? null;
}
