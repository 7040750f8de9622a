// SPDX-License-Identifier: MIT
import { findChangedLines, readSourceText } from '../kernel/index.ts';
import type { CampaignState, LineChange } from '../model/index.ts';
import type { SourceText } from '../symbol/index.ts';

type Changes = ReadonlyMap<string, ReadonlyMap<number, LineChange>>;

/**
 * The source of one arm, as its commit has it. Lines that the arm has and the base has not are marked as added; lines of the
 * base that the whole series removes, as removed. Where git does not know a commit any more, nothing is marked. Each file is
 * read once, and changes are looked for once, when they are first asked for.
 *
 * @param repository the git repository that has the commits, on this computer
 */
export function openSourceText(
  repository: string,
  commit: string,
  state: Pick<CampaignState, 'base' | 'applied'>,
): SourceText {
  const texts = new Map<string, Promise<string | null>>();
  let changes: Promise<Changes> | null = null;
  return {
    read(path) {
      const text = texts.get(path) ?? readSourceText(repository, commit, path).catch(() => null);
      texts.set(path, text);
      return text;
    },
    async changes(path) {
      changes ??= findChanges(repository, commit, state).catch(() => new Map());
      return (await changes).get(path) ?? new Map();
    },
  };
}

async function findChanges(
  repository: string,
  commit: string,
  { base, applied }: Pick<CampaignState, 'base' | 'applied'>,
): Promise<Changes> {
  const tip = applied?.at(-1)?.commit ?? null;
  const isBase = commit === base;
  const other = isBase ? tip : commit;
  if (base === null || other === null) return new Map();
  const { added, removed } = await findChangedLines(repository, base, other);
  return mark(isBase ? removed : added, isBase ? 'removed' : 'added');
}

function mark(lines: ReadonlyMap<string, ReadonlySet<number>>, change: LineChange): Changes {
  return new Map(
    [...lines].map(([path, numbers]) => [path, new Map([...numbers].map((one) => [one, change]))]),
  );
}
