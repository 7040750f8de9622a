// SPDX-License-Identifier: MIT

/** Lines that only a Linux kernel or its boot stub prints, with time stamps or without; firmware prints none like these. */
const KERNEL_LINES: readonly RegExp[] = [
  /^(?:<\d+>)?\[ *\d+\.\d{6}\]/,
  /^(?:<\d+>)?Linux version \d/,
  /^(?:<\d+>)?(?:Kernel c|C)ommand line: /,
  /^(?:early console in |Decompressing Linux|Booting the kernel)/,
  /Kernel panic - not syncing/,
  /ktrial: guest ready/,
];

/** Whether a console line shows that a kernel runs. */
export function isKernelLine(line: string): boolean {
  return KERNEL_LINES.some((pattern) => pattern.test(line));
}
