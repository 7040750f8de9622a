// SPDX-License-Identifier: MIT
import { findChangedLines, readSourceText } from '../kernel/index.ts';
import type { Kernel, LineChange } from '../model/index.ts';
import type { SourceText } from '../symbol/index.ts';

type Changes = ReadonlyMap<string, ReadonlyMap<number, LineChange>>;

/**
 * The source of every arm, as its commit has it. Kernels are in the series' order. Lines that an arm has
 * and the base has not are marked as added; lines of the base that the last arm has no more, as removed. Where git does not know a commit any more, nothing is marked.
 */
export function openSourceTexts(kernels: Readonly<Record<string, Kernel>>): ReadonlyMap<string, SourceText> {
  const { base } = kernels;
  // An object has the key `1` before all others, also before `base`.
  const last = Object.values(kernels)
    .filter((kernel) => kernel !== base)
    .at(-1);
  return new Map(
    Object.entries(kernels).map(([arm, kernel]) => {
      const isBase = kernel === base;
      const other = isBase ? last : kernel;
      return [
        arm,
        openSourceText(kernel, async () => {
          if (!base || !other || base.commit === other.commit) return new Map();
          const { added, removed } = await findChangedLines(kernel.source, base.commit, other.commit);
          return mark(isBase ? removed : added, isBase ? 'removed' : 'added');
        }),
      ];
    }),
  );
}

/** Each file is read once, and the changes are looked for once, when they are first asked for. */
function openSourceText(kernel: Kernel, findChanges: () => Promise<Changes>): SourceText {
  const texts = new Map<string, Promise<string | null>>();
  let changes: Promise<Changes> | null = null;
  return {
    read(path) {
      const text = texts.get(path) ?? readSourceText(kernel.source, kernel.commit, path);
      texts.set(path, text);
      return text;
    },
    async changes(path) {
      changes ??= findChanges().catch(() => new Map());
      return (await changes).get(path) ?? new Map();
    },
  };
}

function mark(lines: ReadonlyMap<string, ReadonlySet<number>>, change: LineChange): Changes {
  return new Map(
    [...lines].map(([path, numbers]) => [path, new Map([...numbers].map((one) => [one, change]))]),
  );
}
