// SPDX-License-Identifier: MIT

const MAKEFILE = /(?:^|\/)(?:Makefile|Kbuild|Kconfig)[^/]*$/;

/** Files that make, a shell or the computer's own processor executes while a kernel is built, not the kernel's. */
const EXECUTED: readonly RegExp[] = [
  MAKEFILE,
  /^(?:scripts|tools)\//,
  /\.(?:sh|pl|py|awk|sed|mk|bc)$/,
  /(?:^|\/)(?:mk\w+|gen[-_]\w+|\w*mktables|conmakehash|relocs\w*|vdso2c|extract-cert|asm-offsets|bounds)\.[ch]$/,
  /^arch\/\w+\/(?:boot\/)?tools\//,
  /^usr\/gen_/,
];

/** Whether a file says what is compiled, and how. */
export function isMakefile(path: string): boolean {
  return MAKEFILE.test(path);
}

/** Those of a series' files that run when a kernel is built. A header that such a program includes may be among the others. */
export function findBuildFiles(files: readonly string[]): string[] {
  return [...new Set(files)].filter((path) => EXECUTED.some((pattern) => pattern.test(path))).sort();
}
