// SPDX-License-Identifier: MIT

/** What a changed file is: only code of the kernel has to be compiled to be on trial. */
export type FileKind = 'code' | 'build' | 'documentation' | 'tools' | 'other';

const RULES: readonly (readonly [RegExp, FileKind])[] = [
  [
    /^Documentation\/|^LICENSES\/|(?:^|\/)(?:README[^/]*|TODO|MAINTAINERS|CREDITS|COPYING)$|\.(?:rst|txt|md)$/,
    'documentation',
  ],
  [/^tools\//, 'tools'],
  [
    /^(?:scripts|usr\/include)\/|(?:^|\/)(?:Makefile|Kbuild|Kconfig)[^/]*$|\.(?:config|sh|pl|py|awk|mk)$|_defconfig$/,
    'build',
  ],
  [/\.(?:c|h|S|rs|inc|tbl|dts|dtsi|asn1|l|y|uc|map)$/, 'code'],
];

/** Says what a file of a kernel tree is, by its path. */
export function classifyFile(path: string): FileKind {
  return RULES.find(([pattern]) => pattern.test(path))?.[1] ?? 'other';
}
