// SPDX-License-Identifier: MIT

/** A Debian package that ktrial needs, and a program or file that shows it is there. */
export interface SystemPackage {
  readonly name: string;
  /** A program on the PATH, or an absolute path. */
  readonly shownBy: string;
  readonly why: string;
}

/** Every Debian package that ktrial's own commands use. The one list: doctor, set-up and error messages read it. */
export const SYSTEM_PACKAGES: readonly SystemPackage[] = [
  { name: 'git', shownBy: 'git', why: 'takes the series and applies it' },
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
  { name: 'libelf-dev', shownBy: '/usr/include/libelf.h', why: "the kernel's object checks" },
  { name: 'libssl-dev', shownBy: '/usr/include/openssl/ssl.h', why: "the kernel's certificate tool" },
  { name: 'binutils', shownBy: 'objcopy', why: 'links kernels; addr2line names source lines' },
  { name: 'ccache', shownBy: 'ccache', why: 'a second build costs a fraction' },
  { name: 'qemu-system-x86', shownBy: 'qemu-system-x86_64', why: 'the machines' },
  { name: 'squashfs-tools', shownBy: 'mksquashfs', why: "the machines' root file systems" },
  { name: 'cpio', shownBy: 'cpio', why: 'the root of a VM inside the guest' },
  { name: 'xz-utils', shownBy: 'xz', why: 'unpacks kernel sources' },
  {
    name: 'util-linux',
    shownBy: 'setpriv',
    why: 'flock and setpriv: locks, and machines that end with ktrial',
  },
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
};

/** The Debian package that brings a program, or null when ktrial does not know it. */
export function packageOf(program: string): string | null {
  return SYSTEM_PACKAGES.find((one) => one.shownBy === program)?.name ?? PROGRAM_OWNERS[program] ?? null;
}
